package commit

import (
	"math/rand/v2"
	"time"

	"github.com/knowhave/factor/internal/keylock"
)

// maxBackoff bounds the wait before the next try after a lost swap.
const maxBackoff = 100 * time.Millisecond

// load loads the record, unless the last holder of the slow lock has passed it on.
func (c *Call) load() (Record, error) {
	if c.cached.Value != nil {
		return *c.cached.Value, nil
	}
	c.invalidate()
	base, err := c.Loop.records.Load(c.Ctx, c.Key)
	if err == nil {
		c.remember(base)
	}
	return base, err
}

// reload loads after a failed swap: at once the first time, then after a random
// wait that grows, so that processes that meet on one key do not meet again.
func (c *Call) reload(try int) (Record, error) {
	ctx := c.commitCtx()
	if try > 0 {
		longest := min(time.Millisecond<<min(try, 10), maxBackoff)
		wait := time.NewTimer(rand.N(longest))
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-ctx.Done():
			return Record{}, ctx.Err()
		}
	}
	return c.Loop.records.Load(ctx, c.Key)
}

// invalidate drops the cached record before the next request to the store.
func (c *Call) invalidate() {
	if c.slowLocked {
		c.cached = keylock.Cached[*Record]{After: c.How.Slow.locks.Last()}
	}
}

// remember caches the record. It saves the next holder of the slow lock a load.
func (c *Call) remember(r Record) {
	if c.slowLocked {
		known := r // keeps r off the heap in other calls
		c.cached.Value = &known
	}
}
