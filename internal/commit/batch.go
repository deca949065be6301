package commit

import "errors"

// Batched calls that wait for the same key's lock share a load and a swap. The call
// that gets the lock loads once, applies all their jobs in order of arrival, each
// to the outcome of the one before, and swaps once. After the swap each gets its
// own answer, as if they had run one after the other. So a flood of calls on one
// key costs the store few calls instead of two per call.

// maxBatch bounds how many jobs share a swap with the one of the lock's holder.
const maxBatch = 256

// errLeaderGone is the answer to a batched call if the goroutine that did its job
// ended midway, by runtime.Goexit or a panic.
var errLeaderGone = errors.New("factor: the call that shared its swap with this one did not return")

// commitBatch commits the job of the lock's holder together with those of waiters,
// and wakes the waiters in any case. They already waited when the holder got the
// lock, so base, which was loaded later, is not older than they are.
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
