package factor_test

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// recover judges a recovery code.
func (k *kit) recover(code string) error {
	return second(k.v.VerifyOTP(k.Context(), alice, code, factor.KindRecovery))
}

// provesByRecovery makes recovery codes a proof.
func provesByRecovery(o *factor.Options) {
	o.ProofKinds = []factor.Kind{factor.KindAccount, factor.KindRecovery, factor.KindDeviceTOTP}
}

// Generate returns ten codes in the form to write down, each right once.
func TestEachRecoveryCodeIsRightOnce(t *testing.T) {
	k := newKit(t)
	codes, err := k.recovery.Generate(t.Context(), alice, factor.Credentials{Password: rightPW})
	if k.ok(err); len(codes) != 10 {
		t.Fatalf("%d codes", len(codes))
	}
	shown := regexp.MustCompile(`^[0-9a-hjkmnp-tv-z]{4}(-[0-9a-hjkmnp-tv-z]{4}){3}$`)
	for i, c := range codes {
		if !shown.MatchString(c.Code) || c.Kind != factor.KindRecovery || !c.ExpiresAt.IsZero() || slices.Contains(codes[:i], c) {
			t.Errorf("code %d is of kind %s, until %v, or is not shown in groups of four, or is there twice", i, c.Kind, c.ExpiresAt)
		}
	}
	k.events = nil
	for i, c := range codes {
		m, err := k.v.VerifyOTP(t.Context(), alice, c.Code, factor.KindRecovery)
		if k.ok(err); m != (factor.Match{Kind: factor.KindRecovery}) {
			t.Errorf("%+v", m)
		}
		k.stale(k.recover(c.Code))
		if left := k.status().RecoveryCodes; left != 9-i {
			t.Errorf("%d are left, want %d", left, 9-i)
		}
	}
	if e := k.events[0]; e.Action != factor.ActionVerified || e.Kind != factor.KindRecovery || e.User != alice {
		t.Errorf("observed %+v", e)
	}
	k.Turn(10 * 365 * 24 * time.Hour)
	for _, c := range codes { // for as long as the set lasts
		k.stale(k.recover(c.Code))
	}
	if k.wrong(factor.KindRecovery) != 0 {
		t.Error("a used one was charged")
	}
}

// A code is right however a person types it.
func TestARecoveryCodeIsReadAsItIsTyped(t *testing.T) {
	k := newKit(t)
	codes := k.generate()
	for i, typed := range []func(string) string{
		strings.ToUpper, strings.ToTitle,
		func(s string) string { return strings.ReplaceAll(s, "-", "") },
		func(s string) string { return " " + strings.ReplaceAll(s, "-", "  ") + " " },
		func(s string) string { return strings.NewReplacer("0", "o", "1", "l").Replace(s) },
		func(s string) string { return strings.NewReplacer("0", "O", "1", "I").Replace(s) },
		func(s string) string { return strings.Join(strings.Split(s, ""), "-") },
		func(s string) string { return strings.Repeat("-", 64-len(s)) + s },
	} {
		k.ok(k.recover(typed(codes[i])))
		k.stale(k.recover(codes[i]))
	}
}

