package cluster

import (
	"context"
	"errors"
	"testing"

	"github.com/knowhave/factor"
)

// scripted is a store that answers swaps with one error and loads with one
// version, or with an error if that is 0.
type scripted struct {
	factor.Store
	swap    error
	version int64
}

func (s scripted) Load(context.Context, string) (factor.Record, error) {
	if s.version == 0 {
		return factor.Record{}, errors.New("no answer")
	}
	return factor.Record{Version: s.version, Data: []byte{1}}, nil
}

func (s scripted) CompareAndSwap(context.Context, string, int64, factor.Record) error { return s.swap }

func TestEffortTellsHowAnUnknownSwapWasResolved(t *testing.T) {
	unknown := errors.New("connection lost")
	for _, c := range []struct {
		name  string
		store scripted
		want  effort
	}{
		{"answered", scripted{version: 2}, effort{Swaps: 1}},
		{"lost", scripted{swap: factor.ErrConflict, version: 3}, effort{Swaps: 1, Conflicts: 1}},
		{"landed", scripted{swap: unknown, version: 2}, effort{Swaps: 1, Unknowns: 1, Landed: 1}},
		{"to be tried again", scripted{swap: unknown, version: 1}, effort{Swaps: 1, Unknowns: 1, Repeated: 1}},
		{"overtaken", scripted{swap: unknown, version: 3}, effort{Swaps: 1, Unknowns: 1}},
		{"not found out", scripted{swap: unknown}, effort{Swaps: 1, Unknowns: 1}},
	} {
		tr := &trace{}
		ctx, store := traced(t.Context(), tr), watched{c.store}
		_ = store.CompareAndSwap(ctx, "user", 1, factor.Record{Version: 2, Data: []byte{1}})
		_, _ = store.Load(ctx, "user")
		if got := tr.effort; got.Swaps != c.want.Swaps || got.Conflicts != c.want.Conflicts || got.Unknowns != c.want.Unknowns ||
			got.Landed != c.want.Landed || got.Repeated != c.want.Repeated {
			t.Errorf("a swap that is %s: %+v, want %+v", c.name, got, c.want)
		}
	}
}
