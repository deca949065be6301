package memstore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/memstore"
	"github.com/knowhave/factor/storetest"
)

func TestKeepsTheContract(t *testing.T) {
	storetest.Run(t, func(*testing.T) factor.Store { return memstore.New() })
}

func TestALimitOfZeroListsNobody(t *testing.T) {
	store := memstore.New()
	if err := store.CompareAndSwap(t.Context(), "alice", 0, factor.Record{Data: []byte("x"), Version: 1}); err != nil {
		t.Fatal(err)
	}
	for _, limit := range []int{0, -1} {
		users, err := store.List(t.Context(), "", time.Time{}, limit)
		if err != nil || len(users) != 0 {
			t.Fatalf("List with limit %d = %q, %v; want none", limit, users, err)
		}
	}
}

// A record is replaced only by who has seen its newest version.
func ExampleNew() {
	ctx := context.Background()
	store := memstore.New()

	first := factor.Record{Data: []byte("sealed"), Version: 7}
	fmt.Println(store.CompareAndSwap(ctx, "alice", 0, first))

	late := store.CompareAndSwap(ctx, "alice", 0, factor.Record{Data: []byte("late"), Version: 8})
	fmt.Println(errors.Is(late, factor.ErrConflict))

	r, err := store.Load(ctx, "alice")
	fmt.Printf("%s %v\n", r.Data, err)
	// Output:
	// <nil>
	// true
	// sealed <nil>
}
