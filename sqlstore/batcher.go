package sqlstore

import (
	"context"
	"database/sql"
	"slices"
	"sync"
	"time"
)

const (
	// batchSize is how many requests share a statement, or a transaction, at most.
	batchSize = 256
	// lanePatience is how long a batcher waits for a statement before it makes others
	// beside it. So one that waits for a lock holds up only those who share it.
	lanePatience = 50 * time.Millisecond
	// crowdSize is how many have to wait for a second lane to open, if as many are
	// being served. A smaller batch costs more than it wins.
	crowdSize = 32
	// serialTimeout is how long a batch may take that nothing is made beside.
	serialTimeout = 5 * time.Second
)

// A batcher makes the requests of one kind. A request that comes while no other is
// being made is made at once and on its own: nobody waits for company. Those that
// come meanwhile are made together once that is done, in the same lane. Each has an
// outcome of its own.
type batcher struct {
	db       *sql.DB
	dialect  *Dialect
	together together
	size     int // of a batch at most
	// serial is whether nothing may be made beside a batch, for a database with one
	// lock for all writes, whose connections would get in each other's way.
	serial bool

	mu       sync.Mutex
	lanes    []*lane // those in use, the oldest first
	queue    queue   // empty if none is
	watching bool    // a timer looks after the queue
}

// A lane is the right to make one request or batch, and then to take the next one
// out of the queue. A lane that takes too long loses that right.
type lane struct {
	since time.Time
	size  int // how many are being served
}

// do makes a request, by alone or together with others, and returns its error. If
// the context ends while it is made with others, its outcome is open.
func (b *batcher) do(r *request, alone func() error) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	mine := b.enter(r)
	if mine == nil {
		select {
		case <-r.done:
		case <-r.ctx.Done():
			b.leave(r)
			return r.ctx.Err()
		}
		if !r.alone {
			return r.err
		}
		mine = r.lane
	}
	if mine != nil {
		defer b.handOver(mine)
	}
	return alone()
}

// enter returns a lane, or nil if the request has to wait for its outcome.
func (b *batcher) enter(r *request) *lane {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.lanes) == 0 {
		return b.open(1)
	}
	b.queue.push(r)
	if b.crowded() {
		b.start(b.take())
	}
	b.watch()
	return nil
}

// open opens a lane for so many requests. b.mu is held.
func (b *batcher) open(size int) *lane {
	l := &lane{time.Now(), size}
	b.lanes = append(b.lanes, l)
	return l
}

// crowded reports whether a second lane is due. b.mu is held.
func (b *batcher) crowded() bool {
	return !b.serial && len(b.lanes) == 1 && b.queue.length >= max(crowdSize, b.lanes[0].size)
}

// leave is called by those who give up. The last one ends the statement.
func (b *batcher) leave(r *request) {
	b.mu.Lock()
	b.queue.remove(r)
	if r.batch != nil {
		if r.batch.waiting--; r.batch.waiting == 0 {
			r.batch.cancel()
		}
	}
	given := r.lane
	b.mu.Unlock()
	if given != nil {
		b.handOver(given)
	}
}

// watch has somebody look at the oldest lane once it may have taken too long. b.mu
// is held.
func (b *batcher) watch() {
	if b.watching || b.serial || b.queue.length == 0 {
		return
	}
	b.watching = true
	time.AfterFunc(lanePatience-time.Since(b.lanes[0].since), func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.watching = false
		if b.queue.length > 0 && time.Since(b.lanes[0].since) >= lanePatience {
			b.start(b.follow(b.lanes[0]))
		}
		b.watch()
	})
}

// handOver ends a lane. If somebody waits, another one opens.
func (b *batcher) handOver(mine *lane) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.start(b.follow(mine))
}

// start makes a batch, if there is one, in a goroutine of its own.
func (b *batcher) start(next *batch) {
	if next != nil {
		go b.run(next)
	}
}

// run makes batches until nobody waits, even if the driver ends the goroutine.
func (b *batcher) run(next *batch) {
	returned := false
	defer func() {
		if !returned {
			b.handOver(next.lane)
		}
	}()
	for next != nil {
		b.make(next)
		b.mu.Lock()
		next = b.follow(next.lane)
		b.mu.Unlock()
	}
	returned = true
}

// follow returns the batch that comes after what was made in a lane: none if nobody
// waits, or if somebody else has taken over. b.mu is held.
func (b *batcher) follow(mine *lane) *batch {
	i := slices.Index(b.lanes, mine)
	if i < 0 {
		return nil
	}
	b.lanes = slices.Delete(b.lanes, i, i+1)
	if len(b.lanes) > 0 && !b.crowded() {
		return nil // The other lane serves them.
	}
	return b.take()
}

// take takes those who wait, and opens a lane for them. It returns no batch where
// nobody waits, or only one does, who then has the lane. b.mu is held.
func (b *batcher) take() *batch {
	requests := b.queue.take(b.size)
	if len(requests) == 0 {
		return nil
	}
	mine := b.open(len(requests))
	b.watch()
	if len(requests) == 1 {
		requests[0].lane = mine
		requests[0].sendBack()
		return nil
	}
	// The values of a context, such as a trace, are those of one of them.
	ctx := context.WithoutCancel(requests[0].ctx)
	next := &batch{requests: requests, lane: mine, waiting: len(requests)}
	if b.serial {
		next.ctx, next.cancel = context.WithTimeout(ctx, serialTimeout)
	} else {
		next.ctx, next.cancel = context.WithCancel(ctx)
	}
	for _, r := range requests {
		r.batch = next
	}
	return next
}
