package factor_test

import (
	"context"
	"errors"
	"testing"

	"github.com/knowhave/factor"
)

// A host may keep the context that one of its functions was given, for a worker
// that lives on or for its tracing. A later call with it is like any other: it is
// not inside the function, which has returned.
func TestAKeptContextIsInsideNothing(t *testing.T) {
	var checked, observed, wiped context.Context
	first := errors.New("down")
	k := newKit(t, func(o *factor.Options) {
		observe := o.Observe
		o.Observe = func(ctx context.Context, e factor.Event) {
			observed = ctx
			observe(ctx, e)
		}
		o.Wipe = func(ctx context.Context, _ factor.Wipe) error {
			if wiped != nil {
				return nil
			}
			wiped = context.WithoutCancel(ctx)
			return first
		}
	})
	k.onCheck = func(ctx context.Context) error { checked = ctx; return nil }
	k.ok(k.v.VerifyPassword(t.Context(), alice, rightPW))
	k.is(k.guard.Forfeit(t.Context(), alice), first)

	k.ok(k.v.VerifyPassword(checked, alice, rightPW))
	before := len(k.actions())
	k.is(k.v.VerifyPassword(observed, alice, "wrong"), factor.ErrMismatch)
	if n := len(k.actions()) - before; n != 1 {
		t.Errorf("%d events of a call with Observe's context, after Observe has returned; want 1", n)
	}
	k.ok(k.admin.Forget(wiped, alice)) // which finishes the wipe
}

// A kept context must not let a call pass by the lock of those that hash.
func TestAKeptContextTakesTheSlowLock(t *testing.T) {
	var kept context.Context
	k := newKit(t)
	k.onCheck = func(ctx context.Context) error { kept = ctx; return nil }
	k.ok(k.v.VerifyPassword(t.Context(), alice, rightPW))
	held := 0
	k.onCheck = func(context.Context) error { held = factor.LocksHeld(k.v); return nil }
	k.ok(k.v.VerifyPassword(kept, alice, rightPW))
	if held != 1 {
		t.Errorf("%d locks are held while the password is checked, want 1", held)
	}
}