// A text that is no code of the requested kinds is malformed, and costs nothing;
// the error names the form, not the value.
func TestAMalformedRecoveryCodeCostsNothing(t *testing.T) {
	k := newKit(t, provesByRecovery)
	code := k.generate()[0]
	loads, swaps, observed := k.loads.Load(), k.swaps.Load(), len(k.actions())
	recovery, both, digits := []factor.Kind{factor.KindRecovery}, []factor.Kind{factor.KindRecovery, factor.KindAccount}, []factor.Kind{factor.KindAccount, factor.KindDeviceTOTP}
	for _, c := range []struct {
		text  string
		kinds []factor.Kind
		says  string
	}{
		{"", recovery, "must be a recovery code of 16 letters and digits"},
		{"123456", recovery, "must be a recovery code of 16 letters and digits"},
		{"123456", []factor.Kind{factor.KindRecovery, factor.KindRecovery}, "must be a recovery code of 16 letters and digits"},
		{code + "0", recovery, "16"}, {code[1:], recovery, "16"}, {"u" + code[1:], recovery, "16"}, {code + "\n", recovery, "16"},
		{strings.Repeat("-", 65-len(code)) + code, recovery, "16"}, {strings.ReplaceAll(code, "-", "\u2010"), recovery, "16"},
		{"", both, "must be 6 to 8 ASCII digits, or a recovery code of 16 letters and digits"},
		{"12345", both, "6 to 8"}, {"123456789", both, "6 to 8"}, {"1234-5678", both, "6 to 8"}, {" 123456", both, "6 to 8"}, {"1234567890123456x", both, "16"},
		{code, digits, "must be 6 to 8 ASCII digits"}, {code, nil, "must be 6 to 8 ASCII digits"},
	} {
		m, ok := errors.AsType[*factor.MalformedError](second(k.v.VerifyOTP(t.Context(), alice, c.text, c.kinds...)))
		if !ok || m.Field != "otp" || !strings.Contains(m.Reason, c.says) || strings.Contains(m.Error(), code) {
			t.Errorf("%q of %v: %v", c.text, c.kinds, m)
		}
	}
	if k.loads.Load() != loads || k.swaps.Load() != swaps || len(k.actions()) != observed {
		t.Error("the store was called, or an event observed")
	}
	k.ok(k.recover(code))
}

// A text is judged against the requested kinds of its form, and charged to no
// other. If all of those are locked, so is it, whatever the others are.
func TestACodeIsJudgedAgainstTheKindsOfItsForm(t *testing.T) {
	const noCode = "zzzz-zzzz-zzzz-zzzz"
	k := newKit(t)
	code := k.generate()[3]
	all := []factor.Kind{factor.KindRecovery, factor.KindAccount, factor.KindTOTP, factor.KindLogin, factor.KindDeviceTOTP}
	judged := func(text string) error { return second(k.v.VerifyOTP(t.Context(), alice, text, all...)) }
	for i := range 5 {
		m, ok := errors.AsType[*factor.MismatchError](judged(noCode))
		if !ok || *m != (factor.MismatchError{Kind: factor.KindRecovery, Remaining: 4 - i}) {
			t.Fatalf("wrong code %d: %+v", i, m)
		}
	}
	want := []factor.Budget{{Kind: factor.KindRecovery, Wrong: 5, Locked: true, Until: k.Now().Add(time.Minute)}}
	if s := k.status(); !slices.Equal(s.Budgets, want) {
		t.Fatalf("counted %+v, want %+v", s.Budgets, want)
	}
	locked, ok := errors.AsType[*factor.LockedError](judged(code))
	if !ok || *locked != (factor.LockedError{Kind: factor.KindRecovery, Until: k.Now().Add(time.Minute)}) {
		t.Fatalf("%+v", locked)
	}
	issued := k.issue(factor.KindAccount)
	k.ok(judged(issued)) // which the lock of another kind does not hinder
	k.is(judged(other(issued)), factor.ErrMismatch)
	for _, kind := range all[1:] {
		if n := k.wrong(kind); n != 1 {
			t.Errorf("%d charged to %s, want 1", n, kind)
		}
	}
	if n := k.wrong(factor.KindRecovery); n != 5 {
		t.Errorf("%d charged to recovery codes by a code of digits", n-5)
	}
	k.Turn(time.Minute)
	k.ok(judged(code))
	if n := k.wrong(factor.KindRecovery); n != 0 {
		t.Errorf("%d counted after a right one", n)
	}
	if n := k.wrong(factor.KindAccount); n != 1 {
		t.Errorf("a right one sets another kind back: %d", n)
	}
}

