package cut

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

func TestStatementIsCutWhereItIsSaid(t *testing.T) {
	for _, m := range modes {
		t.Run(m.name, func(t *testing.T) {
			l := m.open(t, table(fmt.Sprintf("factor_proxy_%x", time.Now().UnixNano())))
			ctx := context.Background()
			swap := func(s factor.Store, old, next int64) error {
				return s.CompareAndSwap(ctx, user, old, factor.Record{Data: []byte("sealed"), Version: next})
			}
			stored := func() int64 {
				r, err := l.direct.Load(ctx, user)
				if err != nil {
					t.Fatal(err)
				}
				return r.Version
			}
			for _, reset := range []bool{false, true} {
				for _, c := range []struct {
					Point
					soon, second, last int64 // versions at once, after a second swap to 9, and in the end
				}{
					{Before, 1, 9, 9}, {Answered, 2, 2, 2}, {LateFirst, 1, 2, 2}, {LateLast, 1, 9, 9},
				} {
					if err := l.reset(&state{record: factor.Record{Data: []byte("sealed"), Version: 1}}); err != nil {
						t.Fatal(err)
					}
					at := 1
					if m.prepares { // first
						l.reconnect()
						at = 2
					}
					l.proxy.Begin(Cut{At: at, Point: c.Point, Reset: reset})
					if err := swap(l.store, 1, 2); err == nil || errors.Is(err, factor.ErrConflict) {
						t.Errorf("%v: the swap is answered with %v", c.Point, err)
					}
					if got := stored(); got != c.soon {
						t.Errorf("%v: version %d is stored at once, want %d", c.Point, got, c.soon)
					}
					if err := swap(l.store, 1, 9); (err == nil) != (c.second == 9) {
						t.Errorf("%v: the second swap is answered with %v", c.Point, err)
					}
					if got := stored(); got != c.second {
						t.Errorf("%v: version %d is stored after the second swap, want %d", c.Point, got, c.second)
					}
					trace, err := l.proxy.End()
					if err != nil || !trace.Cut || countWrites(trace.Requests) != 2 {
						t.Errorf("%v: the proxy saw %s and says %v", c.Point, sent(trace.Requests), err)
					}
					if got := stored(); got != c.last {
						t.Errorf("%v: version %d is stored in the end, want %d", c.Point, got, c.last)
					}
				}
			}
		})
	}
}

// A cut for good lasts until the operation ends.
func TestNobodyConnectsAfterACutForGood(t *testing.T) {
	for _, m := range modes {
		l := m.open(t, table(fmt.Sprintf("factor_proxy_%x", time.Now().UnixNano())))
		l.proxy.Begin(Cut{At: 1, Point: Unanswered, ForGood: true})
		for range 2 {
			if _, err := l.store.Load(t.Context(), user); err == nil {
				t.Errorf("%s: a load is answered", m.name)
			}
		}
		trace, err := l.proxy.End()
		if err != nil || len(trace.Requests) != 1 {
			t.Errorf("%s: the proxy saw %s and says %v", m.name, sent(trace.Requests), err)
		}
		if _, err := l.store.Load(t.Context(), user); err != nil {
			t.Errorf("%s: after the operation a load is answered with %v", m.name, err)
		}
	}
}

func TestEveryMethodThatAsksTheStoreIsCut(t *testing.T) {
	v := newViews(&watched{}, &host{now: now})
	for _, view := range []any{v.V, v.PINs, v.Codes, v.Devices, v.Auth, v.Recovery, v.Guard, v.Admin} {
		typ := reflect.TypeOf(view)
		for i := range typ.NumMethod() {
			m := typ.Method(i)
			if m.Type.NumIn() < 2 || m.Type.In(1) != reflect.TypeFor[context.Context]() {
				continue
			}
			name := typ.Elem().Name() + "." + m.Name
			if !slices.ContainsFunc(operations, func(o *operation) bool { return o.method == name }) {
				t.Errorf("%s is in no operation", name)
			}
		}
	}
}
