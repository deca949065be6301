package linear

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/rfc6238"
	"github.com/knowhave/factor/internal/spec"
)

// A History holds the clients' calls and their answers.
type History struct {
	Seed uint64
	// Steps are the calls in the model's form, without those known to have done
	// nothing.
	Steps []*Step
	// Strange is an error that no order of the calls could explain, or nil.
	Strange error

	user       string
	processes  int
	calls      []*Call
	opts       factor.Options // without functions
	options    spec.Options
	registered spec.Time
	pinned     bool
	apart      bool // the clocks of the processes are
	notified   bool // Options.Notify is set
	tellings   []telling
	wipesAt    map[spec.Name]spec.Time
	last       *Call // of Status
}

// Calls returns the number of calls.
func (h *History) Calls() int { return len(h.calls) }

// Faults returns the number of calls that ended with a fault of the store or gave
// up.
func (h *History) Faults() int {
	n := 0
	for _, c := range h.calls {
		if c.fault {
			n++
		}
	}
	return n
}

// Open returns the number of steps with an open outcome.
func (h *History) Open() int {
	n := 0
	for _, s := range h.Steps {
		if s.Open {
			n++
		}
	}
	return n
}

// String describes the history without its calls.
func (h *History) String() string {
	return fmt.Sprintf("seed %d (%d processes, clocks apart: %t, notices told: %t; each kind %+v; codes %+v; reset %+v)",
		h.Seed, h.processes, h.apart, h.notified, h.options.Password, h.options.OTP.Interval, h.options.Reset)
}

// explain turns the calls into steps.
func (h *History) explain() {
	means := h.meanings()
	for _, c := range h.calls {
		steps, err := c.steps()
		if c.refused {
			steps, err = h.refused(c)
		}
		if err != nil {
			h.Strange = errors.Join(h.Strange, fmt.Errorf("%s: %w", c, err))
		}
		steps = append(steps, c.takesOut()...)
		c.Code, c.Checked, c.Untold = means[read(c.OTP)], true, true
		c.Host = spec.Host{Password: says(c.Password), Registered: h.registered}
		if c.gaveUp && !c.checked {
			c.Host.Password = spec.Fails // the caller had gone before it was asked
		}
		for i := range steps {
			s := &steps[i]
			s.Call, s.history, s.given = c, h, c.Call
			if s.given.Draws = spec.Name(c.ID); c.Op == spec.Prove || c.Op == spec.Forfeit {
				s.given.Draws = s.wipe
			}
			h.Steps = append(h.Steps, s)
		}
	}
	h.Strange = errors.Join(h.Strange, h.unheard())
}

// refused makes steps of a call that did not run the wipe, because the most calls
// of its process were running it. The history does not record when each slot was
// taken and freed, so it is enough that the calls overlap.
func (h *History) refused(c *Call) ([]Step, error) {
	running, wipe := 0, spec.Name(0)
	for _, other := range h.calls {
		overlaps := other != c && other.caller == c.caller && other.Invoked <= c.Returned && other.Returned >= c.Invoked
		if i := slices.IndexFunc(other.asks, func(a ask) bool { return !a.refused }); overlaps && i >= 0 {
			running, wipe = running+1, other.asks[i].wipe
		}
	}
	if running < maxWipes {
		return nil, fmt.Errorf("a wipe was refused beside %d others", running)
	}
	c.asks = append(c.asks, ask{wipe: wipe, begun: c.Returned, end: c.Returned, failed: true, refused: true})
	return c.steps()
}

// A meaning is one thing that a code is: an issued code, a secret's code for a
// step, or a recovery code.
type meaning struct {
	of   spec.Name
	step int64 // noStep: an issued code; recovers: a recovery code
}

const noStep = -1

// recovers encodes the n-th code of a set.
func recovers(n int) int64 { return noStep - 1 - int64(n) }

// read normalizes the spelling of a code.
func read(otp string) string {
	if code, ok := spec.RecoveryCode(otp); ok {
		return code
	}
	return otp
}

// meanings are everything that a code is. It implements spec.Code.
type meanings []meaning

// Is implements spec.Code.
func (m meanings) Is(issued spec.Name) bool { return m.has(meaning{issued, noStep}) }

// Fits implements spec.Code.
func (m meanings) Fits(s spec.Secret, step int64) bool { return m.has(meaning{s.Key, step}) }

// Recovers implements spec.Code.
func (m meanings) Recovers(set spec.Name, n int) bool { return m.has(meaning{set, recovers(n)}) }

func (m meanings) has(one meaning) bool {
	for _, is := range m {
		if is == one {
			return true
		}
	}
	return false
}

