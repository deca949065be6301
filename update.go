package factor

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"time"
)

const (
	// maxBackoff bounds the wait before a lost swap is tried again.
	maxBackoff = 100 * time.Millisecond
	// maxUnknown is how many swaps of one call may have an unknown outcome
	// before it ends with the store's error.
	maxUnknown = 3
	// maxVersion bounds the random versions: what a float64 holds exactly.
	maxVersion = 1<<53 - 1
)

// mode says how a call goes about its update.
type mode int

const (
	// quick calls do no slow work, and take the short turn only.
	quick mode = iota
	// shared calls are quick ones that, where others write for the same user, are
	// settled together: see share.go.
	shared
	// pinSlow calls hash a PIN. They take a slow turn as well, so that they queue
	// behind each other and no code waits behind them.
	pinSlow
	// passwordSlow calls have the host check a password. Their slow turn is
	// another, so that no PIN waits for the host.
	passwordSlow
	// blind calls take a record that does not open for an empty one.
	blind
)

// A rule judges a call on one attempt's account and changes it. It is applied
// again, to a fresh account, each time that a swap is lost.
type rule[T any] func(a *attempt) (T, error)

// update is the only way to change a user's record. It loads, applies the rule
// and swaps, and lets the answer out only after the swap, or at once if the rule
// refuses without having judged anything wrong.
func update[T any](ctx context.Context, v *Verifier, user string, m mode, r rule[T]) (T, error) {
	j := &job[T]{call: call{v: v, opts: &v.opts, ctx: ctx, user: user, mode: m}, rule: r}
	j.inSlowTurn(j)
	v.observe(ctx, j.said.events)
	return j.said.result, j.said.err
}

func (c *call) inSlowTurn(j anyJob) {
	if turns := c.v.slowTurns(c.mode); turns != nil && callerOf(c.ctx) == nil {
		ctx, cancel := context.WithTimeout(c.ctx, slowTurnPatience)
		mine, err := turns.take(ctx, c.user, nil)
		cancel()
		switch {
		case c.ctx.Err() != nil && err != nil:
			j.end(0, c.ctx.Err())
			return
		case err == nil:
			c.slow, c.found = turns, mine.Cached()
			defer func() { turns.leave(c.user, c.found) }()
		}
	}
	c.inTurn(j)
}

// slowTurns returns the turns that calls of this mode take around the whole call,
// nil if they take none. They are for speed only: who has waited too long, or
// would wait for a function of the host's that it was called from, does without.
func (v *Verifier) slowTurns(m mode) *turns {
	switch m {
	case pinSlow:
		return &v.pinTurns
	case passwordSlow:
		return &v.passwordTurns
	}
	return nil
}

// inTurn settles a job, and those that wait for the same turn and can share, or
// finds it settled by somebody else.
func (c *call) inTurn(j anyJob) {
	var offered anyJob
	if c.mode == shared {
		offered = j
	}
	mine, err := c.takeTurn(c.ctx, offered)
	switch {
	case err != nil:
		j.end(0, err)
		return
	case mine.Done():
		return
	}
	defer c.leaveTurn()
	base, err := c.load()
	if err != nil {
		j.end(0, err)
		return
	}
	jobs, try, err := []anyJob{j}, 0, errDeserted
	if company := c.v.turns.company(c.user, mine); company != nil {
		jobs = company.join(jobs)
		defer func() { company.dismiss(try, err) }()
	}
	try, err = c.store(jobs, base)
	j.end(try, err)
}

// store applies the rules of the jobs and swaps what they leave, all in one,
// until the swap is won or its outcome cannot be known. It returns which of the
// tries counts, the last one being one more than the swaps that failed.
func (c *call) store(jobs []anyJob, base Record) (try int, err error) {
	var (
		tried   []Record // one for each swap that was not answered with nil
		unknown error    // the store's last word on a swap whose outcome is open
		opens   int      // how many of those
	)
	for {
		next, store, err := c.judge(jobs, base)
		if err != nil || !store {
			return len(tried), err
		}
		c.asks()
		err = c.v.swap(c.settling(), c.user, base.Version, next)
		if err == nil {
			c.knows(next)
			return len(tried), nil
		}
		for _, j := range jobs {
			j.again()
		}
		tried = append(tried, next)
		if !errors.Is(err, ErrConflict) {
			unknown = err
			opens++
		}
		// The result of the swap may be known only from what is stored now.
		fresh, loadErr := c.v.reload(c.settling(), c.user, len(tried)-1)
		switch {
		case loadErr != nil && unknown != nil:
			return 0, unknown
		case loadErr != nil && c.settling().Err() != nil:
			return 0, ErrConflict
		case loadErr != nil:
			return 0, loadErr
		}
		for i, mine := range tried {
			if mine.Version == 0 || mine.Version != fresh.Version {
				continue // a record that is not there is nobody's own
			}
			if unknown != nil && c.confirm(mine) != nil {
				return 0, unknown
			}
			return i, nil
		}
		if unknown != nil && (fresh.Version != base.Version || opens >= maxUnknown) {
			return 0, unknown
		}
		base = fresh
	}
}

// confirm swaps a record that a swap of the call has left, although its outcome
// was unknown, once more under another version. A store may show what it does
// not keep yet: PostgreSQL shows a commit that waited for its standby when the
// connection broke. What it acknowledges it keeps, and all that went before.
func (c *call) confirm(mine Record) error {
	again := mine
	again.Version = newVersion(mine.Version)
	return c.v.swap(c.settling(), c.user, mine.Version, again)
}

// judge applies the rules one after the other, each to what the one before
// leaves. If there is something to store, it is to be stored before any answer
// may leave.
func (c *call) judge(jobs []anyJob, base Record) (next Record, store bool, err error) {
	label := labelOf(c.user)
	s, err := c.v.unseal(label, base)
	if err != nil && c.mode != blind {
		return Record{}, false, err
	}
	for _, j := range jobs {
		if changed, ok := j.judge(s); ok {
			s, store = changed, true
		}
	}
	if !store || s.absent {
		return Record{}, store, nil
	}
	data, err := c.v.seal(label, s.plain)
	if err != nil {
		return Record{}, false, err
	}
	return Record{Data: data, Version: newVersion(base.Version), Due: s.due}, true, nil
}

// newVersion draws a version that is not the one it follows.
func newVersion(old int64) int64 {
	for {
		var b [8]byte
		_, _ = rand.Read(b[:]) // never fails, says its documentation
		if v := int64(binary.BigEndian.Uint64(b[:]) & maxVersion); v != 0 && v != old {
			return v
		}
	}
}