// The limit is that of the issued codes. The final lock lasts until the kind is
// unlocked or the codes are generated again.
func TestRecoveryCodesLockForGoodUntilTheyAreMadeAnew(t *testing.T) {
	for name, ends := range map[string]func(k *kit) (code string){
		"unlocked": func(k *kit) string {
			code := k.generate()[0]
			k.locksRecovery()
			k.ok(k.admin.Unlock(k.Context(), alice, factor.KindRecovery))
			return code
		},
		"made anew": func(k *kit) string {
			k.generate()
			k.locksRecovery()
			return k.generate()[0]
		},
		"removed and made anew": func(k *kit) string {
			k.generate()
			k.locksRecovery()
			k.ok(k.admin.RemoveRecoveryCodes(k.Context(), alice))
			k.is(k.recover("zzzz-zzzz-zzzz-zzzz"), factor.ErrLocked) // removing refunds nothing
			return k.generate()[0]
		},
	} {
		k := newKit(t, func(o *factor.Options) { o.OTP.Limit = factor.Limit{Tries: 2, Final: 4} })
		if err := k.recover(ends(k)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// locksRecovery guesses until the recovery codes are locked for good.
func (k *kit) locksRecovery() {
	k.Helper()
	for range 4 {
		k.is(k.recover("zzzz-zzzz-zzzz-zzzz"), factor.ErrMismatch)
		k.Turn(2 * time.Hour)
	}
	locked, ok := errors.AsType[*factor.LockedError](k.recover("zzzz-zzzz-zzzz-zzzz"))
	if !ok || !locked.Until.IsZero() {
		k.Fatalf("%+v", locked)
	}
}

// A new set replaces all codes: the old ones are wrong then, used or not.
func TestAnotherSetReplacesAllCodes(t *testing.T) {
	k := newKit(t)
	old := k.generate()
	k.ok(k.recover(old[0]))
	anew := k.generate()
	for _, code := range old[:2] {
		m, ok := errors.AsType[*factor.MismatchError](k.recover(code))
		if !ok || m.Stale {
			t.Errorf("a replaced one: %+v", m)
		}
	}
	if n := k.status().RecoveryCodes; n != 10 || k.wrong(factor.KindRecovery) != 2 {
		t.Errorf("%d are left and %d charged, want 10 and 2", n, k.wrong(factor.KindRecovery))
	}
	k.ok(k.recover(anew[0]))
}

// A user without recovery codes gets the same answer as one whose code is wrong.
func TestAnyRecoveryCodeIsWrongWithoutASet(t *testing.T) {
	k, held := newKit(t), newKit(t)
	held.generate()
	for range 6 {
		got, want := k.recover("0000-0000-0000-0000"), held.recover("0000-0000-0000-0000")
		if got == nil || want == nil || got.Error() != want.Error() {
			t.Fatalf("without codes %v, with codes %v", got, want)
		}
	}
	if k.wrong(factor.KindRecovery) != 5 {
		t.Errorf("%d charged", k.wrong(factor.KindRecovery))
	}
}

// Generating and removing them takes a proof, like any change of a holding.
func TestRecoveryCodesTakeAProof(t *testing.T) {
	ctx := context.Background()
	for name, act := range map[string]func(k *kit, p factor.Credentials) error{
		"Generate": func(k *kit, p factor.Credentials) error { return second(k.recovery.Generate(ctx, alice, p)) },
		"Remove":   func(k *kit, p factor.Credentials) error { return k.recovery.Remove(ctx, alice, p) },
	} {
		k := newKit(t)
		k.withPIN()
		code := k.generate()[0]
		k.events = nil
		k.is(act(k, factor.Credentials{}), factor.ErrNoCredential)
		k.is(act(k, factor.Credentials{PIN: "12"}), factor.ErrMalformed)
		k.is(act(k, factor.Credentials{OTP: code}), factor.ErrMalformed) // no proof, where ProofKinds does not say so
		if len(k.events) != 0 {
			t.Errorf("%s: observed %v", name, k.actions())
		}
		k.is(act(k, factor.Credentials{OTP: "000000", Password: "wrong", PIN: wrongPIN}), factor.ErrMismatch)
		if got := k.status(); len(got.Budgets) != 4 || got.RecoveryCodes != 10 {
			t.Errorf("%s: %+v", name, got)
		}
		// OTP, password, PIN: the first right one is enough, and the rest is
		// ignored.
		k.ok(act(k, factor.Credentials{OTP: k.issue(factor.KindAccount), Password: "wrong"}))
		if n := k.wrong(factor.KindPassword); n != 1 {
			t.Errorf("%s: %d wrong passwords counted, want 1", name, n)
		}
		k.generate()
		k.ok(act(k, factor.Credentials{OTP: other(""), Password: rightPW}))
		k.generate()
		k.ok(act(k, factor.Credentials{PIN: rightPIN}))
		for range 3 {
			_ = k.v.VerifyPIN(ctx, alice, wrongPIN)
		}
		k.generate()
		k.is(act(k, factor.Credentials{PIN: rightPIN}), factor.ErrLocked)
	}
}

// With no unused one there is nothing to remove. Remove says so before it judges
// the proof, at no cost. Removing drops used ones too.
func TestOnlyUnusedRecoveryCodesAreRemoved(t *testing.T) {
	k := newKit(t)
	wrong := factor.Credentials{Password: "wrong"}
	absent := func() {
		t.Helper()
		k.is(k.recovery.Remove(t.Context(), alice, wrong), factor.ErrNotEnrolled)
		k.is(k.recovery.Remove(t.Context(), alice, factor.Credentials{Password: rightPW}), factor.ErrNotEnrolled)
		k.is(k.admin.RemoveRecoveryCodes(t.Context(), alice), factor.ErrNotEnrolled)
		if k.wrong(factor.KindPassword) != 0 {
			t.Error("the proof was judged")
		}
	}
	absent()
	codes := k.generate()
	for _, code := range codes {
		k.ok(k.recover(code))
	}
	absent()
	k.stale(k.recover(codes[0]))
	for name, remove := range map[string]func() error{
		"by a proof":  func() error { return k.recovery.Remove(t.Context(), alice, factor.Credentials{Password: rightPW}) },
		"by the host": func() error { return k.admin.RemoveRecoveryCodes(t.Context(), alice) },
	} {
		codes = k.generate()
		k.ok(k.recover(codes[0]))
		k.events = nil
		k.ok(remove())
		if e := k.events[len(k.events)-1]; e.Action != factor.ActionRecoveryRemoved || e.Kind != factor.KindRecovery {
			t.Errorf("%s: observed %+v", name, e)
		}
		for _, code := range codes[:2] {
			m, ok := errors.AsType[*factor.MismatchError](k.recover(code))
			if !ok || m.Stale {
				t.Errorf("%s: a removed one is %+v", name, m)
			}
		}
		absent()
		k.ok(k.admin.Unlock(t.Context(), alice))
	}
}

// If ProofKinds names them, each is a proof once; the last one even for its own
// removal.
func TestRecoveryCodesProveWhereProofKindsSaysSo(t *testing.T) {
	ctx := context.Background()
	k := newKit(t, provesByRecovery)
	codes := k.generate()
	acts := []func(p factor.Credentials) error{
		func(p factor.Credentials) error { return second(k.v.VerifyAny(ctx, alice, p)) },
		func(p factor.Credentials) error { return k.pins.Set(ctx, alice, rightPIN, p) },
		func(p factor.Credentials) error { return k.pins.Remove(ctx, alice, p) },
		func(p factor.Credentials) error { return second(k.dev.Enroll(ctx, alice, phone, p)) },
		func(p factor.Credentials) error { return k.dev.Revoke(ctx, alice, phone, p) },
		func(p factor.Credentials) error { return second(k.auth.Begin(ctx, alice, p)) },
		func(p factor.Credentials) error { return k.auth.Remove(ctx, alice, p) },
		func(p factor.Credentials) error {
			return second(k.v.For("pay").VerifyAny(ctx, alice, p))
		},
	}
	for i, act := range acts {
		if err := act(factor.Credentials{OTP: codes[i]}); err != nil {
			t.Errorf("act %d: %v", i, err)
		}
		k.stale(k.recover(codes[i]))
	}
	k.ok(k.recover(codes[8]))
	k.ok(k.recovery.Remove(ctx, alice, factor.Credentials{OTP: codes[9]})) // the last one
	codes = k.generate()
	anew, err := k.recovery.Generate(ctx, alice, factor.Credentials{OTP: codes[0]})
	k.ok(err)
	k.is(k.recover(codes[0]), factor.ErrMismatch)
	k.ok(k.recover(anew[0].Code))
	malformedIn(t, "neither form", "otp", second(k.v.VerifyAny(ctx, alice, factor.Credentials{OTP: "1234567890"})))
	k.is(second(k.v.VerifyAny(ctx, alice, factor.Credentials{OTP: "123456"})), factor.ErrMismatch)
}

// They never prove a reset, confirm an authenticator or pay for a code, whatever
// ProofKinds says: they are malformed there, and cost nothing.
func TestWhereRecoveryCodesAreNoProof(t *testing.T) {
	ctx := context.Background()
	for _, change := range []func(*factor.Options){func(*factor.Options) {}, provesByRecovery} {
		k := newKit(t, change)
		k.withPIN()
		k.begin()
		code := k.generate()[0]
		before, swaps := k.status(), k.swaps.Load()
		for name, err := range map[string]error{
			"Prove":          k.guard.Prove(ctx, alice, factor.Credentials{OTP: code}),
			"Prove, and PIN": k.guard.Prove(ctx, alice, factor.Credentials{OTP: code, PIN: wrongPIN}),
			"Confirm":        k.auth.Confirm(ctx, alice, code),
			"Issue":          second(k.codes.Issue(ctx, alice, factor.Credentials{OTP: code})),
			"Issue, and PIN": second(k.codes.Issue(ctx, alice, factor.Credentials{OTP: code, PIN: rightPIN})),
		} {
			malformedIn(t, name, "otp", err)
		}
		malformedIn(t, "IssueUnproven", "kinds", second(k.codes.IssueUnproven(ctx, alice, factor.KindRecovery)))
		if after := k.status(); fmt.Sprint(after) != fmt.Sprint(before) || k.swaps.Load() != swaps {
			t.Errorf("the status was %+v and is %+v", before, after)
		}
		k.ok(k.recover(code))
	}
}

// A wipe, a changed password, a sweep and an import leave the recovery codes, used ones
// used; Forget and Discard drop them.
func TestWhatLeavesTheRecoveryCodes(t *testing.T) {
	ctx := context.Background()
	for name, act := range map[string]func(k *kit) error{
		"Forfeit":         func(k *kit) error { return k.guard.Forfeit(ctx, alice) },
		"PasswordChanged": func(k *kit) error { return k.admin.PasswordChanged(ctx, alice) },
		"VoidCodes":       func(k *kit) error { return k.admin.VoidCodes(ctx, alice) },
		"Unlock":          func(k *kit) error { return k.admin.Unlock(ctx, alice) },
		"Reseal":          func(k *kit) error { return k.admin.Reseal(ctx, alice) },
		"Import":          func(k *kit) error { return k.admin.Import(ctx, alice, row()) },
		"Sweep": func(k *kit) error {
			k.issue(factor.KindLogin)
			k.Turn(48 * time.Hour)
			return second(k.admin.Sweep(ctx))
		},
	} {
		k := newKit(t)
		codes := k.generate()
		k.ok(k.recover(codes[0]))
		k.ok(act(k))
		holdings, err := k.v.Holdings(ctx, alice)
		if k.ok(err); holdings.RecoveryCodes != 9 || k.status().RecoveryCodes != 9 {
			t.Errorf("%s leaves %d", name, holdings.RecoveryCodes)
		}
		k.stale(k.recover(codes[0]))
		k.ok(k.recover(codes[1]))
	}
	for name, act := range map[string]func(k *kit) error{
		"Forget":  func(k *kit) error { return k.admin.Forget(ctx, alice) },
		"Discard": func(k *kit) error { return k.admin.Discard(ctx, alice) },
	} {
		k := newKit(t)
		code := k.generate()[0]
		k.ok(act(k))
		if n := k.status().RecoveryCodes; n != 0 {
			t.Errorf("%s leaves %d", name, n)
		}
		k.is(k.recover(code), factor.ErrMismatch)
	}
}

// If many callers give the same code at once, to several processes, one is
// accepted.
func TestARecoveryCodeIsSpentOnceByRacingCalls(t *testing.T) {
	k := newKit(t)
	for _, code := range k.generate()[:3] {
		var all sync.WaitGroup
		var mu sync.Mutex
		right := 0
		for _, process := range []*kit{k, k.other(), k.other()} {
			for range 3 {
				all.Go(func() {
					err := process.recover(code)
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						right++
					} else if m, ok := errors.AsType[*factor.MismatchError](err); !ok || !m.Stale {
						t.Errorf("the others are told %v", err)
					}
				})
			}
		}
		if all.Wait(); right != 1 {
			t.Errorf("right %d times", right)
		}
	}
}

// The returned codes are the stored ones, even after a lost swap or an unknown
// outcome.
func TestTheCodesShownAreThoseStored(t *testing.T) {
	lost := errors.New("connection lost")
	for name, swap := range map[string]func(k *kit) func(ctx context.Context, do func() error) error{
		"lost": func(k *kit) func(context.Context, func() error) error {
			return func(_ context.Context, do func() error) error {
				k.other().issue(factor.KindLogin)
				return do()
			}
		},
		"unknown, landed": func(*kit) func(context.Context, func() error) error {
			return func(_ context.Context, do func() error) error { _ = do(); return lost }
		},
		"unknown, not landed": func(*kit) func(context.Context, func() error) error {
			return func(context.Context, func() error) error { return lost }
		},
	} {
		k := newKit(t)
		k.generate()
		k.swapping(swap(k))
		for i, code := range k.generate() {
			if err := k.recover(code); err != nil {
				t.Errorf("%s: code %d: %v", name, i, err)
			}
		}
	}
	// Generate returns no code that was not stored.
	k := newKit(t)
	old := k.generate()
	k.swapping(func(context.Context, func() error) error { k.other().issue(factor.KindLogin); return lost })
	codes, err := k.recovery.Generate(t.Context(), alice, factor.Credentials{Password: rightPW})
	if k.is(err, lost); codes != nil {
		t.Error("codes are shown that are not stored")
	}
	k.ok(k.recover(old[0]))
}

// If two tabs generate codes, those of the later one are right.
func TestOfTwoTabsTheLaterCodesAreRight(t *testing.T) {
	k := newKit(t)
	first, later := k.generate(), k.other().generate()
	k.is(k.recover(first[0]), factor.ErrMismatch)
	k.ok(k.recover(later[0]))
}

// A log does not show the codes.
func TestRecoveryCodesRedactThemselves(t *testing.T) {
	k := newKit(t)
	codes, err := k.recovery.Generate(t.Context(), alice, factor.Credentials{Password: rightPW})
	k.ok(err)
	var out bytes.Buffer
	held := struct {
		ID    uuid.UUID
		Codes []factor.OTP
	}{phone, codes}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+verb+verb, codes, &codes, held)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("made", "codes", codes, "held", held)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("made", "codes", codes, "held", held)
	text, err := json.Marshal(held)
	k.ok(err)
	out.Write(text)
	k.ok(gob.NewEncoder(&out).Encode(codes))
	for _, c := range codes {
		for _, secret := range []string{c.Code, c.Code[:4], fmt.Sprintf("%x", c.Code[:4])} {
			if strings.Contains(out.String(), secret+"-") || len(secret) > 4 && strings.Contains(out.String(), secret) {
				t.Errorf("a code is shown in %s", out.String())
			}
		}
	}
	if !strings.Contains(out.String(), "factor.OTP[redacted]") {
		t.Errorf("%s", out.String())
	}
}
