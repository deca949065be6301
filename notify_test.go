package factor_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"github.com/knowhave/factor/memstore"
)

// A letterbox records the calls of Options.Notify.
type letterbox struct {
	mu   sync.Mutex
	told []factor.Notice
	// on is what Notify does, if set.
	on func(ctx context.Context, n factor.Notice) error
}

func (l *letterbox) notify(ctx context.Context, n factor.Notice) error {
	l.mu.Lock()
	l.told = append(l.told, n)
	on := l.on
	l.mu.Unlock()
	if on != nil {
		return on(ctx, n)
	}
	return nil
}

// take returns the notices since its last call, one word each.
func (l *letterbox) take() (said []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range l.told {
		said = append(said, string(n.Event.Action))
	}
	l.told = nil
	return said
}

func (l *letterbox) fail(on error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.on = nil
	if on != nil {
		l.on = func(context.Context, factor.Notice) error { return on }
	}
}

func newKitWithMail(t *testing.T, change ...func(*factor.Options)) (*kit, *letterbox) {
	t.Helper()
	mail := &letterbox{}
	return newKit(t, append([]func(*factor.Options){func(o *factor.Options) { o.Notify = mail.notify }}, change...)...), mail
}

var errMail = errors.New("the mail server is down")

func saying(actions ...factor.Action) (said []string) {
	for _, a := range actions {
		said = append(said, string(a))
	}
	return said
}

func (k *kit) heard(mail *letterbox, want ...factor.Action) {
	k.Helper()
	if got := mail.take(); !slices.Equal(got, saying(want...)) {
		k.Fatalf("told %v, want %v", got, want)
	}
}

// sweep calls Sweep and checks how many users it changed.
func (k *kit) sweep(changed int, matches ...error) error {
	k.Helper()
	n, err := k.admin.Sweep(k.Context())
	if n != changed || (err == nil) != (len(matches) == 0) {
		k.Fatalf("Sweep changed %d, %v; want %d, %v", n, err, changed, matches)
	}
	for _, want := range matches {
		k.is(err, want)
	}
	return err
}

func TestTheUserHearsOfWhatHappens(t *testing.T) {
	k, mail := newKitWithMail(t)
	pw := factor.Credentials{Password: rightPW}
	codes := factor.NewRecoveryCodes(k.v)

	k.ok(k.pins.Set(t.Context(), alice, rightPIN, pw))
	k.heard(mail, factor.ActionPINSet)
	e := k.enroll()
	k.heard(mail, factor.ActionEnrolled)
	a := k.begin()
	k.heard(mail)
	k.ok(k.auth.Confirm(t.Context(), alice, k.code(a)))
	k.heard(mail, factor.ActionAuthenticatorConfirmed)
	set, err := codes.Generate(t.Context(), alice, pw)
	k.ok(err)
	k.heard(mail, factor.ActionRecoveryGenerated)
	k.ok(second(k.v.VerifyOTP(t.Context(), alice, set[3].Code, factor.KindRecovery)))
	k.heard(mail, factor.ActionVerified)
	k.ok(second(k.v.VerifyOTP(t.Context(), alice, k.issue(factor.KindLogin), factor.KindLogin)))
	k.is(k.v.VerifyPIN(t.Context(), alice, wrongPIN), factor.ErrMismatch)
	k.heard(mail)
	k.ok(k.dev.Revoke(t.Context(), alice, e.Device, pw))
	k.heard(mail, factor.ActionRevoked)
	k.ok(k.auth.Remove(t.Context(), alice, pw))
	k.heard(mail, factor.ActionAuthenticatorRemoved)
	k.ok(codes.Remove(t.Context(), alice, pw))
	k.heard(mail, factor.ActionRecoveryRemoved)
	k.strike(3)
	k.heard(mail, factor.ActionResetLastChance)
	k.strike(1)
	k.heard(mail, factor.ActionWipeMarked, factor.ActionWipeDone)
	k.ok(k.admin.SetPIN(t.Context(), alice, rightPIN))
	k.ok(k.admin.RemovePIN(t.Context(), alice))
	k.heard(mail, factor.ActionPINSet, factor.ActionPINRemoved)
	k.ok(k.admin.Forget(t.Context(), alice))
	k.heard(mail)
	if s := k.status(); s.Notices != 0 {
		t.Errorf("%d wait", s.Notices)
	}
}

