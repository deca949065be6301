package linear

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/knowhave/factor"
)

// Class is what kind of answer a call got.
type Class uint8

const (
	classOK Class = iota
	classMismatch
	classLocked
	classNoCredential
	classNotEnrolled
	classUnknownDevice
	classDeviceLimit
	classWiped    // ErrWiped, the wipe being done
	classPending  // ErrWipePending, never beside ErrWiped
	classHost     // a fault of the host's password check
	classAsked    // not an answer: the call goes on to ask for a wipe
	classFault    // the store's fault, or the caller gave up
	classConflict // ErrConflict
	classOther    // what no call may answer
)

var classNames = [...]string{
	"ok", "mismatch", "locked", "no credential", "not enrolled", "unknown device", "device limit", "wiped",
	"wipe pending", "fault of the host", "asks for the wipe", "FAULT", "conflict", "UNEXPECTED",
}

// An Answer is what a call returned, less what was drawn at random. Answers are
// compared by ==.
type Answer struct {
	Class  Class
	kind   factor.Kind
	device uint8
	left   int   // MismatchError.Remaining
	until  int32 // LockedError.Until, OTP.ExpiresAt
	n      int   // Sweep's count; 1 for a true IsSet
	wipe   uint8
	seen   seen
}

// seen is what Admin.Status shows, or of it what DeviceTOTPEnroller.Devices does.
type seen struct {
	pin, authenticator, waiting bool
	devices                     [maxDevices]seenDevice
	live                        [2]bool
	budgets                     [kindCount]seenBudget
	strikes                     int
	wipeAt                      int32
	reason                      factor.WipeReason
	wipePending                 bool
}

type seenDevice struct {
	id                 uint8
	enrolledAt, usedAt int32
}

type seenBudget struct {
	wrong  int
	locked bool
	until  int32
}

func (a Answer) String() string {
	s := classNames[a.Class]
	if a.kind != "" {
		s += " " + string(a.kind)
	}
	switch {
	case a.Class == classMismatch:
		s += fmt.Sprintf(", %d left", a.left)
	case a.until != 0:
		s += fmt.Sprintf(" until %d s", a.until)
	case a.n != 0:
		s += fmt.Sprintf(" %d", a.n)
	}
	if a.device != 0 {
		s += fmt.Sprintf(" of device %d", a.device)
	}
	if a.wipe != 0 {
		s += fmt.Sprintf(" wipe %d", a.wipe)
	}
	return s + a.seen.String()
}

func (all seen) String() string {
	var s strings.Builder
	say := func(shown bool, format string, args ...any) {
		if shown {
			fmt.Fprintf(&s, " "+format, args...)
		}
	}
	say(all.pin, "PIN")
	say(all.authenticator, "authenticator")
	say(all.waiting, "authenticator that waits")
	for _, d := range all.devices {
		say(d.id != 0, "device %d of %d s, used at %d s", d.id, d.enrolledAt, d.usedAt)
	}
	say(all.live[0], "live login code")
	say(all.live[1], "live account code")
	for k, b := range all.budgets {
		say(b.wrong != 0, "%s %d wrong", kinds[k], b.wrong)
		say(b.locked, "locked until %d s", b.until)
	}
	say(all.strikes != 0, "%d strikes", all.strikes)
	say(all.wipeAt != 0, "given up at %d s: %s", all.wipeAt, all.reason)
	say(all.wipePending, "and not wiped yet")
	return s.String()
}

// errHost and errInjected are the faults of the host's functions and the store.
var (
	errHost     = errors.New("fault of the host")
	errInjected = errors.New("fault of the store")
)

// classify notes what an error says. It is called once for each call, with the
// answer's other fields already set.
func (c *Call) classify(err error) {
	var (
		mismatch *factor.MismatchError
		locked   *factor.LockedError
		is       = func(target error) bool { return errors.Is(err, target) }
		a        = &c.Answer
	)
	c.err = err
	c.fault = is(errInjected) || is(context.Canceled) || is(context.DeadlineExceeded) || is(factor.ErrConflict)
	c.host = is(errHost)
	c.refused = is(factor.ErrWipePending) && strings.Contains(err.Error(), "runs 4 times already")
	switch {
	case err == nil:
		a.Class = classOK
	case is(factor.ErrWipePending) && !is(factor.ErrWiped):
		a.Class = classPending
	case is(factor.ErrWiped) && !is(factor.ErrWipePending):
		a.Class = classWiped
	case is(errInjected), is(context.Canceled), is(context.DeadlineExceeded):
		a.Class = classFault
	case is(factor.ErrConflict):
		a.Class = classConflict
	case is(errHost):
		a.Class = classHost
	case errors.As(err, &mismatch):
		a.Class, a.kind, a.left = classMismatch, mismatch.Kind, mismatch.Remaining
	case errors.As(err, &locked):
		a.Class, a.kind, a.until = classLocked, locked.Kind, instant(locked.Until)
	case is(factor.ErrNoCredential):
		a.Class = classNoCredential
	case is(factor.ErrNotEnrolled):
		a.Class = classNotEnrolled
	case is(factor.ErrUnknownDevice):
		a.Class = classUnknownDevice
	case is(factor.ErrDeviceLimit):
		a.Class = classDeviceLimit
	default:
		a.Class = classOther
	}
}

// epoch is the zero of all instants, so that 0 can stand for the zero time. It is
// in the middle of a time step.
var epoch = time.Date(2026, 2, 3, 4, 5, 17, 0, time.UTC)

// instant is a time in whole seconds since the epoch, 0 for the zero time. Where
// it is no whole second it is one that no model expects.
func instant(t time.Time) int32 {
	if t.IsZero() {
		return 0
	}
	if d := t.Sub(epoch); d%time.Second == 0 {
		return int32(d / time.Second)
	}
	return -1
}

// stepAt is the time step of an instant.
func stepAt(now int32) int32 { return int32((epoch.Unix() + int64(now)) / int64(period/time.Second)) }
