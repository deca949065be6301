package linear

import (
	"errors"
	"fmt"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

// A History is what the clients called and what they were answered.
type History struct {
	Seed uint64
	// Steps are the calls as the model takes them, those left out that are known
	// to have done nothing.
	Steps []*Step
	// Strange is what no order of the calls could explain, if anything.
	Strange error

	user       string
	processes  int
	calls      []*Call
	limit      limit
	registered int32
	pinned     bool
}

// Calls returns how many calls were made.
func (h *History) Calls() int { return len(h.calls) }

// Faults returns how many calls were answered with a fault of the store, or given
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

// Open returns how many steps have an open outcome.
func (h *History) Open() int {
	n := 0
	for _, s := range h.Steps {
		if s.Open {
			n++
		}
	}
	return n
}

// String says what is particular to the history, but not its calls.
func (h *History) String() string {
	return fmt.Sprintf("seed %d (%d processes; each kind locks at %d wrong answers for %d s, for at most %d s, and for good at %d)",
		h.Seed, h.processes, h.limit.tries, h.limit.delay, h.limit.maxDelay, h.limit.final)
}

// explain makes steps of the calls.
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
		for i := range steps {
			s := &steps[i]
			s.Call, s.history, s.means = c, h, means[c.OTP]
			s.cut = c.gaveUp && !c.checked
			h.Steps = append(h.Steps, s)
		}
	}
}

// refused makes steps of a call whose wipe was not asked for, because others in
// its process asked for it at the time.
func (h *History) refused(c *Call) ([]Step, error) {
	running, wipe := 0, uint8(0)
	for _, other := range h.calls {
		for _, a := range other.asks {
			if other != c && other.caller == c.caller && a.begun < c.Returned && a.end > c.Invoked {
				running, wipe = running+1, a.wipe
			}
		}
	}
	if running < maxWipes {
		return nil, fmt.Errorf("a wipe was refused beside %d others", running)
	}
	c.asks = append(c.asks, ask{wipe: wipe, begun: c.Returned, end: c.Returned, failed: true, refused: true})
	return c.steps()
}

// meanings says for each code that was handed out, or can be computed from a
// secret that was, what it is.
func (h *History) meanings() map[string][]meaning {
	all := make(map[string][]meaning)
	var steps []int32
	last := int32(-1)
	for _, c := range h.calls {
		if c.Now == last {
			continue
		}
		last = c.Now
		for s := stepAt(last) - skew; s <= stepAt(last)+skew; s++ {
			if len(steps) == 0 || s > steps[len(steps)-1] {
				steps = append(steps, s)
			}
		}
	}
	for _, c := range h.calls {
		switch {
		case c.made == "":
		case c.Op == Issue || c.Op == IssueUnproven:
			all[c.made] = append(all[c.made], meaning{made: uint8(c.ID)})
		default:
			for _, s := range steps {
				code := codeAt(c.made, s)
				all[code] = append(all[code], meaning{uint8(c.ID), s})
			}
		}
	}
	return all
}

// codeAt is the code of a secret at a time step.
func codeAt(secret string, step int32) string {
	code, err := hotp.GenerateCodeCustom(secret, uint64(step), hotp.ValidateOpts{Digits: otp.Digits(digits), Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		panic(err)
	}
	return code
}

// steps divides a call by what it asked of Options.Wipe, and leaves out the parts
// that are known to have done nothing.
func (c *Call) steps() (steps []Step, err error) {
	if len(c.asks) > 0 && c.Op != Prove && c.Op != Forfeit && c.Op != Sweep && !c.binds() {
		return nil, errors.New("no such call may ask for a wipe")
	}
	if len(c.asks) > 1 && !c.binds() {
		return nil, errors.New("asked for more than one wipe")
	}
	begin := c.Invoked
	for i, a := range c.asks {
		first := Step{Part: found, Begin: begin, End: a.begun, answer: Answer{Class: classAsked, wipe: a.wipe}}
		if c.Op == Prove || c.Op == Forfeit {
			first.Part = whole // it may have marked it
		}
		steps = append(steps, first)
		begin = a.end
		end := c.Returned
		if i+1 < len(c.asks) {
			end = c.asks[i+1].begun
			if a.failed {
				return steps, errors.New("asked again after the wipe had failed")
			}
		}
		last := i+1 == len(c.asks)
		if !a.failed {
			steps = append(steps, c.note(noted, i, end, last && c.noteFailed())...)
		}
		if c.Op == Sweep && !a.refused && (a.failed || c.fault) {
			steps = append(steps, c.note(putOff, i, end, c.Answer.n == 0)...)
		}
	}
	if len(c.asks) > 0 {
		if ends, err := c.endsWithWipe(); ends || err != nil {
			return steps, err
		}
	}
	return append(steps, c.rest(begin)...), nil
}

// note is the part that notes what became of a wipe. Its outcome is open if it
// was answered with a fault.
func (c *Call) note(p Part, i int, end int64, open bool) []Step {
	s := Step{Part: p, Begin: c.asks[i].end, End: end, answer: Answer{wipe: c.asks[i].wipe}}
	if open {
		s.Open, s.End = true, Never
	}
	if open && !c.done(i+1) {
		return nil
	}
	return []Step{s}
}

// rest is the part of the call after the wipes that it had to finish first.
func (c *Call) rest(begin int64) []Step {
	last := Step{Begin: begin, End: c.Returned, answer: c.Answer}
	part := len(c.asks)
	switch {
	case c.Answer.Class == classFault, c.Answer.Class == classConflict && c.lied:
		if !c.done(part) {
			return nil
		}
		last.Open, last.End, last.answer = true, Never, Answer{}
	case c.Answer.Class == classConflict && !c.done(part):
		return nil // it says that it did nothing, and it did nothing
	}
	return []Step{last}
}

// binds reports whether the call has to finish a pending wipe first.
func (c *Call) binds() bool {
	return c.Op == Enroll || c.Op == SetPIN || c.Op == AdminSetPIN || c.Op == Forget
}

// done reports whether a swap of the part was done.
func (c *Call) done(part int) bool { return part < len(c.applied) && c.applied[part] }

// noteFailed reports whether the answer says that the outcome of the last wipe
// could not be noted.
func (c *Call) noteFailed() bool {
	return c.fault && (c.Answer.Class == classPending || c.Op == Sweep)
}

// endsWithWipe reports whether the last wipe, or noting it, was all that was left
// of the call, and checks that the answer says how that went.
func (c *Call) endsWithWipe() (bool, error) {
	last := c.asks[len(c.asks)-1]
	failed := last.failed
	unfinished := failed || c.noteFailed()
	if failed && !c.host && !last.refused {
		return true, errors.New("the answer does not wrap the fault of the wipe")
	}
	want, ends := Answer{}, true
	switch {
	case c.Op == Sweep && c.fault, c.Op == Sweep && failed:
		return true, nil
	case c.Op == Sweep:
		want.n = 1
	case c.binds() && unfinished:
		want.Class = classPending
	case c.binds():
		return false, nil
	case unfinished:
		want.Class = classPending
	case c.Op == Prove:
		want.Class = classWiped
	}
	if c.Answer != want {
		return ends, fmt.Errorf("the answer after the wipe should be: %s", want)
	}
	return ends, nil
}
