package factor_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/memstore"
)

// hasty lists every user as due.
type hasty struct{ *memstore.Store }

func (h hasty) List(ctx context.Context, after string, _ time.Time, limit int) ([]string, error) {
	return h.Store.List(ctx, after, time.Time{}, limit)
}

// A list may be older than the record: of whom nothing is due any more, nothing
// is changed.
func TestSweepLeavesAloneOfWhomNothingIsDue(t *testing.T) {
	for name, hold := range map[string]func(*kit){
		"nothing that ends": func(k *kit) { k.setPIN() },
		"what ends later":   func(k *kit) { k.issue(factor.KindLogin) },
	} {
		k := newKitOn(t, &tap{Store: hasty{memstore.New()}})
		hold(k)
		before := k.swaps.Load()
		if n, err := k.admin.Sweep(t.Context()); n != 0 || err != nil || k.swaps.Load() != before {
			t.Errorf("%s: %d changed with %d swaps: %v", name, n, k.swaps.Load()-before, err)
		}
	}
}

// stuck lists the same user for ever.
type stuck struct {
	*memstore.Store
	asked int
}

func (s *stuck) List(context.Context, string, time.Time, int) ([]string, error) {
	if s.asked++; s.asked > 10 {
		return nil, nil
	}
	return []string{alice}, nil
}

// A store whose pages do not go on is a fault, even if they do not go back.
func TestUsersEndsAtAStoreThatStandsStill(t *testing.T) {
	k := newKitOn(t, &tap{Store: &stuck{Store: memstore.New()}})
	var users []string
	var last error
	for user, err := range k.admin.Users(t.Context(), "") {
		if last = err; err == nil {
			users = append(users, user)
		}
	}
	if last == nil || len(users) != 1 {
		t.Fatalf("users %q, then %v", users, last)
	}
}

// A removal leaves no version behind, so none that is found after one whose
// outcome is unknown is its own, not even the lowest there is.
func TestARecordThatIsThereIsNoSignOfItsRemoval(t *testing.T) {
	k := newKit(t)
	k.issue(factor.KindLogin)
	k.turn(time.Hour)
	if n, err := k.admin.Sweep(t.Context()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	k.turn(25 * time.Hour)
	k.onSwap = func(ctx context.Context, next factor.Record, do func() error) error {
		if !next.IsZero() {
			return do()
		}
		k.other().issue(factor.KindLogin)
		rec, err := k.Store.Load(ctx, alice)
		k.ok(err)
		written := rec.Version
		rec.Version = 1
		k.ok(k.Store.CompareAndSwap(ctx, alice, written, rec))
		return errDown
	}
	if n, err := k.admin.Sweep(t.Context()); n != 0 || !errors.Is(err, errDown) {
		t.Fatalf("%d changed, %v", n, err)
	}
}
