package factor_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

const minAge = 24 * time.Hour

func withMinAge(o *factor.Options) { o.Reset.MinAge = minAge }

// tooSoon fails unless the guard judged nothing and said until when.
func (k *kit) tooSoon(err error, until time.Time) {
	k.Helper()
	var locked *factor.LockedError
	if !errors.As(err, &locked) || *locked != (factor.LockedError{Until: until, TooSoon: true}) {
		k.Fatalf("got %#v, want too soon before %v", err, until)
	}
}

// prove gives the guard a PIN.
func (k *kit) prove(pin string) error {
	return k.guard.Prove(k.Context(), alice, factor.Credentials{PIN: pin})
}

// A thief with the mailbox replaces or removes the old binding, and still waits for
// MinAge: the user does not become one who never held anything.
func TestNobodySwitchesMinAgeOff(t *testing.T) {
	ctx := context.Background()
	mailed := func(k *kit) factor.Credentials { return factor.Credentials{OTP: k.issue(factor.KindAccount)} }
	for name, c := range map[string]struct {
		before func(k *kit)
		thief  func(k *kit)
	}{
		"a PIN replaced":         {(*kit).setPIN, func(k *kit) { k.ok(k.pins.Set(ctx, alice, "4711", mailed(k))) }},
		"a PIN removed":          {(*kit).setPIN, func(k *kit) { k.ok(k.pins.Remove(ctx, alice, mailed(k))) }},
		"a device revoked":       {func(k *kit) { k.imports(row()); k.ok(k.admin.RemovePIN(ctx, alice)) }, func(k *kit) { k.ok(k.dev.Revoke(ctx, alice, phone, mailed(k))) }},
		"a device enrolled anew": {func(k *kit) { k.imports(row()); k.ok(k.admin.RemovePIN(ctx, alice)) }, func(k *kit) { k.ok(second(k.dev.Enroll(ctx, alice, phone, mailed(k)))) }},
		"replaced and removed": {(*kit).setPIN, func(k *kit) {
			k.ok(k.pins.Set(ctx, alice, "4711", mailed(k)))
			k.ok(k.pins.Remove(ctx, alice, mailed(k)))
		}},
		"one of his own, removed": {func(k *kit) {}, func(k *kit) {
			k.ok(k.pins.Set(ctx, alice, "4711", mailed(k)))
			k.ok(k.pins.Remove(ctx, alice, mailed(k)))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t, withMinAge)
			c.before(k)
			k.Turn(2 * minAge)
			c.thief(k)
			over := k.Now().Add(minAge)
			k.tooSoon(k.prove("4711"), over)
			k.Turn(minAge - time.Millisecond)
			k.tooSoon(k.prove("4711"), over)
			k.Turn(time.Millisecond)
			if err := k.prove("0000"); errors.Is(err, factor.ErrLocked) {
				t.Fatalf("after MinAge: %v", err)
			}
		})
	}
}

// The host's own removals and bindings start no wait, and Forget and Forfeit end
// one.
func TestWhatEndsTheWaitForMinAge(t *testing.T) {
	ctx := context.Background()
	removed := func(k *kit) {
		k.setPIN()
		k.Turn(2 * minAge)
		k.ok(k.pins.Remove(ctx, alice, factor.Credentials{Password: rightPW}))
		k.is(k.prove(rightPIN), factor.ErrLocked)
	}
	for name, c := range map[string]struct {
		act  func(k *kit)
		want error
	}{
		"the host removes the PIN":   {func(k *kit) { k.setPIN(); k.ok(k.admin.RemovePIN(ctx, alice)) }, factor.ErrNotEnrolled},
		"the host revokes a device":  {func(k *kit) { e := k.enroll(); k.ok(k.admin.RevokeDevice(ctx, alice, e.Device)) }, factor.ErrNotEnrolled},
		"the host forgets the user":  {func(k *kit) { removed(k); k.ok(k.admin.Forget(ctx, alice)) }, factor.ErrNotEnrolled},
		"the user forfeits the data": {func(k *kit) { removed(k); k.ok(k.guard.Forfeit(ctx, alice)) }, factor.ErrWiped},
		"an authenticator removed": {func(k *kit) {
			k.ok(k.auth.Confirm(ctx, alice, k.code(k.begin())))
			k.ok(k.auth.Remove(ctx, alice, factor.Credentials{Password: rightPW}))
		}, factor.ErrNotEnrolled},
	} {
		k := newKit(t, withMinAge)
		if c.act(k); !errors.Is(k.prove(rightPIN), c.want) {
			t.Errorf("%s: %v, want %v", name, k.prove(rightPIN), c.want)
		}
	}
}

