package factor_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
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
func TestSweepLeavesUsersAloneWhoAreNotDue(t *testing.T) {
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

// behind lists the users who were due when it last caught up.
type behind struct {
	*memstore.Store
	due []string
}

func (b *behind) catchUp(ctx context.Context, at time.Time) (err error) {
	b.due, err = b.Store.List(ctx, "", at, 100)
	return err
}

func (b *behind) List(_ context.Context, after string, _ time.Time, _ int) ([]string, error) {
	i, found := slices.BinarySearch(b.due, after)
	if found {
		i++
	}
	return b.due[i:], nil
}

// A due list may be behind the records, in both directions. Sweep passes over a user
// who is listed for nothing, ends, and finds the others when it comes again.
func TestSweepComesAgainWhereTheDueListIsBehind(t *testing.T) {
	store := &behind{Store: memstore.New()}
	k := newKitOn(t, &tap{Store: store})
	sweep := func(want int, swaps int64, when string) {
		t.Helper()
		before := k.swaps.Load()
		n, err := k.admin.Sweep(t.Context())
		if n != want || err != nil || int64(k.swaps.Load()-before) != swaps {
			t.Fatalf("%s: Sweep = %d, %v with %d swaps; want %d with %d", when, n, err, k.swaps.Load()-before, want, swaps)
		}
	}
	k.issue(factor.KindLogin)
	k.Turn(time.Hour)
	sweep(0, 0, "a code has ended that the list does not know of")
	k.ok(store.catchUp(t.Context(), k.Now()))
	sweep(1, 1, "the list knows of it")
	sweep(0, 0, "the list does not know that it was swept")
	k.Turn(25 * time.Hour)
	k.ok(store.catchUp(t.Context(), k.Now()))
	sweep(1, 1, "the empty record is removed")
	sweep(0, 0, "the list does not know that it is gone")
	if r, err := store.Load(t.Context(), alice); err != nil || !r.IsZero() {
		t.Fatalf("a sweep of nobody left %v, %v", r, err)
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
	k.Turn(time.Hour)
	if n, err := k.admin.Sweep(t.Context()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	k.Turn(25 * time.Hour)
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

func TestSweepJoinsAHundredErrorsAndCountsTheRest(t *testing.T) {
	k := newKit(t)
	k.onTheMinute()
	k.wipe = errBusy
	for i := range 150 {
		k.is(k.guard.Forfeit(t.Context(), fmt.Sprintf("user%03d", i)), factor.ErrWipePending)
	}
	n, err := k.admin.Sweep(t.Context())
	var joined interface{ Unwrap() []error }
	if n != 0 || !errors.As(err, &joined) || len(joined.Unwrap()) != 101 {
		t.Fatalf("changed %d, %v", n, err)
	}
	all := joined.Unwrap()
	for i, err := range all[:100] {
		var of *factor.UserError
		if !errors.As(err, &of) || of.User != fmt.Sprintf("user%03d", i) || !errors.Is(err, factor.ErrWipePending) || !errors.Is(err, errBusy) {
			t.Fatalf("error %d is %v", i, err)
		}
	}
	if rest := all[100]; !strings.Contains(rest.Error(), "50 more users") || !errors.Is(rest, factor.ErrWipePending) || errors.Is(rest, factor.ErrUnsealed) {
		t.Fatal(rest)
	}
	if strings.Contains(err.Error(), "user0") {
		t.Fatalf("the text names users: %v", err)
	}
}

// A process that cannot wipe leaves the wipe, at once, to one that can.
func TestSweepWithoutWipePostponesNothing(t *testing.T) {
	k := newKit(t)
	k.onTheMinute()
	k.wipe = errBusy
	k.is(k.guard.Forfeit(t.Context(), alice), factor.ErrWipePending)
	k.wipe = nil
	v, err := factor.NewVerifier(k.Store, keyring(t), &factor.Options{Now: k.Now})
	k.ok(err)
	before, _ := k.Store.Load(t.Context(), alice)
	for range 3 {
		n, err := factor.NewAdmin(v).Sweep(t.Context())
		k.is(err, factor.ErrWipePending)
		if n != 0 || !strings.Contains(err.Error(), "Wipe was not called: it is not set") {
			t.Fatalf("changed %d, %v", n, err)
		}
	}
	if after, _ := k.Store.Load(t.Context(), alice); after.Version != before.Version {
		t.Error("the record was changed")
	}
	if n, err := k.admin.Sweep(t.Context()); n != 1 || err != nil {
		t.Fatalf("changed %d, %v", n, err)
	}
}

// A wipe whose host function calls Sweep with its own context is finished by the
// call, and put off by nobody.
func TestSweepInsideWipePassesOverIt(t *testing.T) {
	var k *kit
	k = newKit(t, func(o *factor.Options) {
		o.Wipe = func(ctx context.Context, w factor.Wipe) error {
			n, err := k.admin.Sweep(ctx)
			if n != 0 || !errors.Is(err, factor.ErrWipePending) {
				t.Errorf("changed %d, %v", n, err)
			}
			k.is(k.admin.Forget(ctx, w.User), factor.ErrWipePending)
			_, err = k.dev.Enroll(ctx, w.User, uuid.New(), factor.Credentials{})
			k.is(err, factor.ErrWipePending)
			k.is(k.guard.Prove(ctx, w.User, factor.Credentials{PIN: rightPIN}), factor.ErrWipePending)
			return nil
		}
	})
	k.onTheMinute()
	k.ok(k.guard.Forfeit(t.Context(), alice))
	if slices.Contains(k.actions(), factor.ActionWipeFailed) {
		t.Error("a wipe that was not called has failed")
	}
	k.is(k.guard.Prove(t.Context(), alice, factor.Credentials{PIN: rightPIN}), factor.ErrWiped)
}
