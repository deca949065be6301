package keylock

// A queue holds the waiters for one key, in the order in which they came. Adding or
// removing a waiter, wherever it stands, touches its neighbours only.
type queue[J comparable, V any] struct {
	lists [2]span[J, V]
}

// A list is one of those in a queue.
type list int

const (
	everybody list = iota
	withJob
)

// span is a list's two ends.
type span[J comparable, V any] struct{ first, last *Waiter[J, V] }

// links are a waiter's neighbours in a list.
type links[J comparable, V any] struct{ before, after *Waiter[J, V] }

// first returns the waiter that came first, nil if there is none. A nil queue has
// none.
func (q *queue[J, V]) first(l list) *Waiter[J, V] {
	if q == nil {
		return nil
	}
	return q.lists[l].first
}

// add puts a waiter at the end.
func (q *queue[J, V]) add(w *Waiter[J, V]) {
	w.queued = true
	q.append(everybody, w)
	if w.hasJob() {
		q.append(withJob, w)
	}
}

// remove takes a waiter out of the queue that it stands in.
func (q *queue[J, V]) remove(w *Waiter[J, V]) {
	w.queued = false
	q.unlink(everybody, w)
	if w.hasJob() {
		q.unlink(withJob, w)
	}
}

func (q *queue[J, V]) append(l list, w *Waiter[J, V]) {
	at := &q.lists[l]
	w.links[l].before = at.last
	if at.last == nil {
		at.first = w
	} else {
		at.last.links[l].after = w
	}
	at.last = w
}

func (q *queue[J, V]) unlink(l list, w *Waiter[J, V]) {
	at, beside := &q.lists[l], w.links[l]
	if beside.before == nil {
		at.first = beside.after
	} else {
		beside.before.links[l].after = beside.after
	}
	if beside.after == nil {
		at.last = beside.before
	} else {
		beside.after.links[l].before = beside.before
	}
	w.links[l] = links[J, V]{} // a waiter that has left must not keep others' jobs alive
}
