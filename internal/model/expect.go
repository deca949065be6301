package model

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
)

// The faults of the host's functions.
var (
	errPassword   = errors.New("model: password backend is down")
	errRegistered = errors.New("model: directory is down")
	errWipe       = errors.New("model: wipe backend is down")
)

// noTime is the zero instant: never, or until something else happens.
var noTime time.Time

// describe names everything an error matches, with its typed fields, so that
// two errors can be compared as text. It is "ok" for nil.
func describe(err error) string {
	if err == nil {
		return "ok"
	}
	var names []string
	add := func(is error, name string) {
		if errors.Is(err, is) {
			names = append(names, name)
		}
	}
	add(factor.ErrMalformed, "malformed")
	add(factor.ErrNoCredential, "no credential")
	add(factor.ErrWeakPIN, "weak")
	add(factor.ErrMismatch, "mismatch")
	add(factor.ErrLocked, "locked")
	add(factor.ErrNotEnrolled, "not enrolled")
	add(factor.ErrAlreadyEnrolled, "already enrolled")
	add(factor.ErrUnknownDevice, "unknown device")
	add(factor.ErrDeviceLimit, "device limit")
	add(factor.ErrWiped, "wiped")
	add(factor.ErrWipePending, "wipe pending")
	add(factor.ErrConflict, "conflict")
	add(factor.ErrUnsealed, "unsealed")
	add(errPassword, "password fault")
	add(errRegistered, "registered fault")
	add(errWipe, "wipe fault")
	if len(names) == 0 {
		names = []string{"fault"}
	}
	if e := (*factor.MalformedError)(nil); errors.As(err, &e) {
		names = append(names, e.Field)
	}
	if e := (*factor.AlreadyEnrolledError)(nil); errors.As(err, &e) {
		names = append(names, string(e.Kind), deviceName(e.Device))
	}
	if e := (*factor.MismatchError)(nil); errors.As(err, &e) {
		names = append(names, string(e.Kind), fmt.Sprint(e.Remaining))
	}
	if e := (*factor.LockedError)(nil); errors.As(err, &e) {
		names = append(names, string(e.Kind), stamp(e.Until))
	}
	return strings.Join(names, ", ")
}

func mismatch(k factor.Kind, remaining int) string {
	return describe(&factor.MismatchError{Kind: k, Remaining: remaining})
}

func lockedUntil(k factor.Kind, until time.Time) string {
	return describe(&factor.LockedError{Kind: k, Until: until})
}

// stamp writes an instant in full, its zone included, so that one in the wrong
// zone or with more than milliseconds is seen.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format("2006-01-02T15:04:05.999999999Z07:00")
}

// event writes an event as text.
func event(a factor.Action, k factor.Kind, d uuid.UUID, remaining int, until time.Time) string {
	return fmt.Sprintf("%s [%s] device %s, %d left, until %s", a, k, deviceName(d), remaining, stamp(until))
}

// An expectation is what the model says a call must do.
type expectation struct {
	answers   []string // one of them
	loads     int
	swaps     int
	wipes     int        // calls of Options.Wipe; then loads and swaps are a lower bound
	passwords int        // calls of Options.CheckPassword
	events    [][]string // in order; of each, one of the given; an empty one may be missing
}

func (e *expectation) answer(a ...string) { e.answers = a }

// unchanged says that the call is one Load and no swap.
func (e *expectation) unchanged(a ...string) {
	e.answers, e.loads, e.swaps = a, 1, 0
}

// stored says that the call is one Load and one swap.
func (e *expectation) stored(a ...string) {
	e.answers, e.loads, e.swaps = a, 1, 1
}

func (e *expectation) event(a factor.Action, k factor.Kind) {
	e.full(a, k, uuid.Nil, 0, noTime)
}

func (e *expectation) full(a factor.Action, k factor.Kind, d uuid.UUID, remaining int, until time.Time) {
	e.oneOf(event(a, k, d, remaining, until))
}

func (e *expectation) oneOf(events ...string) { e.events = append(e.events, events) }

// compare fails the run unless what was observed is what was expected.
func (m *machine) compare(name string, o *observed, e *expectation) {
	m.t.Helper()
	if got := describe(o.err); !slices.Contains(e.answers, got) {
		m.t.Fatalf("%s: answered %q, want %q", o.label, got, e.answers)
	}
	m.compareEvents(name, o, e)
	for user, n := range o.touched {
		if user != name {
			m.t.Fatalf("%s: %d store calls for another user %q", o.label, n, user)
		}
	}
	if o.loads[name] < e.loads || o.swaps[name] < e.swaps ||
		e.wipes == 0 && (o.loads[name] != e.loads || o.swaps[name] != e.swaps) {
		m.t.Fatalf("%s: %d loads and %d swaps, want %d and %d (answer %q)",
			o.label, o.loads[name], o.swaps[name], e.loads, e.swaps, describe(o.err))
	}
	if len(o.wipes) != e.wipes {
		m.t.Fatalf("%s: Wipe was called %d times, want %d", o.label, len(o.wipes), e.wipes)
	}
	if o.passwords != e.passwords {
		m.t.Fatalf("%s: CheckPassword was called %d times, want %d", o.label, o.passwords, e.passwords)
	}
	for _, c := range o.complaints {
		m.t.Fatalf("%s: %s", o.label, c)
	}
	m.settle()
}

// compareEvents checks the events of a call. Events of what is locked are
// checked apart: a call that is answered ErrLocked has at least one, and one
// that is not may have some for the kinds it skipped.
func (m *machine) compareEvents(name string, o *observed, e *expectation) {
	m.t.Helper()
	var got []string
	locked := 0
	for _, ev := range o.events {
		if ev.User != name || !ev.At.Equal(m.now) || ev.At.Location() != time.UTC {
			m.t.Fatalf("%s: event %s of user %q at %s, now is %s", o.label, ev.Action, ev.User, stamp(ev.At), stamp(m.now))
		}
		if want := eventErr(ev.Action); !errors.Is(ev.Err, want) && ev.Action != factor.ActionWipeFailed {
			m.t.Fatalf("%s: event %s carries the error %q", o.label, ev.Action, describe(ev.Err))
		}
		if ev.Action == factor.ActionLocked {
			locked++
			continue
		}
		got = append(got, event(ev.Action, ev.Kind, ev.Device, ev.Remaining, ev.Until))
	}
	if errors.Is(o.err, factor.ErrLocked) && locked == 0 {
		m.t.Fatalf("%s: locked, but no event says so", o.label)
	}
	rest := got
	for _, want := range e.events {
		if len(rest) > 0 && slices.Contains(want, rest[0]) {
			rest = rest[1:]
		} else if !slices.Contains(want, "") {
			rest = []string{"(missing)"}
			break
		}
	}
	if len(rest) > 0 {
		m.t.Fatalf("%s: events\n\t%s\nwant\n\t%s", o.label, strings.Join(got, "\n\t"), joinEvents(e.events))
	}
}

func joinEvents(events [][]string) string {
	var lines []string
	for _, alternatives := range events {
		lines = append(lines, strings.Join(alternatives, " | "))
	}
	return strings.Join(lines, "\n\t")
}

// eventErr returns what the error of an event must match, nil for none.
func eventErr(a factor.Action) error {
	switch a {
	case factor.ActionRefused, factor.ActionResetRefused:
		return factor.ErrMismatch
	case factor.ActionLocked:
		return factor.ErrLocked
	}
	return nil
}