// The Final wrong answer is one event, and a notice.
func TestALockWithoutEndIsTold(t *testing.T) {
	k, mail := newKitWithMail(t, func(o *factor.Options) { o.PIN.Limit = factor.Limit{Tries: 2, Final: 3} })
	for range 5 {
		_ = k.v.VerifyPIN(t.Context(), alice, wrongPIN)
		k.Turn(time.Hour)
	}
	k.heard(mail, factor.ActionLockedOut)
	want := saying(factor.ActionRefused, factor.ActionRefused, factor.ActionRefused, factor.ActionLockedOut, factor.ActionLocked, factor.ActionLocked)
	var got []string
	for _, a := range k.actions() {
		got = append(got, string(a))
	}
	if !slices.Equal(got, want) {
		t.Errorf("events %v, want %v", got, want)
	}
}

// A notice has the stored fields of its event, and a constant ID.
func TestANoticeIsTheSameEachTime(t *testing.T) {
	k, mail := newKitWithMail(t)
	mail.fail(errMail)
	e := k.enroll()
	want := factor.Event{At: k.Now(), User: alice, Action: factor.ActionEnrolled, Kind: factor.KindDeviceTOTP, Device: e.Device}
	k.Turn(2 * time.Minute)
	k.sweep(0, errMail)
	mail.fail(nil)
	k.Turn(3 * time.Minute)
	k.sweep(1)
	if len(mail.told) != 3 {
		t.Fatalf("told %d times, want 3", len(mail.told))
	}
	for _, n := range mail.told {
		if n.Event != want || n.ID == uuid.Nil || n.ID != mail.told[0].ID {
			t.Errorf("told %+v, want %+v", n, want)
		}
	}
}

// A failure of Notify does not fail the call. Sweep tells waiting notices, oldest
// first, a minute later, then after twice as long each time; a new notice ends the
// wait.
func TestSweepTellsWhatACallCouldNot(t *testing.T) {
	k, mail := newKitWithMail(t)
	k.onTheMinute()
	mail.fail(errMail)
	k.ok(k.admin.SetPIN(t.Context(), alice, rightPIN))
	k.enroll()
	k.heard(mail, factor.ActionPINSet, factor.ActionEnrolled)
	if s := k.status(); s.Notices != 2 {
		t.Fatalf("%d wait, want 2", s.Notices)
	}
	for _, wait := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		k.Turn(wait*time.Minute - time.Millisecond)
		k.sweep(0)
		k.heard(mail)
		k.Turn(time.Millisecond)
		err := k.sweep(0, errMail)
		var of *factor.UserError
		if !errors.As(err, &of) || of.User != alice {
			t.Fatalf("%v is of no user", err)
		}
		k.heard(mail, factor.ActionPINSet, factor.ActionEnrolled)
	}
	k.ok(k.admin.RemovePIN(t.Context(), alice))
	k.heard(mail, factor.ActionPINRemoved)
	k.Turn(time.Minute)
	mail.fail(nil)
	k.sweep(1)
	k.heard(mail, factor.ActionPINSet, factor.ActionEnrolled, factor.ActionPINRemoved)
	k.Turn(24 * time.Hour)
	k.sweep(0)
	k.heard(mail)
}

// A notice that cannot be told holds back no other.
func TestANoticeThatFailsHoldsBackNoOther(t *testing.T) {
	k, mail := newKitWithMail(t)
	mail.fail(errMail)
	k.ok(k.admin.SetPIN(t.Context(), alice, rightPIN))
	k.enroll()
	mail.take()
	mail.on = func(_ context.Context, n factor.Notice) error {
		if n.Event.Action == factor.ActionPINSet {
			panic("no")
		}
		return nil
	}
	k.Turn(2 * time.Minute)
	if n, err := k.admin.Sweep(t.Context()); n != 1 || err == nil {
		t.Fatalf("changed %d, %v", n, err)
	}
	k.heard(mail, factor.ActionPINSet, factor.ActionEnrolled)
	if s := k.status(); s.Notices != 1 {
		t.Errorf("%d wait, want 1", s.Notices)
	}
}

