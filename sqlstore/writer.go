package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// batchSize is how many writes share a transaction at most.
	batchSize = 256
	// batchTimeout is how long a shared transaction may take. None of those who
	// wait for it can end it for the others.
	batchTimeout = 5 * time.Second
)

// A writer makes the writes of a Store one after the other, for a database with
// one lock for all writes, whose connections would get in each other's way. A
// write that comes while none is in progress is made at once and on its own.
// Those that come meanwhile are made together, and so with one way to the disk:
// each has an outcome of its own, and hears of it after the commit.
type writer struct {
	db       *sql.DB
	together together

	mu    sync.Mutex
	busy  bool // somebody writes, and looks at the queue afterwards
	queue queue
}

// together makes writes on one connection, all or none of them, and returns how
// many rows each has changed. Where none is made, and for certain, made is false,
// and the writer makes each on its own. An error with made leaves the outcome of
// all of them open.
type together func(ctx context.Context, l *lease, batch []*write) (changed []int64, made bool, err error)

// exec makes a write and returns how many rows it changed. If the context ends
// while it is being made, its outcome is open.
func (w *writer) exec(ctx context.Context, st statement) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	mine := &write{ctx: ctx, statement: st, done: make(chan struct{})}
	if w.enqueue(mine) {
		select {
		case <-mine.done:
			return mine.changed, mine.err
		case <-ctx.Done():
			w.withdraw(mine)
			return 0, ctx.Err()
		}
	}
	defer w.handOver()
	return exec(ctx, w.db, st)
}

// enqueue reports whether somebody writes already and will make this write too.
func (w *writer) enqueue(mine *write) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.busy {
		w.busy = true
		return false
	}
	w.queue.push(mine)
	return true
}

// withdraw takes a write out of the queue, if it is still there.
func (w *writer) withdraw(mine *write) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queue.remove(mine)
}

// handOver leaves what has queued up to a goroutine, which makes a batch and
// hands over in its turn, even if the driver ends it by runtime.Goexit.
func (w *writer) handOver() {
	batch := w.next()
	if len(batch) == 0 {
		return
	}
	go func() {
		defer w.handOver()
		w.make(batch)
	}()
}

// next returns the writes that are to be made next. If there are none, the
// writer is no longer busy.
func (w *writer) next() []*write {
	w.mu.Lock()
	defer w.mu.Unlock()
	batch := w.queue.take(batchSize)
	w.busy = len(batch) > 0
	return batch
}

// make makes writes together, or one after the other where that was not done.
func (w *writer) make(batch []*write) {
	defer abandon(batch...)
	if len(batch) > 1 && w.makeTogether(batch) {
		return
	}
	for _, one := range batch {
		w.makeAlone(one)
	}
}

// makeTogether reports whether the writes were made, whatever their outcome is.
func (w *writer) makeTogether(batch []*write) (made bool) {
	ctx, cancel := context.WithTimeout(context.Background(), batchTimeout)
	defer cancel()
	var changed []int64
	err := onConn(ctx, w.db, func(l *lease) (err error) {
		changed, made, err = w.together(ctx, l, batch)
		return err
	})
	if !made {
		return false
	}
	for i, one := range batch {
		if err != nil {
			one.answer(0, err)
			continue
		}
		one.answer(changed[i], nil)
	}
	return true
}

func (w *writer) makeAlone(one *write) {
	defer abandon(one)
	one.answer(exec(one.ctx, w.db, one.statement))
}

var errAbandoned = errors.New("the driver has ended the goroutine")

// abandon, which is deferred, answers those writes that have no outcome because
// the driver panicked or called runtime.Goexit, in a goroutine that no caller
// could shield.
func abandon(batch ...*write) {
	err := errAbandoned
	if cause := recover(); cause != nil {
		err = fmt.Errorf("panic in the driver: %T", cause)
	}
	for _, one := range batch {
		one.answer(0, err)
	}
}
