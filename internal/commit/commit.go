// Package commit changes records: it locks a key, loads and opens its record,
// applies changes to what the record holds, seals that and swaps it in, and finds
// out what became of a swap that nobody answered. Only then a change is answered.
// Calls that wait for the same key share a load and a swap.
//
// The package knows nothing of factors. To it a record holds bytes, and a change is
// a function on them. The locks are for speed; the swap alone makes it right.
package commit

import (
	"context"
	"time"

	"github.com/knowhave/factor/internal/keylock"
)

// A Record is what is stored for one key. Its Version is 0 if there is none.
type Record struct {
	Data    []byte // sealed
	Version int64
	Due     time.Time
}

// A State is what a record holds, opened.
type State struct {
	Plain  []byte
	Absent bool // there is no record, or there is to be none
	Due    time.Time
}

// Records loads, opens, seals and swaps. Its methods make errors of panics.
type Records interface {
	Load(ctx context.Context, key string) (Record, error)
	// Swap replaces the record if its version is old. See New for its errors.
	Swap(ctx context.Context, key string, old int64, next Record) error
	// Label returns what a sealed record is bound to, so that it opens for its key
	// only.
	Label(key string) []byte
	Open(label []byte, r Record) (State, error)
	Seal(label, plain []byte) ([]byte, error)
}

// A Job is a change for one call. Its type embeds the Answer to the call.
type Job interface {
	// Apply makes the change to a state and sets the answer. It returns what is to
	// be stored, if anything is. It is called again, on a fresh state, each time that
	// a swap is lost.
	Apply(s State) (next State, store bool)

	saveAnswer()
	finish(try int, err error)
}

// A Loop is the one way to change the records.
type Loop struct {
	records   Records
	conflict  error
	locks     locks             // around a load and its swap
	deadlines keylock.Deadlines // of swaps
}

// New returns a Loop. A swap that returns an error which matches conflict has
// written nothing and never will. After any other error the outcome is unknown.
func New(r Records, conflict error) *Loop {
	return &Loop{records: r, conflict: conflict}
}

// Keys returns how many keys are locked.
func (l *Loop) Keys() int { return l.locks.Keys() }

// timeout is how long a call may take, at least, to store what it judged, from the
// last slow work on, whatever becomes of the caller's context. It may take a second
// more.
const timeout = 5 * time.Second

// Detach returns a context that has the values of ctx, and the time of a commit in
// place of its end.
func (l *Loop) Detach(ctx context.Context) context.Context { return l.deadlines.Detach(ctx, timeout) }

// How says how a call goes about its change. The zero value is for one that is fast
// and alone.
type How struct {
	// Batched calls are fast. Those that wait for the key at the same time share one
	// swap.
	Batched bool
	// Overwrite calls take a record that does not open for an empty one.
	Overwrite bool
	// Slow is the lock that a call with slow work takes around the whole of it, nil
	// for none.
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

// Run does the job, and those of others that can share its swap. Or another call
// does it while this one waits for the key's lock. Then the job's Answer stands.
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

// commit applies the jobs and swaps in what they leave, all in one, until a swap is
// known to have landed or its outcome cannot be known. It returns which of the tries
// counts; the last one, or one that needed no swap, is one more than the swaps that
// failed.
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

// applyAll applies the jobs one after the other, each to what the one before
// leaves. What is to be stored, if anything is, must be stored before any answer
// may leave.
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

// confirm swaps a record that a swap of the call has left, although its outcome
// was unknown, once more under another version. A store may show what it does
// not keep yet: PostgreSQL shows a commit that waited for its standby when the
// connection broke. What it acknowledges it keeps, and all that went before.
func (c *Call) confirm(mine Record) error {
	again := mine
	again.Version = newVersion(mine.Version)
	return c.swap(mine.Version, again)
}

func (c *Call) swap(old int64, next Record) error {
	return c.Loop.records.Swap(c.commitCtx(), c.Key, old, next)
}

// commitCtx is the context of the swap and of what follows it: the caller's
// without its end, because a guess that was judged must be counted.
func (c *Call) commitCtx() context.Context {
	if c.commitContext == nil {
		c.commitContext = c.Loop.Detach(c.Ctx)
	}
	return c.commitContext
}