// Sweep keeps the time until which the user must wait, and removes the record a day
// after.
func TestSweepKeepsTheInstantOfMinAge(t *testing.T) {
	k := newKit(t, withMinAge)
	k.enroll()
	k.ok(k.dev.Revoke(t.Context(), alice, k.status().Devices[0].ID, factor.Credentials{Password: rightPW}))
	over := k.Now().Add(minAge)
	k.Turn(minAge - time.Millisecond)
	k.sweeps(0)
	k.tooSoon(k.prove(rightPIN), over)
	k.Turn(time.Hour)
	k.sweeps(1)
	k.is(k.prove(rightPIN), factor.ErrNotEnrolled)
}

// sweeps fails unless a Sweep changes want users.
func (k *kit) sweeps(want int) {
	k.Helper()
	if n, err := k.admin.Sweep(k.Context()); n != want || err != nil {
		k.Fatalf("a Sweep changed %d users, %v; want %d", n, err, want)
	}
}

// The right code of the user's own new phone is no strike, and locks nobody out.
func TestANewPhoneIsNoStrike(t *testing.T) {
	k := newKit(t, withMinAge)
	k.setPIN()
	k.Turn(2 * minAge)
	e := k.enroll()
	for range 5 {
		k.Turn(30 * time.Second)
		err := k.guard.Prove(t.Context(), alice, factor.Credentials{OTP: k.code(e)})
		var mismatch *factor.MismatchError
		if !errors.As(err, &mismatch) || *mismatch != (factor.MismatchError{Kind: factor.KindDeviceTOTP, Remaining: 3}) {
			t.Fatal(err)
		}
	}
	if s := k.status(); s.Strikes != 0 || s.Wipe != nil {
		t.Fatalf("%+v", s)
	}
	k.ok(k.prove(rightPIN))
	k.Turn(minAge)
	k.ok(k.guard.Prove(t.Context(), alice, factor.Credentials{OTP: k.code(e)}))
}

// The answers that let a reset go on are stored: a store that lags cannot give them
// from a record from before a binding.
func TestNoReadAloneLetsAResetGoOn(t *testing.T) {
	for name, c := range map[string]struct {
		before func(k *kit)
		want   error
	}{"nothing held": {func(*kit) {}, factor.ErrNotEnrolled}, "wiped": {func(k *kit) { k.forfeited() }, factor.ErrWiped}} {
		k := newKit(t)
		c.before(k)
		k.onSwap = func(_ context.Context, _ factor.Record, do func() error) error {
			k.onSwap = nil
			k.other().setPIN() // by another process, after the load
			return do()
		}
		if err := k.prove(wrongPIN); !errors.Is(err, factor.ErrMismatch) {
			t.Errorf("%s: %v, although a PIN was set meanwhile", name, err)
		}
		k = newKit(t)
		c.before(k)
		k.onSwap = func(context.Context, factor.Record, func() error) error { return errDown }
		if err := k.prove(wrongPIN); errors.Is(err, c.want) || err == nil {
			t.Errorf("%s: %v, although nothing could be stored", name, err)
		}
	}
}

// With ResetOptions.Authenticator a confirmed authenticator is a proof and a
// binding; without it, neither.
func TestAnAuthenticatorIsAProofWhereTheHostSaysSo(t *testing.T) {
	ctx := context.Background()
	for _, proves := range []bool{false, true} {
		k := newKit(t, func(o *factor.Options) { o.Reset.Authenticator = proves })
		e := k.begin()
		k.ok(k.auth.Confirm(ctx, alice, k.code(e)))
		k.Turn(time.Minute)
		err := k.guard.Prove(ctx, alice, factor.Credentials{OTP: k.code(e)})
		if proves && err != nil || !proves && !errors.Is(err, factor.ErrNotEnrolled) {
			t.Fatalf("proves %v: %v", proves, err)
		}
		if proves {
			k.is(k.guard.Prove(ctx, alice, factor.Credentials{OTP: k.code(e)}), factor.ErrMismatch)
		}

		// After a wipe the kept one proves nothing, and a new one ends the wipe.
		k.wipe = errBusy
		k.is(k.guard.Forfeit(ctx, alice), factor.ErrWipePending)
		k.wipe = nil
		k.Turn(time.Minute)
		next := k.begin()
		if k.wipe = errBusy; proves {
			k.is(k.auth.Confirm(ctx, alice, k.code(next)), factor.ErrWipePending)
			k.wipe = nil
		}
		k.ok(k.auth.Confirm(ctx, alice, k.code(next)))
		if s := k.status(); (s.Wipe == nil) != proves {
			t.Fatalf("proves %v: after Confirm the wipe is %+v", proves, s.Wipe)
		}
	}
}

// A kept authenticator proves nothing after a wipe.
func TestAKeptAuthenticatorProvesNothingAfterAWipe(t *testing.T) {
	k := newKit(t, func(o *factor.Options) { o.Reset.Authenticator = true })
	e := k.begin()
	k.ok(k.auth.Confirm(t.Context(), alice, k.code(e)))
	k.ok(k.guard.Forfeit(t.Context(), alice))
	k.Turn(time.Minute)
	k.is(k.guard.Prove(t.Context(), alice, factor.Credentials{OTP: k.code(e)}), factor.ErrWiped)
}
