package sqlstore

import "context"

// A write is a statement whose outcome a caller waits for.
type write struct {
	ctx context.Context
	statement
	done    chan struct{} // closed once the outcome is known
	changed int64
	err     error

	// The writes that came before and after this one, as long as it is queued.
	earlier, later *write
	queued         bool
}

// answer lets the caller go with the outcome. Only the first answer counts.
func (w *write) answer(changed int64, err error) {
	select {
	case <-w.done:
	default:
		w.changed, w.err = changed, err
		close(w.done)
	}
}

// A queue holds writes in the order in which they came. A caller who gives up
// leaves it without looking at those who stay, however many they are.
type queue struct {
	first, last *write
	length      int
}

// push puts a write behind all others.
func (q *queue) push(w *write) {
	w.earlier, w.queued = q.last, true
	if q.last == nil {
		q.first = w
	} else {
		q.last.later = w
	}
	q.last = w
	q.length++
}

// remove takes a write out, if it is still there.
func (q *queue) remove(w *write) {
	if !w.queued {
		return
	}
	if w.earlier == nil {
		q.first = w.later
	} else {
		w.earlier.later = w.later
	}
	if w.later == nil {
		q.last = w.earlier
	} else {
		w.later.earlier = w.earlier
	}
	w.earlier, w.later, w.queued = nil, nil, false
	q.length--
}

// take takes out the first writes, so many at most.
func (q *queue) take(limit int) []*write {
	batch := make([]*write, min(q.length, limit))
	for i := range batch {
		batch[i] = q.first
		q.remove(q.first)
	}
	return batch
}
