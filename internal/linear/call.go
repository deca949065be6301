package linear

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
)

// The passwords that a client may give. The host's check fails on a choking one.
const (
	rightPassword   = "right"
	wrongPassword   = "wrong"
	chokingPassword = "choking"
)

func says(password string) spec.Says {
	return map[string]spec.Says{rightPassword: spec.Yes, chokingPassword: spec.Fails}[password]
}

// pins are the PINs that clients set and give.
var pins = []string{"8299", "4071"}

// leftOut are the operations that no client calls: they concern time or many users,
// a history neither.
var leftOut = []spec.Op{spec.Wait, spec.Users}

// A Call is one call by one client, with its outcome. Its times tell the order; Now
// is the clock of its process.
type Call struct {
	spec.Call
	args              translate.Args
	binds             bool // it first finishes a pending wipe
	ID                int  // from 1, unique in the history
	Client            int
	Invoked, Returned int64
	Now               spec.Time // the clock, which stands still while the call runs

	answer spec.Answer
	end    end
	view   spec.View // of Status and Devices
	holds  spec.Holding
	err    error
	// fault: the answer is a fault of the store, or the caller gave up.
	fault bool
	// host: the answer is, or wraps, a fault of the host.
	host bool
	// refused: the answer says that Options.Wipe ran as often as it may.
	refused bool
	// made is the returned code or secret.
	made string

	caller *caller // of the process
	asks   []ask
	// applied tells for each part of the call, which the asks divide, whether one
	// of its swaps was done.
	applied []bool
	lied    bool // a swap was done but returned ErrConflict
	checked bool // the host checked the password
	gaveUp  bool // the caller's context was cancelled
	// settled is what a load must show after such a lie.
	settled *factor.Record
	teller
	waiting int // notices, as Status shows

	rng    *rand.Rand
	calm   bool // no faults
	cancel context.CancelFunc
}

// An ask is one call of Options.Wipe.
type ask struct {
	wipe       spec.Name // the history's name for its ID
	begun, end int64
	failed     bool
	// refused: it was not made, because the most were running.
	refused bool
}

// maxWipes is the most calls of Options.Wipe that run at once for a user.
const maxWipes = 4

// An end tells how a call ended.
type end uint8

const (
	answered   end = iota // as the rules say
	faulted               // with the store's fault, or the caller gave up
	conflicted            // with ErrConflict
	strange               // as no call may
)

type callKey struct{}

// callOf returns the call that a context belongs to.
func callOf(ctx context.Context) *Call {
	c, _ := ctx.Value(callKey{}).(*Call)
	return c
}

// errHost and errInjected are the faults of the host's functions and the store.
var (
	errHost     = errors.New("fault of the host")
	errInjected = errors.New("fault of the store")
)

// tooManyWipes reports whether Wipe was not called because the most calls were running.
// Only the text of the error says so.
func tooManyWipes(err error) bool {
	return errors.Is(err, factor.ErrWipePending) && strings.Contains(err.Error(), fmt.Sprintf("Wipe was not called: it already runs %d times", maxWipes))
}

// note records the result of a call.
func (c *Call) note(r *translate.Result, w *world) {
	is := func(targets ...error) bool {
		for _, t := range targets {
			if errors.Is(r.Err, t) {
				return true
			}
		}
		return false
	}
	gaveUp := is(errInjected, context.Canceled, context.DeadlineExceeded)
	c.err, c.made = r.Err, r.Made()
	c.fault, c.host = gaveUp || is(factor.ErrConflict), is(errHost)
	c.refused = tooManyWipes(r.Err)
	c.dropped = is(factor.ErrNoticesDropped)
	a, ok := r.Answer()
	a = c.hushed(a)
	c.answer = a
	switch {
	case is(factor.ErrWipePending) && !is(factor.ErrWiped):
		c.answer = spec.Answer{Err: spec.WipePending, Count: a.Count}
	case gaveUp && !is(factor.ErrWiped):
		c.end = faulted
	case is(factor.ErrConflict):
		c.end = conflicted
	case !ok, a.Err == spec.HostFault && !c.host, a.Err == spec.Malformed:
		c.end = strange
	}
	c.noteView(r, w)
}

// noteView records what a reading call showed.
func (c *Call) noteView(r *translate.Result, w *world) {
	switch c.Op {
	case spec.Status:
		c.view = translate.View(r.Status)
		c.waiting, c.view.Notices = c.view.Notices, 0
		if r.Status.Wipe != nil {
			c.view.WipeID = w.wipeNumber(r.Status.Wipe.ID, r.Status.Wipe.At)
		}
	case spec.Devices:
		c.view.Devices = translate.ViewDevices(r.Devices)
	case spec.Holds:
		c.holds = translate.ViewHoldings(r.Holdings)
	}
}

// String describes the call in a line.
func (c *Call) String() string {
	answer := c.answer.String()
	switch c.end {
	case faulted:
		answer = "FAULT"
	case conflicted:
		answer = "CONFLICT"
	case strange:
		answer = "UNEXPECTED"
	}
	if c.made != "" {
		answer += " " + c.made
	}
	if c.err != nil && (c.fault || c.end == strange) {
		answer += ": " + strings.ReplaceAll(c.err.Error(), "\n", "; ")
	}
	for _, a := range c.asks {
		answer += fmt.Sprintf(" [Wipe %d at %d..%d, failed %t]", a.wipe, a.begun, a.end, a.failed)
	}
	if c.view != (spec.View{}) {
		answer += " " + c.view.String()
	}
	return fmt.Sprintf("client %d  %4d..%-4d at %s  %s = %s", c.Client, c.Invoked, c.Returned, c.Now, c.text(), answer)
}

// text formats the call with its arguments.
func (c *Call) text() string {
	var all []string
	say := func(given bool, format string, v any) {
		if given {
			all = append(all, fmt.Sprintf(format, v))
		}
	}
	say(c.OTP != "", "otp %s", c.OTP)
	say(c.Password != "", "password %s", c.Password)
	say(c.PIN != "", "pin %s", c.PIN)
	say(c.NewPIN != "", "new pin %s", c.NewPIN)
	say(len(c.Kinds) > 0, "kinds %v", c.Kinds)
	say(c.Kind != spec.NoKind, "%s", c.Kind)
	say(c.Device != 0, "device %d", c.Device)
	say(c.Op == spec.Import, "%+v", c.Held)
	on := ""
	if c.OnView {
		on = fmt.Sprintf("For(%q).", c.Purpose)
	}
	return fmt.Sprintf("%s%s(%s)", on, c.Op, strings.Join(all, ", "))
}
