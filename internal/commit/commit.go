// Package commit changes records: it locks a key, loads and opens its record,
// applies changes, seals the outcome and swaps it in, and finds out the outcome of
// a swap that failed. Only then does it answer. Calls that wait for the same key
// share a load and a swap.
//
// The package knows nothing of factors: a record holds bytes, and a change is a
// function on them. The locks are for speed; the swap alone makes it correct.
package commit

import (
	"context"
	"time"

	"github.com/knowhave/factor/internal/keylock"
)

// A Record is the stored value of one key. Its Version is 0 if there is none.
type Record struct {
	Data    []byte // sealed
	Version int64
	Due     time.Time
}

// A State is the opened content of a record.
type State struct {
	Plain  []byte
	Absent bool // no record exists, or none should
	Due    time.Time
}

// Records loads, opens, seals and swaps records. Its methods return panics as
// errors.
type Records interface {
	Load(ctx context.Context, key string) (Record, error)
	// Swap replaces the record if its version is old. See New for its errors.
	Swap(ctx context.Context, key string, old int64, next Record) error
	// Label returns the associated data of a key's record, so that it opens for
	// this key only.
	Label(key string) []byte
	Open(label []byte, r Record) (State, error)
	Seal(label, plain []byte) ([]byte, error)
}

// A Job is a change for one call. It embeds the call's Answer.
type Job interface {
	// Apply changes a state and sets the answer. It returns the state to store, if
	// any. The loop calls it again on a fresh state after each lost swap.
	Apply(s State) (next State, store bool)

	saveAnswer()
	finish(try int, err error)
}

// A Loop changes records. Nothing else does.
type Loop struct {
	records   Records
	conflict  error
	locks     locks             // held from a load to its swap
	deadlines keylock.Deadlines // of swaps
}

// New returns a Loop. A swap whose error matches conflict has written nothing and
// never will. After any other error the outcome is unknown.
func New(r Records, conflict error) *Loop {
	return &Loop{records: r, conflict: conflict}
}

// Keys returns how many keys are locked.
func (l *Loop) Keys() int { return l.locks.Keys() }

// timeout is the least time that a call has to store what it judged, counted from
// its last slow work, even if the caller's context ends. It may get a second more.
const timeout = 5 * time.Second

// Detach returns a context with the values of ctx and the deadline of a commit.
func (l *Loop) Detach(ctx context.Context) context.Context { return l.deadlines.Detach(ctx, timeout) }

// How tells how a call changes a record. The zero value is for a fast call without
// a batch.
type How struct {
	// Batched calls are fast. Those that wait for the key at the same time share
	// one swap.
	Batched bool
	// Overwrite calls treat a record that does not open as empty.
	Overwrite bool
	// Slow is the second lock, which a call with slow work holds from start to end,
	// or nil.
	Slow *SlowLocks
}

// A Call is one call on one key.
type Call struct {
	Loop *Loop
	Ctx  context.Context // the caller's
	Key  string
	How  How

	locked        bool                    // whether the key's lock is held
	slowLocked    bool                    // whether the key's lock of How.Slow is held
	cached        keylock.Cached[*Record] // for the next holder of the slow lock
	commitContext context.Context         // see commitCtx
}

// Run does the job, together with others that can share its swap, unless another
// call does it while this one waits for the key's lock. It sets the job's Answer.
func (c *Call) Run(j Job) {
	if err := c.lockSlow(); err != nil {
		j.finish(0, err)
		return
	}
	defer c.unlockSlow()
	var offered Job
	if c.How.Batched {
		offered = j
	}
	w, err := c.lock(c.Ctx, offered)
	if err != nil {
		j.finish(0, err)
		return
	}
	if w.Done() {
		return
	}
	defer c.unlock()
	base, err := c.load()
	if err != nil {
		j.finish(0, err)
		return
	}
	c.commitBatch(j, w, base)
}

// commit applies the jobs and swaps in the outcome of all, until it knows that a
// swap has landed or that the outcome cannot be known. It returns the number of the
// try that counts: that of the last one, or of one without a swap, is the number of
// failed swaps plus one.
func (c *Call) commit(jobs []Job, base Record) (try int, err error) {
	var s swaps
	for {
		next, store, err := c.applyAll(jobs, base)
		if err != nil || !store {
			return len(s.tried), err
		}
		c.invalidate()
		err = c.swap(base.Version, next)
		if err == nil {
			c.remember(next)
			return len(s.tried), nil
		}
		for _, j := range jobs {
			j.saveAnswer()
		}
		s.failed(base.Version, next, err, c.Loop.conflict)
		fresh, err := c.reload(len(s.tried) - 1)
		if err != nil {
			return 0, s.unresolved(err, c.commitCtx().Err() != nil, c.Loop.conflict)
		}
		switch what, i := s.outcome(fresh.Version); what {
		case swapLanded:
			if s.unknown != nil && c.confirm(s.tried[i]) != nil {
				return 0, s.unknown
			}
			return i, nil
		case swapOpen:
			return 0, s.unknown
		}
		base = fresh
	}
}

// applyAll applies the jobs in order, each to the outcome of the one before. If
// there is a state to store, it must be stored before any answer leaves.
func (c *Call) applyAll(jobs []Job, base Record) (next Record, store bool, err error) {
	records := c.Loop.records
	label := records.Label(c.Key)
	s, err := records.Open(label, base)
	if err != nil && !c.How.Overwrite {
		return Record{}, false, err
	}
	for _, j := range jobs {
		if changed, ok := j.Apply(s); ok {
			s, store = changed, true
		}
	}
	if !store || s.Absent {
		return Record{}, store, nil
	}
	data, err := records.Seal(label, s.Plain)
	if err != nil {
		return Record{}, false, err
	}
	return Record{Data: data, Version: newVersion(base.Version), Due: s.Due}, true, nil
}

// confirm swaps a record that the call's own swap left with an unknown outcome once
// more, under another version. A store may show a write that it does not keep yet:
// PostgreSQL shows a commit that was waiting for its standby when the connection
// broke. What a store acknowledges it keeps, with everything before it.
func (c *Call) confirm(mine Record) error {
	again := mine
	again.Version = newVersion(mine.Version)
	return c.swap(mine.Version, again)
}

func (c *Call) swap(old int64, next Record) error {
	return c.Loop.records.Swap(c.commitCtx(), c.Key, old, next)
}

// commitCtx is the context of the swap and of what follows: it outlives the
// caller's, because a judged guess must be counted.
func (c *Call) commitCtx() context.Context {
	if c.commitContext == nil {
		c.commitContext = c.Loop.Detach(c.Ctx)
	}
	return c.commitContext
}
