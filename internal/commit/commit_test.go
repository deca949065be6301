package commit

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// Outcomes of one swap.
func lost(context.Context, func() error) error           { return errConflict }
func failed(context.Context, func() error) error         { return errBroken }
func unheard(_ context.Context, do func() error) error   { _ = do(); return errBroken }
func sentTwice(_ context.Context, do func() error) error { _ = do(); return do() }

// A change is made once, whatever becomes of its swaps, or the error says that it
// may have been.
func TestAChangeIsMadeOnce(t *testing.T) {
	for _, c := range []struct {
		name   string
		swaps  []func(context.Context, func() error) error
		text   string
		before string
		err    error
	}{
		{"stored", nil, "ab", "a", nil},
		{"lost once", []func(context.Context, func() error) error{lost}, "ab", "a", nil},
		{"not written", []func(context.Context, func() error) error{failed}, "ab", "a", nil},
		{"written, but unheard", []func(context.Context, func() error) error{unheard}, "ab", "a", nil},
		{"sent twice by a driver", []func(context.Context, func() error) error{sentTwice}, "ab", "a", nil},
		{"twice in the dark, then heard", []func(context.Context, func() error) error{failed, failed}, "ab", "a", nil},
		{"three times in the dark", []func(context.Context, func() error) error{failed, failed, failed}, "a", "", errBroken},
		{"shown, but not kept", []func(context.Context, func() error) error{unheard, failed}, "ab", "", errBroken},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // waits between tries cost nothing
				m := &memory{}
				l := New(m, errConflict)
				run(t.Context(), l, How{}, "a")
				m.onSwap = c.swaps
				got := run(t.Context(), l, How{}, "b")
				if m.text("key") != c.text || got.Value != c.before || !errors.Is(got.Err, c.err) {
					t.Errorf("answered %q, %v; stored %q", got.Value, got.Err, m.text("key"))
				}
			})
		})
	}
}

// If another call wins the swap, the job is applied to the newly stored state.
func TestALostSwapIsAppliedAgain(t *testing.T) {
	m := &memory{}
	l, other := New(m, errConflict), New(m, errConflict)
	m.onSwap = []func(context.Context, func() error) error{func(_ context.Context, do func() error) error {
		run(t.Context(), other, How{}, "x")
		return do()
	}}
	if got := run(t.Context(), l, How{}, "y"); got.Err != nil || got.Value != "x" || got.tries != 2 || m.text("key") != "xy" {
		t.Fatalf("answered %q, %v after %d tries; stored %q", got.Value, got.Err, got.tries, m.text("key"))
	}
}

// Another call's write over an unknown one leaves the outcome open.
func TestAnUnknownSwapThatIsWrittenOverIsOpen(t *testing.T) {
	m := &memory{}
	l, other := New(m, errConflict), New(m, errConflict)
	m.onSwap = []func(context.Context, func() error) error{func(_ context.Context, do func() error) error {
		_ = do()
		run(t.Context(), other, How{}, "x")
		return errBroken
	}}
	if got := run(t.Context(), l, How{}, "y"); got.Err != errBroken || got.Value != "" || got.tries != 1 || m.text("key") != "yx" {
		t.Fatalf("answered %q, %v after %d tries; stored %q", got.Value, got.Err, got.tries, m.text("key"))
	}
}

func TestOthersThatAlwaysWinEndInAConflict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		m.onSwap = make([]func(context.Context, func() error) error, 10000)
		for i := range m.onSwap {
			m.onSwap[i] = lost
		}
		began := time.Now()
		got := run(t.Context(), New(m, errConflict), How{}, "a")
		if took := time.Since(began); got.Err != errConflict || took < timeout || took > timeout+time.Second {
			t.Errorf("%v after %v", got.Err, took)
		}
		if m.swaps < 50 || m.swaps > 1000 { // at most 100 ms apart
			t.Errorf("%d tries in %v", m.swaps, timeout)
		}
	})
}

func TestNothingIsSwappedForAJobThatLeavesNothing(t *testing.T) {
	m := &memory{}
	l := New(m, errConflict)
	refused := errors.New("refused")
	a := &addition{Call: Call{Loop: l, Ctx: t.Context(), Key: "key", How: How{}}}
	a.apply = func(State) (State, bool) { a.Err = refused; return State{}, false }
	a.Run(a)
	if a.Err != refused || m.swaps != 0 || m.loads != 1 || l.Keys() != 0 {
		t.Fatalf("%v after %d loads and %d swaps, with %d locks held", a.Err, m.loads, m.swaps, l.Keys())
	}
}

func TestAJobMayRemoveTheRecord(t *testing.T) {
	m := &memory{}
	l := New(m, errConflict)
	run(t.Context(), l, How{}, "a")
	a := &addition{Call: Call{Loop: l, Ctx: t.Context(), Key: "key", How: How{}}, apply: func(State) (State, bool) { return State{Absent: true}, true }}
	if a.Run(a); a.Err != nil || len(m.kept) != 0 {
		t.Fatalf("%v, and %d records are left", a.Err, len(m.kept))
	}
}

// A record that does not open is an error, except for a call that overwrites it.
func TestARecordThatDoesNotOpen(t *testing.T) {
	m := &memory{kept: map[string]Record{"key": {Data: []byte("of another: a"), Version: 7}}}
	l := New(m, errConflict)
	if got := run(t.Context(), l, How{}, "b"); got.Err != errBroken || got.tries != 0 || m.swaps != 0 {
		t.Errorf("%v after %d swaps", got.Err, m.swaps)
	}
	if got := run(t.Context(), l, How{Overwrite: true}, "b"); got.Err != nil || m.text("key") != "b" {
		t.Errorf("%v, stored %q", got.Err, m.text("key"))
	}
}

// A fault ends the call without leaving a lock.
func TestAFaultEndsTheCall(t *testing.T) {
	fails := func(context.Context) error { return errBroken }
	for name, m := range map[string]*memory{
		"load":                  {onLoad: fails},
		"seal":                  {onSeal: errBroken},
		"reload after conflict": {},
	} {
		l := New(m, errConflict)
		if m.onLoad == nil && m.onSeal == nil {
			m.onSwap = []func(context.Context, func() error) error{func(context.Context, func() error) error { m.onLoad = fails; return errConflict }}
		}
		if got := run(t.Context(), l, How{}, "a"); got.Err != errBroken || got.Value != "" || l.Keys() != 0 {
			t.Errorf("%s: %q, %v, with %d locks held", name, got.Value, got.Err, l.Keys())
		}
	}
}

type valueKey struct{}

// The caller's end ends the load, but not the swap.
func TestASwapOutlivesItsCaller(t *testing.T) {
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), valueKey{}, "value"))
	m := &memory{}
	m.onSwap = []func(context.Context, func() error) error{func(ctx context.Context, do func() error) error {
		cancel()
		if _, ends := ctx.Deadline(); !ends || ctx.Err() != nil || ctx.Value(valueKey{}) != "value" {
			t.Errorf("the swap's context ends with the caller's, or never, or has lost its values")
		}
		return do()
	}}
	l := New(m, errConflict)
	if got := run(ctx, l, How{}, "a"); got.Err != nil || m.text("key") != "a" {
		t.Errorf("%v, stored %q", got.Err, m.text("key"))
	}
	if got := run(ctx, l, How{}, "a"); got.Err != context.Canceled || m.swaps != 1 {
		t.Errorf("a caller who has left is answered %v after %d swaps", got.Err, m.swaps)
	}
}
