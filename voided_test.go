package factor_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

// Each live code and the pending authenticator are void once the host says that the
// password or the address has changed, and their codes are stale. Only what there
// was is reported.
func TestWhatAHostVoids(t *testing.T) {
	ctx := context.Background()
	voided, unlocked := factor.ActionCodesVoided, factor.ActionUnlocked
	live := func(kind factor.Kind) func(k *kit) { return func(k *kit) { k.issue(kind) } }
	for _, c := range []struct {
		name     string
		holds    func(k *kit)
		password []factor.Action // of PasswordChanged
		address  []factor.Action // of VoidCodes
	}{
		{"nothing known", func(*kit) {}, nil, nil},
		{"a login code", live(factor.KindLogin), []factor.Action{voided}, []factor.Action{voided}},
		{"an account code", live(factor.KindAccount), []factor.Action{voided}, []factor.Action{voided}},
		{"an authenticator that waits", func(k *kit) { k.begin() }, []factor.Action{voided}, []factor.Action{voided}},
		{"a code for a purpose", func(k *kit) { k.issuedFor(factor.KindAccount, "pay") }, []factor.Action{voided}, []factor.Action{voided}},
		{"codes for many purposes", func(k *kit) {
			for _, p := range []string{"a", "b", "c", "d", "e"} {
				k.issuedFor(factor.KindLogin, p)
			}
		}, []factor.Action{voided}, []factor.Action{voided}},
		{"an expired code for a purpose", func(k *kit) { k.issuedFor(factor.KindAccount, "pay"); k.Turn(5 * time.Minute) }, nil, nil},
		{"recovery codes", func(k *kit) { k.generate() }, nil, nil},
		{"an expired code", func(k *kit) { k.issue(factor.KindAccount); k.Turn(5 * time.Minute) }, nil, nil},
		{"an authenticator that waited", func(k *kit) { k.begin(); k.Turn(15 * time.Minute) }, nil, nil},
		{"a used code", func(k *kit) { k.accepts(k.issue(factor.KindAccount), factor.KindAccount) }, nil, nil},
		{"an authenticator in force", func(k *kit) { k.ok(k.auth.Confirm(ctx, alice, k.code(k.begin()))) }, nil, nil},
		{"wrong passwords", func(k *kit) { k.is(k.v.VerifyPassword(ctx, alice, "wrong"), factor.ErrMismatch) }, []factor.Action{unlocked}, nil},
		{"wrong PINs", func(k *kit) { k.is(k.v.VerifyPIN(ctx, alice, wrongPIN), factor.ErrMismatch) }, nil, nil},
		{"all of it", func(k *kit) {
			k.issue(factor.KindLogin)
			k.issue(factor.KindAccount)
			k.begin()
			k.is(k.v.VerifyPassword(ctx, alice, "wrong"), factor.ErrMismatch)
		}, []factor.Action{unlocked, voided}, []factor.Action{voided}},
	} {
		for _, changed := range []bool{false, true} {
			k := newKit(t)
			c.holds(k)
			before, known := k.status(), len(k.actions())
			void, want := k.admin.VoidCodes, c.address
			if changed {
				void, want = k.admin.PasswordChanged, c.password
			}
			k.ok(void(ctx, alice))
			if got := k.actions()[known:]; !slices.Equal(got, want) {
				t.Errorf("%s, password %v: observed %v, want %v", c.name, changed, got, want)
			}
			after := k.status()
			if len(after.Live) != 0 || after.AuthenticatorPending || after.Authenticator != before.Authenticator {
				t.Errorf("%s: left %+v", c.name, after)
			}
			for _, b := range before.Budgets {
				if want := changed && b.Kind == factor.KindPassword; slices.Contains(after.Budgets, b) == want {
					t.Errorf("%s: the count of %s starts anew: %v", c.name, b.Kind, !want)
				}
			}
			// PasswordChanged leaves an empty record, against which calls that the old
			// password pays for lose their swap.
			if rec, err := k.Store.Load(ctx, alice); err != nil || c.name == "nothing known" && rec.IsZero() == changed {
				t.Errorf("%s, password %v: a record is kept: %v, %v", c.name, changed, !rec.IsZero(), err)
			}
		}
	}
	k := newKit(t)
	k.is(k.admin.VoidCodes(ctx, ""), factor.ErrMalformed)
	k.is(k.admin.PasswordChanged(ctx, ""), factor.ErrMalformed)
}

