package explore

import "strings"

// A fault goes wrong with one call of the store, at most once in a schedule.
type fault uint8

const (
	none           fault = iota
	fails                // not done, returns an error
	failsAfter           // done, returns an error
	failsLate            // returns an error, done later
	dies                 // the caller is gone, and nothing done
	diesAfter            // done, and the caller gone
	diesLate             // the caller is gone, and done later
	conflicts            // done, and answered with ErrConflict
	cancels              // the caller's context ends, then the call is made
	cancelsAfter         // done, and the caller's context ends
	cancelsInCheck       // done, and the caller's context ends while the host checks the password
	stale                // a load is answered with the record before the newest
	faultsInTotal        // how many there are
)

var faultNames = [faultsInTotal]string{
	"", "error", "error-after", "error-late", "crash", "crash-after", "crash-late", "conflict-after",
	"cancel", "cancel-after", "cancel-in-check", "stale",
}

func (f fault) String() string {
	if f == none {
		return "none"
	}
	return faultNames[f]
}

// late reports whether the write lands after the caller goes on.
func (f fault) late() bool { return f == failsLate || f == diesLate }

// cancel reports whether the caller's context ends.
func (f fault) cancel() bool { return f == cancels || f == cancelsAfter || f == cancelsInCheck }

// A touch is what a step does to the store. Steps of different threads commute
// unless one writes and the other reads or writes, since one user has one record.
type touch uint8

const (
	nothing touch = iota
	reads
	writes
)

// A step is one choice of the scheduler: to let a thread make its call, with or
// without a fault, or to land the late write.
type step struct {
	thread int8
	fault  fault
}

const (
	landing = -1 // the thread of the late write
	leaving = -2 // the thread of the occupier, see together
)

// String prints the step as it is read by parseStep.
func (s step) String() string {
	switch {
	case s.thread == landing:
		return "*"
	case s.thread == leaving:
		return "-"
	case s.fault == none:
		return string(rune('a' + s.thread))
	}
	return string(rune('a'+s.thread)) + ":" + faultNames[s.fault]
}

// parseStep reads a step.
func parseStep(text string) (step, bool) {
	switch text {
	case "*":
		return step{thread: landing}, true
	case "-":
		return step{thread: leaving}, true
	}
	who, what, faulty := strings.Cut(text, ":")
	for f, name := range faultNames {
		if name == what && faulty == (fault(f) != none) && len(who) == 1 && who[0] >= 'a' && who[0] <= 'd' {
			return step{int8(who[0] - 'a'), fault(f)}, true
		}
	}
	return step{}, false
}

// An option is a step that can be taken now.
type option struct {
	step
	touch touch
	// locks: the thread may acquire or release locks that others wait for.
	locks bool
}

// independent reports whether two steps commute.
func independent(a, b option) bool {
	switch {
	case a.thread == b.thread, a.locks && b.locks, a.fault != none && b.fault != none: // only one of two faults can be
		return false
	case a.touch == nothing, b.touch == nothing:
		return true
	}
	return a.touch == reads && b.touch == reads
}
