package factor

import "errors"

// Shared calls that wait for the same user's turn are settled together: who gets
// the turn loads once, applies the rule of each in the order in which they came,
// to what the one before leaves, and swaps once. All of them are answered after
// that swap, each with its own answer, as if one had come after the other. So a
// flood of guesses at one user costs the store a call now and then, and not two
// for each guess that waits.

// maxCompany bounds how many calls share a swap with who has the turn.
const maxCompany = 256

// company are those whose jobs are settled by who has the turn.
type company []*waiting

// errDeserted is what a shared call returns if who would have settled it was
// torn out of the middle of it, by runtime.Goexit or a panic.
var errDeserted = errors.New("factor: the call that this one shared a swap with has not returned")

// company takes the calls out of the queue whose jobs the holder of the turn
// settles. They waited already when the turn was handed over, so that what is
// loaded after that is no older than they are. It is nil for a holder that did not
// have to wait.
func (t *turns) company(user string, holder *waiting) company {
	return t.locks.Batch(user, holder, maxCompany)
}

// join appends their jobs.
func (c company) join(jobs []anyJob) []anyJob {
	for _, w := range c {
		jobs = append(jobs, w.Job)
	}
	return jobs
}

// dismiss tells everybody which application's answer stands, or the error that
// stands in its place, and lets them go.
func (c company) dismiss(try int, err error) {
	for _, w := range c {
		w.Job.end(try, err)
		w.Complete()
	}
}
