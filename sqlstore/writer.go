package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"slices"
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
// Those that come meanwhile share the next transaction, and so one way to the
// disk: each has an outcome of its own, and hears of it after the commit.
type writer struct {
	db *sql.DB

	mu    sync.Mutex
	busy  bool // somebody writes, and looks at the queue afterwards
	queue []*write
}

// A write is a statement whose outcome somebody waits for.
type write struct {
	ctx context.Context
	statement
	done    chan struct{} // closed once the outcome is known
	changed int64
	err     error
}

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
	w.queue = append(w.queue, mine)
	return true
}

// withdraw takes a write out of the queue, if it is still there.
func (w *writer) withdraw(mine *write) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := slices.Index(w.queue, mine); i >= 0 {
		w.queue = slices.Delete(w.queue, i, i+1)
	}
}

// handOver leaves what has queued up to a goroutine, which ends when the queue
// is empty.
func (w *writer) handOver() {
	batch := w.next()
	if batch == nil {
		return
	}
	go func() {
		for ; batch != nil; batch = w.next() {
			w.make(batch)
		}
	}()
}

// next returns the writes that are to be made next, nil if there are none.
func (w *writer) next() []*write {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.queue) == 0 {
		w.busy = false
		return nil
	}
	n := min(len(w.queue), batchSize)
	batch := slices.Clone(w.queue[:n])
	w.queue = slices.Delete(w.queue, 0, n)
	return batch
}

// make makes writes together, or one after the other if that fails before the
// commit, and so has written nothing.
func (w *writer) make(batch []*write) {
	defer func() {
		cause := recover() // a driver's, in a goroutine that no caller could shield
		for _, one := range batch {
			if cause != nil {
				one.err = fmt.Errorf("panic in the driver: %T", cause)
			}
			close(one.done)
		}
	}()
	if len(batch) > 1 && w.together(batch) {
		return
	}
	for _, one := range batch {
		one.changed, one.err = exec(one.ctx, w.db, one.statement)
	}
}

// together makes writes in one transaction, and reports whether it came to its
// commit, whatever became of that.
func (w *writer) together(batch []*write) (committed bool) {
	ctx, cancel := context.WithTimeout(context.Background(), batchTimeout)
	defer cancel()
	conn, err := w.db.Conn(ctx)
	if err != nil {
		return false
	}
	defer conn.Close()
	run := func(st statement) (int64, error) { return execOn(ctx, conn, st) }
	// The write lock is taken first: one that had to wait for it later could find
	// that what it has read is old.
	if _, err := run(statement{text: "BEGIN IMMEDIATE"}); err != nil {
		return false
	}
	for _, one := range batch {
		if one.changed, err = run(one.statement); err != nil {
			break
		}
	}
	if err == nil {
		committed = true
		_, err = run(statement{text: "COMMIT"})
	}
	if err == nil {
		return true
	}
	// What has not been committed is not written: a connection that cannot say
	// so is closed.
	if _, err := run(statement{text: "ROLLBACK"}); err != nil {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	if committed {
		for _, one := range batch {
			one.err = fmt.Errorf("committing with others: %w", err)
		}
	}
	return committed
}
