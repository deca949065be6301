package sqlstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

// together makes requests on one connection. It settles those whose outcome it
// learns. The callers of the others, and of all after an undone error, make theirs
// on their own. After any other error the outcome of all is open, settled or not.
type together func(ctx context.Context, l *lease, batch []*request) error

// undone is the error of a batch of which nothing was done and never will be.
type undone struct{ error }

func (u undone) Unwrap() error { return u.error }

// A batch is what is made together.
type batch struct {
	requests []*request
	lane     *lane
	ctx      context.Context // ends if all who wait have given up
	cancel   context.CancelFunc
	waiting  int
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
