package factor_test

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
)

// Every action is reported by its act, with the fields that its comment names, once
// the record is stored.
func TestEveryActionIsReportedWithItsFields(t *testing.T) {
	ctx := context.Background()
	pin := factor.Credentials{PIN: rightPIN}
	wrongProof := func(k *kit) { k.is(k.guard.Prove(ctx, alice, factor.Credentials{PIN: wrongPIN}), factor.ErrMismatch) }
	now := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	mismatch := func(kind factor.Kind, left int) error { return &factor.MismatchError{Kind: kind, Remaining: left} }
	fault := errors.New("no database")
	cases := []struct {
		before func(k *kit)
		act    func(k *kit) error
		want   factor.Event // the last one
	}{
		{(*kit).setPIN, func(k *kit) error { return k.v.VerifyPIN(ctx, alice, rightPIN) },
			factor.Event{Action: factor.ActionVerified, Kind: factor.KindPIN}},
		{(*kit).setPIN, func(k *kit) error { return k.v.VerifyPIN(ctx, alice, wrongPIN) },
			factor.Event{Action: factor.ActionRefused, Kind: factor.KindPIN, Err: mismatch(factor.KindPIN, 2), Remaining: 2}},
		{func(k *kit) {
			k.setPIN()
			_ = k.v.VerifyPIN(ctx, alice, wrongPIN)
			_ = k.v.VerifyPIN(ctx, alice, wrongPIN)
		},
			func(k *kit) error { return k.v.VerifyPIN(ctx, alice, wrongPIN) },
			factor.Event{Action: factor.ActionRefused, Kind: factor.KindPIN, Err: mismatch(factor.KindPIN, 0), Until: now.Add(time.Minute)}},
		{func(k *kit) { k.lockedPIN() }, func(k *kit) error { return k.v.VerifyPIN(ctx, alice, rightPIN) },
			factor.Event{Action: factor.ActionLocked, Kind: factor.KindPIN, Err: &factor.LockedError{Kind: factor.KindPIN, Until: now.Add(time.Minute)}, Until: now.Add(time.Minute)}},
		{nil, func(k *kit) error { return second(k.codes.IssueUnproven(ctx, alice, factor.KindLogin)) },
			factor.Event{Action: factor.ActionIssued, Kind: factor.KindLogin, Until: now.Add(10 * time.Minute)}},
		{nil, func(k *kit) error { return second(k.dev.Enroll(ctx, alice, phone, factor.Credentials{})) },
			factor.Event{Action: factor.ActionEnrolled, Kind: factor.KindDeviceTOTP, Device: phone}},
		{func(k *kit) { k.imports(row()) }, func(k *kit) error { return k.dev.Revoke(ctx, alice, phone, pin) },
			factor.Event{Action: factor.ActionRevoked, Kind: factor.KindDeviceTOTP, Device: phone}},
		{nil, func(k *kit) error { return k.admin.SetPIN(ctx, alice, rightPIN) },
			factor.Event{Action: factor.ActionPINSet, Kind: factor.KindPIN}},
		{(*kit).setPIN, func(k *kit) error { return k.pins.Remove(ctx, alice, pin) },
			factor.Event{Action: factor.ActionPINRemoved, Kind: factor.KindPIN}},
		{(*kit).setPIN, func(k *kit) error { return second(k.auth.Begin(ctx, alice, pin)) },
			factor.Event{Action: factor.ActionAuthenticatorBegun, Kind: factor.KindTOTP, Until: now.Add(15 * time.Minute)}},
		{nil, func(k *kit) error { return k.auth.Confirm(ctx, alice, k.code(k.begin())) },
			factor.Event{Action: factor.ActionAuthenticatorConfirmed, Kind: factor.KindTOTP}},
		{func(k *kit) { k.begin() }, func(k *kit) error { return k.admin.RemoveAuthenticator(ctx, alice) },
			factor.Event{Action: factor.ActionAuthenticatorRemoved, Kind: factor.KindTOTP}},
		{nil, func(k *kit) error {
			return second(k.recovery.Generate(ctx, alice, factor.Credentials{Password: rightPW}))
		},
			factor.Event{Action: factor.ActionRecoveryGenerated, Kind: factor.KindRecovery}},
		{func(k *kit) { k.generate() }, func(k *kit) error { return k.admin.RemoveRecoveryCodes(ctx, alice) },
			factor.Event{Action: factor.ActionRecoveryRemoved, Kind: factor.KindRecovery}},
		{func(k *kit) { k.imports(row()) }, func(k *kit) error {
			return k.guard.Prove(ctx, alice, factor.Credentials{OTP: k.codeOf(phoneSecret)})
		}, factor.Event{Action: factor.ActionResetProven, Kind: factor.KindDeviceTOTP, Device: phone}},
		{(*kit).setPIN, func(k *kit) error { return k.guard.Prove(ctx, alice, factor.Credentials{PIN: wrongPIN}) },
			factor.Event{Action: factor.ActionResetRefused, Kind: factor.KindPIN, Err: mismatch(factor.KindPIN, 2), Remaining: 2}},
		{func(k *kit) { k.setPIN(); wrongProof(k); wrongProof(k) }, func(k *kit) error { return k.guard.Prove(ctx, alice, factor.Credentials{PIN: wrongPIN}) },
			factor.Event{Action: factor.ActionResetLastChance, Kind: factor.KindPIN}},
		{func(k *kit) { k.setPIN(); k.wipe = fault }, func(k *kit) error { return k.guard.Forfeit(ctx, alice) },
			factor.Event{Action: factor.ActionWipeFailed, Err: fault}},
		{(*kit).setPIN, func(k *kit) error { return k.guard.Forfeit(ctx, alice) }, factor.Event{Action: factor.ActionWipeDone}},
		{(*kit).setPIN, func(k *kit) error { return k.admin.Unlock(ctx, alice, factor.KindLogin) }, factor.Event{Action: factor.ActionUnlocked, Kind: factor.KindLogin}},
		{func(k *kit) { k.issue(factor.KindLogin) }, func(k *kit) error { return k.admin.VoidCodes(ctx, alice) }, factor.Event{Action: factor.ActionCodesVoided}},
		{nil, func(k *kit) error { return k.admin.Forget(ctx, alice) }, factor.Event{Action: factor.ActionForgotten}},
		{(*kit).setPIN, func(k *kit) error { return k.admin.Reseal(ctx, alice) }, factor.Event{Action: factor.ActionResealed}},
		{nil, func(k *kit) error { return k.admin.Import(ctx, alice, row()) },
			factor.Event{Action: factor.ActionImported, Kind: factor.KindDeviceTOTP, Device: phone}},
	}
	// See TestEventsOfAWipeComeInOrder and TestALockWithoutEndIsTold.
	seen := map[factor.Action]bool{factor.ActionWipeMarked: true, factor.ActionLockedOut: true}
	for _, c := range cases {
		seen[c.want.Action] = true
		t.Run(string(c.want.Action), func(t *testing.T) {
			k := newKit(t)
			if c.before != nil {
				c.before(k)
			}
			_ = c.act(k)
			got := k.events[len(k.events)-1]
			if (got.Err == nil) != (c.want.Err == nil) || got.Err != nil && got.Err.Error() != c.want.Err.Error() {
				t.Errorf("err %v, want %v", got.Err, c.want.Err)
			}
			got.Err, c.want.Err = nil, nil
			if c.want.At, c.want.User = now, alice; got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
	for _, a := range actions(t) {
		if !seen[a] {
			t.Errorf("%s is not in the table", a)
		}
	}
}

// The last chance is an event before the wipe, and a wipe is reported as marked
// before Wipe is called.
func TestEventsOfAWipeComeInOrder(t *testing.T) {
	k := newKit(t)
	k.setPIN()
	k.events = nil
	for range 4 {
		_ = k.guard.Prove(t.Context(), alice, factor.Credentials{PIN: wrongPIN})
	}
	want := []factor.Action{"reset-refused", "reset-refused", "reset-refused", "reset-last-chance", "wipe-marked", "wipe-done"}
	for i, e := range k.events {
		if i >= len(want) || e.Action != want[i] || e.User != alice || e.Device != uuid.Nil {
			t.Fatalf("event %d is %+v; want %v", i, e, want)
		}
	}
	if len(k.events) != len(want) {
		t.Fatalf("%d events, want %d", len(k.events), len(want))
	}
}

// actions returns the Action constants.
func actions(t *testing.T) []factor.Action {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "event.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var all []factor.Action
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok {
			if id, ok := v.Type.(*ast.Ident); ok && id.Name == "Action" {
				text, _ := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
				all = append(all, factor.Action(text))
			}
		}
		return true
	})
	if len(all) < 20 {
		t.Fatalf("found %v only", all)
	}
	return all
}
