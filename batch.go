package factor

import "errors"

// Batched calls that wait for the same user's lock share a load and a swap. The
// call that gets the lock loads once, applies the rule of each in the order in
// which they came, to what the one before leaves, and swaps once. Each is answered
// after that swap with its own answer, as if one had come after the other. So a
// flood of guesses at one user costs the store a call now and then, and not two
// for each guess that waits.

// maxBatch bounds how many jobs share a swap with the one of the lock's holder.
const maxBatch = 256

// errLeaderGone is the answer to a batched call if the goroutine that did its job
// ended in the middle of it, by runtime.Goexit or a panic.
var errLeaderGone = errors.New("factor: the call that this one shared a swap with has not returned")

// A batch is the jobs that share a swap: the one of the lock's holder, then those
// of the waiters.
type batch struct {
	jobs    []job
	waiters []*waiter
}

// newBatch takes the waiters out of the queue whose jobs the holder of the lock
// does. They waited already when it got the lock, so that what it has loaded since
// is no older than they are.
func (c *call) newBatch(own job, holder *waiter) batch {
	b := batch{waiters: c.v.locks.Batch(c.user, holder, maxBatch)}
	b.jobs = append(make([]job, 0, 1+len(b.waiters)), own)
	for _, w := range b.waiters {
		b.jobs = append(b.jobs, w.Job)
	}
	return b
}

// commit commits the jobs and wakes the waiters, whatever happens.
func (b batch) commit(c *call, base Record) {
	try, err := 0, errLeaderGone
	defer func() {
		for i, j := range b.jobs {
			j.finish(try, err)
			if i > 0 {
				b.waiters[i-1].Complete()
			}
		}
	}()
	try, err = c.commit(b.jobs, base)
}
