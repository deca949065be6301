package factor

// A queue holds those who wait for one user's turn, in the order in which they
// came. Adding and removing somebody, wherever they stand, touches no more than
// their neighbours.
type queue struct {
	lists [2]span
}

// A list is one of those in a queue.
type list int

const (
	everybody list = iota
	sharers        // those with a job
)

type span struct{ first, last *waiting }

type neighbours struct{ before, after *waiting }

// first returns who came first, nil if there is nobody. So does a nil queue.
func (q *queue) first(l list) *waiting {
	if q == nil {
		return nil
	}
	return q.lists[l].first
}

// add lets somebody stand at the end.
func (q *queue) add(w *waiting) {
	w.queued = true
	q.append(everybody, w)
	if w.job != nil {
		q.append(sharers, w)
	}
}

// remove takes somebody out who stands in the queue.
func (q *queue) remove(w *waiting) {
	w.queued = false
	q.unlink(everybody, w)
	if w.job != nil {
		q.unlink(sharers, w)
	}
}

func (q *queue) append(l list, w *waiting) {
	at := &q.lists[l]
	w.among[l].before = at.last
	if at.last == nil {
		at.first = w
	} else {
		at.last.among[l].after = w
	}
	at.last = w
}

func (q *queue) unlink(l list, w *waiting) {
	at, between := &q.lists[l], w.among[l]
	if between.before == nil {
		at.first = between.after
	} else {
		between.before.among[l].after = between.after
	}
	if between.after == nil {
		at.last = between.before
	} else {
		between.after.among[l].before = between.before
	}
	w.among[l] = neighbours{} // they hold credentials
}