// A second load and swap remove told notices. A call whose notices cannot be told,
// or that has no Notify, makes none.
func TestTellingIsASecondSwap(t *testing.T) {
	for _, c := range []struct {
		name         string
		notify       func(context.Context, factor.Notice) error
		loads, swaps int64
	}{
		{"without Notify", nil, 1, 1},
		{"with it", func(context.Context, factor.Notice) error { return nil }, 2, 2},
		{"which fails", func(context.Context, factor.Notice) error { return errMail }, 1, 1},
	} {
		k := newKit(t, func(o *factor.Options) { o.Notify = c.notify })
		k.enroll()
		if loads, swaps := k.loads.Load(), k.swaps.Load(); loads != c.loads || swaps != c.swaps {
			t.Errorf("%s: %d loads and %d swaps, want %d and %d", c.name, loads, swaps, c.loads, c.swaps)
		}
	}
}

// If it is unknown whether the notice is kept, it is not told; Sweep tells a kept
// one.
func TestNothingIsToldOfAnUnknownOutcome(t *testing.T) {
	lost := errors.New("connection lost")
	for _, stored := range []bool{false, true} {
		k, mail := newKitWithMail(t)
		down := func(_ context.Context, do func() error) error {
			if stored {
				_ = do()
			}
			return lost
		}
		k.onLoad = nil
		k.swapping(func(ctx context.Context, do func() error) error {
			k.tap.mu.Lock()
			k.tap.onLoad = func(context.Context) error { return lost }
			k.tap.mu.Unlock()
			return down(ctx, do)
		})
		k.is(k.admin.SetPIN(t.Context(), alice, rightPIN), lost)
		k.tap.mu.Lock()
		k.tap.onLoad = nil
		k.tap.mu.Unlock()
		k.heard(mail)
		k.Turn(2 * time.Minute)
		if stored {
			k.sweep(1)
			k.heard(mail, factor.ActionPINSet)
			continue
		}
		k.sweep(0)
		k.heard(mail)
	}
}

// A process without Notify carries waiting notices along and says so. It postpones
// and keeps nothing.
func TestAProcessWithoutNotifyLeavesNotices(t *testing.T) {
	store := &tap{Store: memstore.New()}
	mail := &letterbox{}
	with := newKitOn(t, store, func(o *factor.Options) { o.Notify = mail.notify })
	mail.fail(errMail)
	with.ok(with.admin.SetPIN(t.Context(), alice, rightPIN))
	without := newKitOn(t, store)
	without.ok(without.admin.RemovePIN(t.Context(), alice))
	without.Turn(2 * time.Minute)
	for range 3 {
		n, err := without.admin.Sweep(t.Context())
		var of *factor.UserError
		if n != 0 || !errors.As(err, &of) || of.User != alice {
			t.Fatalf("changed %d, %v", n, err)
		}
	}
	if s := without.status(); s.Notices != 1 {
		t.Fatalf("%d wait, want 1", s.Notices)
	}
	mail.take()
	mail.fail(nil)
	with.Turn(2 * time.Minute)
	with.sweep(1)
	with.heard(mail, factor.ActionPINSet)
}

// At most sixteen wait. Repeated events push out nothing else, and a later Sweep
// reports dropped ones once, even if it is the first to tell any.
func TestDroppedNoticesAreSaidOnce(t *testing.T) {
	k, mail := newKitWithMail(t)
	mail.fail(errMail)
	k.ok(k.admin.SetPIN(t.Context(), alice, rightPIN))
	for range 20 {
		e := k.enroll()
		k.ok(k.admin.RevokeDevice(t.Context(), alice, e.Device))
	}
	if s := k.status(); s.Notices != 16 {
		t.Fatalf("%d wait, want 16", s.Notices)
	}
	mail.take()
	mail.fail(nil)
	k.Turn(2 * time.Minute)
	var of *factor.UserError
	if err := k.sweep(1, factor.ErrNoticesDropped); !errors.As(err, &of) || of.User != alice {
		t.Errorf("%v is of no user", err)
	}
	if told := mail.take(); len(told) != 16 || told[0] != string(factor.ActionPINSet) {
		t.Errorf("told %v", told)
	}
	k.Turn(24 * time.Hour)
	k.sweep(0)
}