// meanings maps each code that was returned, or that a returned secret can compute,
// to what it is.
func (h *History) meanings() map[string]meanings {
	steps, clocks, all := map[int64]bool{}, map[spec.Time]bool{}, map[string]meanings{}
	for _, c := range h.calls {
		if clocks[c.Now] {
			continue
		}
		clocks[c.Now] = true
		for s := stepAt(c.Now) - skew; s <= stepAt(c.Now)+skew; s++ {
			steps[s] = true
		}
	}
	add := func(code string, m meaning) { all[code] = append(all[code], m) }
	secret := func(k spec.Name, base32 string) {
		key := rfc6238.Key(base32)
		for s := range steps {
			add(rfc6238.Code(key, "", digits, s), meaning{k, s})
		}
	}
	for i, base32 := range importPool {
		secret(importedKey(i), base32)
	}
	for _, c := range h.calls {
		switch {
		case c.made == "":
		case c.Op == spec.Issue || c.Op == spec.IssueUnproven:
			add(c.made, meaning{spec.Name(c.ID), noStep})
		case c.Op == spec.GenerateRecovery:
			for n, code := range strings.Fields(c.made) {
				add(read(code), meaning{spec.Name(c.ID), recovers(n)})
			}
		default:
			secret(spec.Name(c.ID), c.made)
		}
	}
	return all
}

// codeAt returns the code of a secret for a time step.
func codeAt(secret string, step int64) string {
	return rfc6238.Secret{Base32: secret, Digits: digits}.Code(step)
}

// stepAt is the time step of an instant.
func stepAt(now spec.Time) int64 { return spec.Secret{Period: int32(period / time.Second)}.Step(now) }

// steps divides a call at its calls of Options.Wipe, and leaves out the parts known
// to have done nothing.
func (c *Call) steps() (steps []Step, err error) {
	if err := c.impossible(); err != nil {
		return nil, err
	}
	begin := c.Invoked
	for i, a := range c.asks {
		asks := spec.Answer{Err: spec.AsksWipe, Wipe: a.wipe}
		steps = append(steps, Step{Begin: begin, End: a.begun, answer: asks, wipe: a.wipe})
		begin = a.end
		end := c.over()
		if i+1 < len(c.asks) {
			end = c.asks[i+1].begun
			if a.failed {
				return steps, errors.New("asked again after the wipe had failed")
			}
		}
		steps = append(steps, c.outcome(i, end)...)
	}
	if len(c.asks) > 0 {
		if ends, err := c.endsWithWipe(); ends || err != nil {
			return steps, err
		}
	}
	return append(steps, c.rest(begin)...), nil
}

// impossible returns an error if the call did what no call of the operation can do.
func (c *Call) impossible() error {
	op := c.Op.Row()
	switch {
	case c.end == strange:
		return errors.New("no call may be answered so")
	case len(c.asks) > 0 && !op.Asks && !c.binds:
		return errors.New("no such call may ask for a wipe")
	case len(c.asks) > 1 && !c.binds:
		return errors.New("asked for more than one wipe")
	}
	return nil
}

// outcome returns the steps in which the call records its i-th wipe, until end.
func (c *Call) outcome(i int, end int64) (steps []Step) {
	a, last := c.asks[i], i+1 == len(c.asks)
	if !a.failed {
		steps = append(steps, c.notes(noted, i, end, last && c.noteFailed())...)
	}
	if c.Op == spec.Sweep && !a.refused && (a.failed || c.fault) {
		steps = append(steps, c.notes(putOff, i, end, c.fault)...)
	}
	return steps
}

// notes returns the part that records the outcome of a wipe. It is open if the call
// got a fault.
func (c *Call) notes(p Part, i int, end int64, open bool) []Step {
	s := Step{Part: p, Begin: c.asks[i].end, End: end, answer: spec.Answer{Wipe: c.asks[i].wipe}}
	if open {
		s.Open, s.End = true, Never
	}
	if open && !c.done(i+1) {
		return nil
	}
	return []Step{s}
}

// rest returns the part of the call after the wipes that it had to finish first.
func (c *Call) rest(begin int64) []Step {
	last := Step{Begin: begin, End: c.over(), answer: c.answer, wipe: c.view.WipeID}
	part := len(c.asks)
	switch {
	case c.end == faulted, c.end == conflicted && c.lied:
		if !c.done(part) {
			return nil
		}
		last.Open, last.End, last.answer = true, Never, spec.Answer{}
	case c.end == conflicted && !c.done(part):
		return nil // it says that it did nothing, and it did nothing
	}
	return []Step{last}
}

// done reports whether a swap of the part was done.
func (c *Call) done(part int) bool { return part < len(c.applied) && c.applied[part] }

// noteFailed reports whether the answer says that the outcome of the last wipe
// could not be recorded.
func (c *Call) noteFailed() bool {
	return c.fault && (c.answer.Err == spec.WipePending || c.Op == spec.Sweep)
}

// endsWithWipe reports whether the last wipe, or recording it, was the call's last
// part, and checks that the answer tells how that went.
func (c *Call) endsWithWipe() (bool, error) {
	last := c.asks[len(c.asks)-1]
	unfinished := last.failed || c.noteFailed()
	if last.failed && !c.host && !last.refused {
		return true, errors.New("the answer does not wrap the fault of the wipe")
	}
	if c.Op == spec.Sweep && unfinished {
		return true, nil
	}
	if c.binds && !unfinished {
		return false, nil
	}
	if want := spec.AfterWipe(c.Op, !unfinished); c.answer != want || c.end != answered {
		return true, fmt.Errorf("the answer after the wipe should be: %s", want)
	}
	return true, nil
}
