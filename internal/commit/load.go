package commit

import (
	"math/rand/v2"
	"time"

	"github.com/knowhave/factor/internal/keylock"
)

// maxBackoff bounds the wait before a lost swap is tried again.
const maxBackoff = 100 * time.Millisecond

// load loads the record, unless the call that had the slow lock before has left it.
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

// reload loads after a swap that was not answered with nil, at once the first
// time and then after a wait, longer each time and drawn at random, so that
// processes that meet on one key do not meet again.
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

// invalidate forgets the record, because the store is about to be asked about it.
func (c *Call) invalidate() {
	if c.slowLocked {
		c.cached = keylock.Cached[*Record]{After: c.How.Slow.locks.Last()}
	}
}

// remember keeps what the store has answered. What a call with a slow lock leaves
// spares the next one a load.
func (c *Call) remember(r Record) {
	if c.slowLocked {
		known := r // r itself would be allocated in every call
		c.cached.Value = &known
	}
}
