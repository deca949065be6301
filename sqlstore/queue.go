package sqlstore

import (
	"context"

	"github.com/knowhave/factor"
)

// A request is a load or a swap whose outcome a caller waits for.
type request struct {
	ctx  context.Context
	user string
	// Of a swap; write is the statement that makes it on its own.
	old   int64
	next  factor.Record
	write statement

	// What became of it together with others. See together.
	settled bool
	found   factor.Record // of a load
	changed int64         // of a swap

	// The answer, which the caller may read once done is closed. With alone set,
	// nothing was done, and the caller makes the request on its own; with a lane set
	// too, in that lane.
	done  chan struct{}
	err   error
	alone bool
	lane  *lane

	// The batch that it belongs to and, as long as it is queued, the requests that
	// came before and after it.
	batch          *batch
	earlier, later *request
	queued         bool
}

func newRequest(ctx context.Context, user string) *request {
	return &request{ctx: ctx, user: user, done: make(chan struct{})}
}

// answered reports whether the caller has been let go.
func (r *request) answered() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// answer lets the caller go with the outcome, unless it has been let go before.
func (r *request) answer(err error) {
	if !r.answered() {
		r.err = err
		close(r.done)
	}
}

// sendBack lets the caller make the request on its own.
func (r *request) sendBack() {
	if !r.answered() {
		r.alone = true
		close(r.done)
	}
}

// A queue holds requests in the order in which they came. A caller who gives up
// leaves it without looking at those who stay, however many they are.
type queue struct {
	first, last *request
	length      int
}

// push puts a request behind all others.
func (q *queue) push(r *request) {
	r.earlier, r.queued = q.last, true
	if q.last == nil {
		q.first = r
	} else {
		q.last.later = r
	}
	q.last = r
	q.length++
}

// remove takes a request out, if it is still there.
func (q *queue) remove(r *request) {
	if !r.queued {
		return
	}
	if r.earlier == nil {
		q.first = r.later
	} else {
		r.earlier.later = r.later
	}
	if r.later == nil {
		q.last = r.earlier
	} else {
		r.later.earlier = r.earlier
	}
	r.earlier, r.later, r.queued = nil, nil, false
	q.length--
}

// batchBytes is how much data a batch holds, unless a single request holds more:
// servers bound the size of a statement.
const batchBytes = 1 << 19

// take takes out the first requests, so many at most.
func (q *queue) take(limit int) []*request {
	batch := make([]*request, 0, min(q.length, limit))
	for bytes := 0; len(batch) < limit && q.first != nil; {
		r := q.first
		bytes += len(r.user) + len(r.next.Data)
		if bytes > batchBytes && len(batch) > 0 {
			break
		}
		q.remove(r)
		batch = append(batch, r)
	}
	return batch
}
