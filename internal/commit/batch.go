package commit

import "errors"

// Batched calls that wait for the same key's lock share a load and a swap. The
// call that gets the lock loads once, applies the job of each in the order in
// which they came, to what the one before leaves, and swaps once. Each is answered
// after that swap with its own answer, as if one had come after the other. So a
// flood of calls on one key costs the store a call now and then, and not two
// for each call that waits.

// maxBatch bounds how many jobs share a swap with the one of the lock's holder.
const maxBatch = 256

// errLeaderGone is the answer to a batched call if the goroutine that did its job
// ended in the middle of it, by runtime.Goexit or a panic.
var errLeaderGone = errors.New("factor: the call that this one shared a swap with has not returned")

// commitBatch commits the job of the lock's holder together with those of waiters,
// and wakes the waiters whatever happens. They waited already when the holder got
// the lock, so that base, which was loaded since, is no older than they are.
func (c *Call) commitBatch(own Job, holder *waiter, base Record) {
	waiters := c.Loop.locks.Batch(c.Key, holder, maxBatch)
	if len(waiters) == 0 {
		own.finish(c.commit([]Job{own}, base))
		return
	}
	jobs := []Job{own}
	for _, w := range waiters {
		jobs = append(jobs, w.Job)
	}
	try, err := 0, errLeaderGone
	defer func() {
		own.finish(try, err)
		for _, w := range waiters {
			w.Job.finish(try, err)
			w.Complete()
		}
	}()
	try, err = c.commit(jobs, base)
}
