package bench

import (
	"context"
	"sync/atomic"

	"github.com/knowhave/factor"
)

// counted counts what a store is asked.
type counted struct {
	factor.Store
	calls atomic.Int64 // of Load and Versions
	loads atomic.Int64
	asked atomic.Int64 // users, of all the calls
}

// countedLister is counted over a store that lists versions.
type countedLister struct {
	*counted
	lister factor.VersionLister
}

// count returns a store that counts and has the abilities of the one that it
// counts for.
func count(store factor.Store) (*counted, factor.Store) {
	c := &counted{Store: store}
	if lister, ok := store.(factor.VersionLister); ok {
		return c, &countedLister{c, lister}
	}
	return c, c
}

func (c *counted) Load(ctx context.Context, user string) (factor.Record, error) {
	c.calls.Add(1)
	c.loads.Add(1)
	c.asked.Add(1)
	return c.Store.Load(ctx, user)
}

func (c *countedLister) Versions(ctx context.Context, users []string) ([]int64, error) {
	c.calls.Add(1)
	c.asked.Add(int64(len(users)))
	return c.lister.Versions(ctx, users)
}