// After ten failures in a row a Sweep stops calling Notify, and the others' notices
// wait no longer for it. It finishes the wipes first.
func TestMailThatIsDownKeepsNoWipeWaiting(t *testing.T) {
	var order []string
	var k *kit
	mail := &letterbox{}
	k = newKit(t, func(o *factor.Options) {
		o.Notify = mail.notify
		o.Wipe = func(_ context.Context, w factor.Wipe) error {
			order = append(order, "wipe")
			return k.wipe
		}
	})
	k.onTheMinute()
	k.wipe = errBusy
	mail.fail(errMail)
	for i := range 30 {
		k.ok(k.admin.SetPIN(t.Context(), fmt.Sprintf("a%02d", i), rightPIN))
	}
	_ = k.guard.Forfeit(t.Context(), "z")
	k.wipe, order = nil, nil
	mail.take()
	mail.on = func(context.Context, factor.Notice) error { order = append(order, "mail"); return errMail }
	k.Turn(2 * time.Minute)
	k.sweep(1, errMail)
	if len(order) != 11 || order[0] != "wipe" || order[10] != "mail" {
		t.Errorf("asked %v, want the wipe and ten times for mail", order)
	}
	mail.take()
	mail.fail(nil)
	k.sweep(21) // those not called are still due: 20, and the user of the wipe, who has two
	if n := len(mail.take()); n != 22 {
		t.Errorf("%d told, want 22", n)
	}
}

// Inside Notify notices are kept for a later Sweep. A Sweep inside it skips that
// user.
func TestCallingBackFromNotify(t *testing.T) {
	for name, ctxOf := range map[string]func(context.Context) context.Context{
		"its context": func(ctx context.Context) context.Context { return ctx },
		"another":     func(context.Context) context.Context { return context.Background() },
	} {
		synctest.Test(t, func(t *testing.T) {
			k, mail := newKitWithMail(t)
			calls := 0
			mail.on = func(ctx context.Context, n factor.Notice) error {
				if calls++; calls > 50 {
					return nil
				}
				k.enrollIfRoom(ctxOf(ctx))
				_, _ = k.admin.Sweep(ctxOf(ctx))
				return nil
			}
			k.enrollIfRoom(t.Context())
			if calls > 4 || name == "its context" && calls != 1 {
				t.Errorf("%s: Notify was called %d times", name, calls)
			}
			if waiting := k.status().Notices; waiting == 0 {
				t.Errorf("%s: nothing waits", name)
			}
		})
	}
}

func (k *kit) enrollIfRoom(ctx context.Context) {
	_, err := k.dev.Enroll(ctx, alice, uuid.New(), factor.Credentials{})
	if err != nil && !errors.Is(err, factor.ErrDeviceLimit) {
		k.Error(err)
	}
}

// Notify has ten seconds, and outlives its caller's context.
func TestNotifyHasTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, mail := newKitWithMail(t)
		mail.on = func(ctx context.Context, _ factor.Notice) error {
			<-ctx.Done()
			return ctx.Err()
		}
		ctx, hangUp := context.WithTimeout(t.Context(), time.Second)
		defer hangUp()
		began := time.Now()
		k.ok(k.admin.SetPIN(ctx, alice, rightPIN))
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// Forget and Discard drop waiting notices, and those just kept of a wipe that they
// finished.
func TestForgetDropsNotices(t *testing.T) {
	for name, drop := range map[string]func(*factor.Admin, context.Context, string) error{
		"Forget": (*factor.Admin).Forget, "Discard": (*factor.Admin).Discard,
	} {
		k, mail := newKitWithMail(t)
		mail.fail(errMail)
		k.ok(k.admin.SetPIN(t.Context(), alice, rightPIN))
		k.ok(drop(k.admin, t.Context(), alice))
		mail.take()
		mail.fail(nil)
		k.Turn(2 * time.Minute)
		k.sweep(0)
		if told := mail.take(); len(told) != 0 {
			t.Errorf("%s: told %v", name, told)
		}
		k.wipe = errMail
		k.is(k.guard.Forfeit(t.Context(), alice), factor.ErrWipePending)
		mail.take()
		k.wipe = nil
		k.ok(drop(k.admin, t.Context(), alice))
		if told := mail.take(); len(told) != 0 {
			t.Errorf("%s: told %v after the user was forgotten", name, told)
		}
	}
}
