package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
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
	// serialTimeout is how long a batch may take that nothing is made beside.
	serialTimeout = 5 * time.Second
)

// A batcher makes the requests of one kind. A request that comes while a lane is
// free is made at once and on its own: nobody waits for company. Those that come
// meanwhile are made together once the lane is free again. Each has an outcome of
// its own.
type batcher struct {
	db       *sql.DB
	dialect  *Dialect
	together together
	size     int // of a batch at most
	// serial is whether nothing may be made beside a batch, for a database with one
	// lock for all writes, whose connections would get in each other's way.
	serial bool

	mu       sync.Mutex
	current  *lane // nil if it is free
	queue    queue
	watching bool // a timer looks after the queue
}

// together makes requests on one connection. It settles those whose outcome it
// learns. The callers of the others, and of all after an undone error, make theirs
// on their own. After any other error the outcome of all is open, settled or not.
type together func(ctx context.Context, l *lease, batch []*request) error

// undone is the error of a batch of which nothing was done and never will be.
type undone struct{ error }

func (u undone) Unwrap() error { return u.error }

// A lane is the right to make what comes next. A batcher gives it to one at a time,
// and gives another one out if that one takes too long.
type lane struct{ since time.Time }

// A batch is what is made together.
type batch struct {
	requests []*request
	ctx      context.Context // ends if all who wait have given up
	cancel   context.CancelFunc
	waiting  int
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

// enter returns the lane, or nil if the request has to wait for its outcome.
func (b *batcher) enter(r *request) *lane {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.current == nil {
		b.current = &lane{time.Now()}
		return b.current
	}
	b.queue.push(r)
	b.watch()
	return nil
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

// watch has somebody look at the lane once it may have taken too long. b.mu is held.
func (b *batcher) watch() {
	if b.watching || b.serial || b.queue.length == 0 {
		return
	}
	b.watching = true
	time.AfterFunc(lanePatience-time.Since(b.current.since), func() {
		b.mu.Lock()
		b.watching = false
		late := b.current
		if late == nil || time.Since(late.since) < lanePatience {
			late = nil
			b.watch()
		}
		b.mu.Unlock()
		if late != nil {
			b.handOver(late)
		}
	})
}

// handOver gives the lane to those who have queued up, and is called again with it,
// even if the driver ends the goroutine, when what they share is made.
func (b *batcher) handOver(mine *lane) {
	if next, mine := b.next(mine); next != nil {
		go b.run(mine, next)
	}
}

// run makes batches until the lane is somebody else's or nothing is left.
func (b *batcher) run(mine *lane, next *batch) {
	defer func() {
		if next != nil {
			b.handOver(mine)
		}
	}()
	for next != nil {
		b.make(next)
		next, mine = b.next(mine)
	}
}

// next returns the next batch and the lane it is made in. It returns none if the
// lane was given to somebody else, or if nobody is left.
func (b *batcher) next(mine *lane) (*batch, *lane) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.current != mine {
		return nil, nil
	}
	requests := b.queue.take(b.size)
	if len(requests) == 0 {
		b.current = nil
		return nil, nil
	}
	b.current = &lane{time.Now()}
	b.watch()
	if len(requests) == 1 {
		requests[0].lane = b.current
		requests[0].sendBack()
		return nil, nil
	}
	// The values of a context, such as a trace, are those of one of them.
	ctx := context.WithoutCancel(requests[0].ctx)
	next := &batch{requests: requests, waiting: len(requests)}
	if b.serial {
		next.ctx, next.cancel = context.WithTimeout(ctx, serialTimeout)
	} else {
		next.ctx, next.cancel = context.WithCancel(ctx)
	}
	for _, r := range requests {
		r.batch = next
	}
	return next, b.current
}

// make makes a batch.
func (b *batcher) make(next *batch) {
	defer next.cancel()
	defer abandon(next.requests...)
	asked := false
	err := onConn(next.ctx, b.db, func(l *lease) error {
		asked = true
		return b.together(next.ctx, l, next.requests)
	})
	_, certain := errors.AsType[undone](err)
	certain = certain || err != nil && !asked
	if err != nil && !certain {
		err = b.shared(err, next.requests)
	}
	var back []*request
	for _, r := range next.requests {
		switch {
		case certain, err == nil && !r.settled:
			back = append(back, r)
		default:
			r.answer(err)
		}
	}
	for _, r := range back {
		if b.serial {
			b.makeAlone(r)
		} else {
			r.sendBack()
		}
	}
}

// makeAlone makes a write that is its own transaction.
func (b *batcher) makeAlone(r *request) {
	defer abandon(r)
	changed, err := exec(r.ctx, b.db, r.write)
	r.changed = changed
	r.answer(err)
}

// A sharedError is that of a batch. Its text may quote any of those who share it.
type sharedError struct {
	error
	said string // as much of it as quotes nobody
}

func (e *sharedError) Unwrap() error { return e.error }

func (b *batcher) shared(err error, requests []*request) error {
	var args []any
	for _, r := range requests {
		args = append(args, r.user, r.next.Data)
	}
	return &sharedError{err, b.dialect.say(err, args)}
}

var errAbandoned = errors.New("the driver has ended the goroutine")

// abandon, which is deferred, answers those requests that have no outcome because
// the driver panicked or called runtime.Goexit, in a goroutine that no caller could
// shield.
func abandon(requests ...*request) {
	err := errAbandoned
	if cause := recover(); cause != nil {
		err = fmt.Errorf("panic in the driver: %T", cause)
	}
	for _, r := range requests {
		r.answer(err)
	}
}

// distinct returns the first request of each user, sorted by user so that batches
// which meet lock their rows in the same order. The others are left as they are.
func distinct(requests []*request) []*request {
	sorted := slices.Clone(requests)
	slices.SortStableFunc(sorted, func(a, b *request) int { return cmp.Compare(a.user, b.user) })
	return slices.CompactFunc(sorted, func(a, b *request) bool { return a.user == b.user })
}