// A voided code is refused and charged to nobody, and the Interval stays.
func TestAVoidedCodeIsStale(t *testing.T) {
	k := newKit(t, func(o *factor.Options) { o.OTP.Interval = time.Minute })
	code := k.issue(factor.KindAccount)
	e := k.begin()
	k.ok(k.admin.PasswordChanged(t.Context(), alice))
	k.stale(second(k.v.VerifyOTP(t.Context(), alice, code)))
	if n := len(k.status().Budgets); n != 0 {
		t.Errorf("%d counts", n)
	}
	k.is(k.auth.Confirm(t.Context(), alice, k.code(e)), factor.ErrNotEnrolled)

	_, err := k.codes.IssueUnproven(t.Context(), alice, factor.KindAccount)
	var locked *factor.LockedError
	if want := (factor.LockedError{Kind: factor.KindAccount, Until: k.Now().Add(time.Minute), TooSoon: true}); !errors.As(err, &locked) || *locked != want {
		t.Errorf("got %v, want %v", err, &want)
	}
}

// stale fails unless a code was recognised as one that was right once.
func (k *kit) stale(err error) {
	k.Helper()
	var mismatch *factor.MismatchError
	if !errors.As(err, &mismatch) || !mismatch.Stale {
		k.Fatalf("got %v, want that the code is stale", err)
	}
}

// A user who scanned the first of two QR codes is told so, loses nothing, and
// confirms the second. The event says it too.
func TestConfirmTellsOfTheFirstOfTwoSecrets(t *testing.T) {
	k := newKit(t)
	first := k.begin()
	second := k.begin()
	for range 10 {
		err := k.auth.Confirm(t.Context(), alice, k.code(first))
		var mismatch *factor.MismatchError
		if want := (factor.MismatchError{Kind: factor.KindTOTP, Remaining: 5, Stale: true}); !errors.As(err, &mismatch) || *mismatch != want {
			t.Fatalf("got %v, want %v", err, &want)
		}
		if e := k.events[len(k.events)-1]; e.Action != factor.ActionRefused || !errors.Is(e.Err, factor.ErrMismatch) || e.Remaining != 5 {
			t.Fatalf("observed %+v", e)
		}
	}
	k.ok(k.auth.Confirm(t.Context(), alice, k.code(second)))
}

// Forget leaves a record that does not open, since that may pass: a missing key, a
// Sealer that is down, an older release. Discard erases it, unless a newer release
// wrote it. Both finish a wipe that they can read.
func TestForgetReadsOrRefuses(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		name            string
		before          func(k *kit)
		forget, discard error
	}{
		{"nobody", func(*kit) {}, nil, nil},
		{"what opens", (*kit).setPIN, nil, nil},
		{"what does not open", func(k *kit) { k.store([]byte("not sealed")) }, factor.ErrUnsealed, nil},
		{"what opens to nonsense", func(k *kit) { k.store(k.newer(1)) }, factor.ErrUnsealed, nil},
		{"what a newer release wrote", func(k *kit) { k.store(k.newer(4)) }, factor.ErrNewerFormat, factor.ErrNewerFormat},
		{"a pending wipe", func(k *kit) { k.wipe = errBusy; _ = k.guard.Forfeit(ctx, alice) }, factor.ErrWipePending, factor.ErrWipePending},
	} {
		for _, discards := range []bool{false, true} {
			k := newKit(t)
			c.before(k)
			before, _ := k.Store.Load(ctx, alice)
			known := len(k.actions())
			call, want := k.admin.Forget, c.forget
			if discards {
				call, want = k.admin.Discard, c.discard
			}
			if err := call(ctx, alice); !errors.Is(err, want) {
				t.Errorf("%s, discards %v: %v, want %v", c.name, discards, err, want)
			}
			after, _ := k.Store.Load(ctx, alice)
			forgotten := slices.Contains(k.actions()[known:], factor.ActionForgotten)
			if forgotten != (want == nil) {
				t.Errorf("%s, discards %v: observed %v", c.name, discards, k.actions()[known:])
			}
			if kept := !errors.Is(want, factor.ErrWipePending) && want != nil; kept && after.Version != before.Version {
				t.Errorf("%s, discards %v: it was changed", c.name, discards)
			}
		}
	}
	k := newKit(t)
	k.is(k.admin.Forget(ctx, ""), factor.ErrMalformed)
	k.is(k.admin.Discard(ctx, ""), factor.ErrMalformed)
}
