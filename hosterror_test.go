package factor_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"golang.org/x/crypto/bcrypt"
)

// answers are the errors by which factor tells what it has decided.
var answers = []error{
	factor.ErrMalformed, factor.ErrNoCredential, factor.ErrWeakPIN, factor.ErrMismatch, factor.ErrLocked,
	factor.ErrNotEnrolled, factor.ErrAlreadyEnrolled, factor.ErrUnknownDevice, factor.ErrDeviceLimit,
	factor.ErrWiped, factor.ErrWipePending,
}

// likeAnswers returns faults that match an answer, each with another fault.
func likeAnswers() (faults []error) {
	for _, answer := range answers {
		faults = append(faults, fmt.Errorf("elsewhere: %w: %w", answer, errBusy))
	}
	detail := &factor.LockedError{Kind: factor.KindPIN}
	return append(faults, fmt.Errorf("elsewhere: %w: %w", detail, errBusy))
}

// isFault fails unless the error is the fault, and none of the answers.
func isFault(t *testing.T, err error, but ...error) {
	t.Helper()
	if !errors.Is(err, errBusy) {
		t.Errorf("got %v, want the fault", err)
	}
	for _, answer := range answers {
		if errors.Is(err, answer) && (len(but) == 0 || answer != but[0]) {
			t.Errorf("the fault %q matches %q", err, answer)
		}
	}
	var locked *factor.LockedError
	if errors.As(err, &locked) {
		t.Errorf("the fault %q has details of a lock", err)
	}
}

// A fault of the store or the host that matches an answer of factor is none.
func TestAFaultIsNoAnswer(t *testing.T) {
	for _, fault := range likeAnswers() {
		k := newKit(t, func(o *factor.Options) {
			o.RegisteredAt = func(context.Context, string) (time.Time, error) { return time.Time{}, fault }
		})
		if !errors.Is(fault, factor.ErrMismatch) {
			k.onCheck = func(context.Context) error { return fault }
			isFault(t, k.v.VerifyPassword(t.Context(), alice, rightPW))
		}
		_, err := k.dev.Enroll(t.Context(), alice, uuid.New(), factor.Credentials{})
		isFault(t, err)

		k.setPIN()
		k.onSwap = func(context.Context, factor.Record, func() error) error { return fault }
		isFault(t, k.guard.Prove(t.Context(), alice, factor.Credentials{PIN: rightPIN}))
		k.onLoad = func(context.Context) error { return fault }
		isFault(t, k.guard.Prove(t.Context(), "bob", factor.Credentials{PIN: rightPIN}))
		isFault(t, second(k.pins.Wait(t.Context(), "bob", time.Second)))
		isFault(t, second(k.admin.Status(t.Context(), alice)))
	}
}

// A reset does not go on while the data exists, whatever Wipe returns.
func TestAFaultOfWipeIsNotErrWiped(t *testing.T) {
	for _, fault := range likeAnswers() {
		k := newKit(t)
		k.onTheMinute()
		k.wipe = fault
		isFault(t, k.guard.Forfeit(t.Context(), alice), factor.ErrWipePending)
		isFault(t, k.guard.Prove(t.Context(), alice, factor.Credentials{PIN: rightPIN}), factor.ErrWipePending)
		isFault(t, k.admin.Forget(t.Context(), alice), factor.ErrWipePending)
		isFault(t, second(k.admin.Sweep(t.Context())), factor.ErrWipePending)
	}
}

// A CheckPassword that returns another Verifier's mismatch has said no.
func TestAMismatchFromCheckPasswordCounts(t *testing.T) {
	k := newKit(t)
	k.onCheck = func(context.Context) error {
		return fmt.Errorf("elsewhere: %w", &factor.MismatchError{Kind: factor.KindPassword, Remaining: 9})
	}
	for left := 4; left >= 0; left-- {
		err := k.v.VerifyPassword(t.Context(), alice, "wrong")
		var m *factor.MismatchError
		if !errors.As(err, &m) || m.Remaining != left {
			t.Fatalf("got %v, want %d left", err, left)
		}
	}
	k.is(k.v.VerifyPassword(t.Context(), alice, rightPW), factor.ErrLocked)
}

func TestBcryptsMismatchIsNoFault(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte(rightPW), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	for _, wrap := range []string{"%w", "users: %w"} {
		k := newKit(t, func(o *factor.Options) {
			o.CheckPassword = func(_ context.Context, _, password string) (bool, error) {
				if err := bcrypt.CompareHashAndPassword(hash, []byte(password)); err != nil {
					return true, fmt.Errorf(wrap, err)
				}
				return true, nil
			}
		})
		k.ok(k.v.VerifyPassword(t.Context(), alice, rightPW))
		for range 5 {
			k.is(k.v.VerifyPassword(t.Context(), alice, "wrong"), factor.ErrMismatch)
		}
		k.is(k.v.VerifyPassword(t.Context(), alice, "wrong"), factor.ErrLocked)
	}
}
