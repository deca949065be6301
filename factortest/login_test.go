package factortest_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/factortest"
)

func TestMailedCodeIsForItsPurposeAlone(t *testing.T) {
	e := factortest.New(t, nil)
	for _, purpose := range [][]string{nil, {"pay", "Bob", "12.50"}, {"pay", "Bob", "13"}} {
		code := e.MailedCode(alice, factor.KindAccount, purpose...)
		for _, other := range [][]string{nil, {"pay", "Bob", "12.50"}, {"pay", "Bob", "13"}} {
			if slices.Equal(purpose, other) {
				continue
			}
			if _, err := view(e, other).VerifyOTP(t.Context(), alice, code, factor.KindAccount); !errors.Is(err, factor.ErrMismatch) {
				t.Fatalf("a code for %q is %v for %q", purpose, err, other)
			}
		}
		if _, err := view(e, purpose).VerifyOTP(t.Context(), alice, code, factor.KindAccount); err != nil {
			t.Fatalf("a code for %q: %v", purpose, err)
		}
	}
}

func view(e *factortest.Engine, purpose []string) *factor.Verifier {
	if purpose == nil {
		return e.Verifier
	}
	return e.Verifier.For(purpose...)
}

// Recovery codes are there whatever stands in the way of a proof, and leave nothing
// behind but themselves.
func TestRecoveryCodesNeedNoProof(t *testing.T) {
	var told []factor.Notice
	e := factortest.New(t, &factor.Options{
		CheckPassword: func(context.Context, string, string) (bool, error) { return false, nil },
		Notify:        func(_ context.Context, n factor.Notice) error { told = append(told, n); return nil },
		ProofKinds:    []factor.Kind{factor.KindTOTP},
	})
	for range 5 {
		if err := e.Verifier.VerifyPassword(t.Context(), alice, "guess"); !errors.Is(err, factor.ErrMismatch) {
			t.Fatal(err)
		}
	}
	before := len(e.Events())
	codes := e.RecoveryCodes(alice)
	if len(codes) != 10 || len(e.Events()) != before || len(told) != 0 {
		t.Fatalf("%d codes, %d events more, %d notices", len(codes), len(e.Events())-before, len(told))
	}
	if _, err := e.Verifier.VerifyOTP(t.Context(), alice, codes[0], factor.KindRecovery); err != nil {
		t.Fatal(err)
	}
	if err := e.Recovery.Remove(t.Context(), alice, factor.Credentials{OTP: codes[1]}); !errors.Is(err, factor.ErrMalformed) {
		t.Fatalf("the options of the service are not in force: %v", err)
	}
	status, err := e.Admin.Status(t.Context(), alice)
	if err != nil || status.RecoveryCodes != 9 || len(status.Budgets) != 0 {
		t.Fatalf("%+v, %v", status, err)
	}
}

// Notices are those that were told, and in the order in which they were.
func TestNoticesAreWhatWasTold(t *testing.T) {
	down := errors.New("no mail")
	e := factortest.New(t, &factor.Options{Notify: func(context.Context, factor.Notice) error { return down }})
	if err := e.Admin.SetPIN(t.Context(), alice, "8299"); err != nil {
		t.Fatal(err)
	}
	if told := e.Notices(); len(told) != 0 {
		t.Fatalf("told %v while mail was down", told)
	}
	down = nil
	e.Clock.Turn(2 * time.Minute)
	if _, err := e.Admin.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := e.Admin.RemovePIN(t.Context(), alice); err != nil {
		t.Fatal(err)
	}
	var told []factor.Action
	for _, n := range e.Notices() {
		told = append(told, n.Event.Action)
	}
	if want := []factor.Action{factor.ActionPINSet, factor.ActionPINRemoved}; !slices.Equal(told, want) {
		t.Fatalf("told %v, want %v", told, want)
	}

	silent := factortest.New(t, nil)
	if err := silent.Admin.SetPIN(t.Context(), alice, "8299"); err != nil {
		t.Fatal(err)
	}
	if told := silent.Notices(); len(told) != 0 {
		t.Fatalf("told %v without Options.Notify", told)
	}
}

func TestCodesThatCannotBeMadeFailTheTest(t *testing.T) {
	r := &recorder{}
	e := factortest.New(r, &factor.Options{OTP: factor.OTPOptions{Interval: time.Minute}})
	e.MailedCode(alice, factor.KindLogin)
	e.MailedCode(alice, factor.KindLogin) // too soon
	e.MailedCode(alice, factor.KindTOTP)
	e.MailedCode(alice, factor.KindAccount, "")
	e.Store.Down(nil)
	e.RecoveryCodes(alice)
	if len(r.failed) != 4 {
		t.Fatalf("said %q", r.failed)
	}
}
