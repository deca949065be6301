// Package keylock is a lock for each key, whose waiters can be served as a batch.
//
// Waiters for one key get its lock in the order in which they came, and no waiter
// waits for another key. Waiting and giving up take the same few steps, however
// many others wait, so the waiters for one key cannot slow down another.
package keylock

import (
	"context"
	"sync"
)

// Locks is a lock for each key. The zero value is ready for use.
//
// A waiter may bring a job of type J, which the holder of the lock may do for it;
// the zero J stands for no job. A holder may leave a value of type V to the next.
type Locks[J comparable, V any] struct {
	mu sync.Mutex
	// keys has an entry for each lock that is held, nil until there is a waiter.
	keys map[string]*queue[J, V]
	came int64 // how many have waited so far
}

// A Waiter waits for a lock, or has waited. A nil Waiter stands for a caller that
// did not have to wait.
type Waiter[J comparable, V any] struct {
	Job J

	number int64
	// ready is closed when the lock is handed over, or the job is done.
	ready chan struct{}
	// last is the number of the waiter that came last before the lock was handed
	// over to this one.
	last   int64
	done   bool // the job was done by the holder
	cached Cached[V]

	queued bool           // whether it still waits
	links  [2]links[J, V] // in each of the queue's lists
}

// Cached is a value that a holder has asked for. It is of use to the waiters that
// came before that: to them it is as new as what they would ask for themselves.
type Cached[V any] struct {
	Value V
	// After is what Locks.Last returned before the holder asked for the value. No
	// waiter gets a value with 0.
	After int64
}

// Done reports whether the holder of the lock has done the waiter's job. There is
// then no lock to release.
func (w *Waiter[J, V]) Done() bool { return w != nil && w.done }

func (w *Waiter[J, V]) hasJob() bool {
	var none J
	return w.Job != none
}

// Cached returns what the holder before has left, or the zero Cached if that is
// older than the waiter.
func (w *Waiter[J, V]) Cached() Cached[V] {
	if w == nil {
		return Cached[V]{}
	}
	return w.cached
}

// Complete tells a waiter that Batch has returned that its job is done.
func (w *Waiter[J, V]) Complete() {
	w.done = true
	close(w.ready)
}

// Acquire waits for the key's lock until the context ends, and then returns the
// context's error. The caller must release the lock, unless the Waiter is Done.
//
// If the context ends while the holder does the caller's job, Acquire still waits
// for the job.
func (l *Locks[J, V]) Acquire(ctx context.Context, key string, job J) (*Waiter[J, V], error) {
	mine := l.enter(key, job)
	if mine == nil {
		return nil, nil
	}
	trace := traceOf(ctx)
	trace.Waits()
	select {
	case <-mine.ready:
		trace.Woken()
		return mine, nil
	case <-ctx.Done():
	}
	if l.withdraw(key, mine) {
		return nil, ctx.Err()
	}
	trace.Waits()
	<-mine.ready // soon: the lock is handed over already, or the job is under way
	trace.Woken()
	if mine.done {
		return mine, nil
	}
	l.Release(key, mine.cached)
	return nil, ctx.Err()
}

// enter acquires the lock and returns nil, or if it is held begins to wait.
func (l *Locks[J, V]) enter(key string, job J) *Waiter[J, V] {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.keys == nil {
		l.keys = make(map[string]*queue[J, V])
	}
	q, held := l.keys[key]
	if !held {
		l.keys[key] = nil
		return nil
	}
	if q == nil {
		q = &queue[J, V]{}
		l.keys[key] = q
	}
	l.came++
	mine := &Waiter[J, V]{Job: job, number: l.came, ready: make(chan struct{})}
	q.add(mine)
	return mine
}

// withdraw ends the waiting, and reports false if it had ended before.
func (l *Locks[J, V]) withdraw(key string, mine *Waiter[J, V]) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !mine.queued {
		return false
	}
	l.keys[key].remove(mine)
	return true
}

// Release hands the lock over to the waiter that came first, and the cached value
// too if the holder asked for it after the waiter came.
func (l *Locks[J, V]) Release(key string, c Cached[V]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := l.keys[key]
	next := q.first(everybody)
	if next == nil {
		delete(l.keys, key)
		return
	}
	q.remove(next)
	next.last = l.came
	if next.number <= c.After {
		next.cached = c
	}
	close(next.ready)
}

// Last returns the number of the waiter that came last.
func (l *Locks[J, V]) Last() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.came
}

// Batch takes up to most waiters with a job out of the queue, in the order in which
// they came. The holder of the lock must do their jobs and Complete each. All of
// them waited already when the holder got the lock, so what the holder asks for
// after that is no older than they are. Batch returns nil to a holder that did not
// have to wait or has no job. It looks at one waiter more than it returns.
func (l *Locks[J, V]) Batch(key string, holder *Waiter[J, V], most int) []*Waiter[J, V] {
	if holder == nil || !holder.hasJob() {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	q := l.keys[key]
	var batch []*Waiter[J, V]
	for len(batch) < most {
		w := q.first(withJob)
		if w == nil || w.number > holder.last {
			break
		}
		q.remove(w)
		batch = append(batch, w)
	}
	return batch
}

// Keys returns how many locks are held.
func (l *Locks[J, V]) Keys() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.keys)
}
