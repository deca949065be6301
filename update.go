package factor

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"slices"
	"time"
)

const (
	// settleTimeout is how long a call may take to store what it judged, from
	// the last slow work on, whatever becomes of the caller's context.
	settleTimeout = 5 * time.Second
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
	// slow calls hash, or have the host hash. They take a slow turn as well, so
	// that they queue behind each other and no code waits behind them.
	slow
	// blind calls take a record that does not open for an empty one.
	blind
)

// A rule judges a call on one attempt's account and changes it. It is applied
// again, to a fresh account, each time that a swap is lost.
type rule[T any] func(a *attempt) (T, error)

// An attempt is one application of a rule to one loaded account.
type attempt struct {
	*call
	account *account
	absent  bool // there is no record
	now     time.Time
	events  []Event
	// wrong: a credential was judged wrong, so the call cannot end without the
	// swap, not even with a fault.
	wrong bool
	// unchanged: the answer needs no swap although it is no refusal.
	unchanged bool
	// remove: there is to be no record.
	remove bool
}

// answer is what an attempt has to say once its record is stored.
type answer[T any] struct {
	record Record // zero if there is to be none
	result T
	err    error
	events []Event
}

// update is the only way to change a user's record. It loads, applies the rule
// and swaps, and lets the answer out only after the swap, or at once if the rule
// refuses without having judged anything wrong.
func update[T any](ctx context.Context, v *Verifier, user string, m mode, r rule[T]) (T, error) {
	said := settle(ctx, v, user, m, r)
	v.observe(ctx, said.events)
	return said.result, said.err
}

func settle[T any](ctx context.Context, v *Verifier, user string, m mode, r rule[T]) answer[T] {
	if m == slow {
		if err := v.slowTurns.take(ctx, user); err != nil {
			return answer[T]{err: err}
		}
		defer v.slowTurns.leave(user)
	}
	c := &call{v: v, opts: &v.opts, ctx: ctx, user: user, label: labelOf(user), mode: m}
	if err := c.takeTurn(ctx); err != nil {
		return answer[T]{err: err}
	}
	defer c.leaveTurn()

	base, err := v.load(ctx, user)
	if err != nil {
		return answer[T]{err: err}
	}
	var (
		tried   []answer[T] // one for each swap that was not answered with nil
		unknown error       // the store's last word on a swap whose outcome is open
		opens   int         // how many of those
	)
	defer c.endSettling()
	for try := 0; ; try++ {
		said, store := apply(c, base, r)
		if !store {
			return said
		}
		err := v.swap(c.settling(), user, base.Version, said.record)
		if err == nil {
			return said
		}
		tried = append(tried, said)
		if !errors.Is(err, ErrConflict) {
			unknown = err
			opens++
		}
		// The result of the swap may be known only from what is stored now.
		fresh, loadErr := v.reload(c.settling(), user, try)
		switch {
		case loadErr != nil && unknown != nil:
			return answer[T]{err: unknown}
		case loadErr != nil && c.settling().Err() != nil:
			return answer[T]{err: ErrConflict}
		case loadErr != nil:
			return answer[T]{err: loadErr}
		}
		for _, mine := range tried {
			if mine.record.Version == 0 || mine.record.Version != fresh.Version {
				continue // a record that is not there is nobody's own
			}
			if unknown != nil && c.confirm(mine.record) != nil {
				return answer[T]{err: unknown}
			}
			return mine
		}
		if unknown != nil && (fresh.Version != base.Version || opens >= maxUnknown) {
			return answer[T]{err: unknown}
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

// apply applies the rule to what was loaded. If there is something to store, it
// is to be stored before the answer may leave.
func apply[T any](c *call, base Record, r rule[T]) (said answer[T], store bool) {
	a := &attempt{call: c, absent: base.Version == 0}
	var err error
	switch a.account, err = c.v.open(c.label, base); {
	case err != nil && c.mode == blind:
		a.account = &account{}
	case err != nil:
		return answer[T]{err: err}, false
	}
	said.err = shielded("judging", func() (err error) {
		a.now = c.v.now()
		said.result, err = r(a)
		return err
	})
	said.events = a.events
	accepted := said.err == nil && !a.unchanged
	if !accepted && !a.wrong {
		// A right credential that a fault came after is not spent.
		said.events = slices.DeleteFunc(said.events, func(e Event) bool { return e.Action == ActionVerified })
		return said, false
	}
	if a.remove {
		return said, true
	}
	a.account.tidy(a.now)
	data, err := c.v.seal(c.label, a.account)
	if err != nil {
		return answer[T]{err: err}, false
	}
	said.record = Record{Data: data, Version: newVersion(base.Version), Due: a.account.due()}
	return said, true
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
