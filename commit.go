package factor

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"slices"
)

const (
	// maxUnknown is how many swaps of one call may have an unknown outcome
	// before it ends with the store's error.
	maxUnknown = 3
	// maxVersion bounds the random versions: what a float64 holds exactly.
	maxVersion = 1<<53 - 1
)

// commit applies the rules of the jobs and swaps in what they leave, all in one,
// until a swap is known to have landed or its outcome cannot be known. It returns
// which of the tries counts; the last one, or one that needed no swap, is one more
// than the swaps that failed.
func (c *call) commit(jobs []job, base Record) (try int, err error) {
	var s swaps
	for {
		next, store, err := c.applyAll(jobs, base)
		if err != nil || !store {
			return len(s.tried), err
		}
		c.invalidate()
		err = c.v.swap(c.commitCtx(), c.user, base.Version, next)
		if err == nil {
			c.remember(next)
			return len(s.tried), nil
		}
		for _, j := range jobs {
			j.saveAnswer()
		}
		s.failed(base.Version, next, err)
		fresh, err := c.v.reload(c.commitCtx(), c.user, len(s.tried)-1)
		if err != nil {
			return 0, s.unresolved(err, c.commitCtx().Err() != nil)
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

// confirm swaps a record that a swap of the call has left, although its outcome
// was unknown, once more under another version. A store may show what it does
// not keep yet: PostgreSQL shows a commit that waited for its standby when the
// connection broke. What it acknowledges it keeps, and all that went before.
func (c *call) confirm(mine Record) error {
	again := mine
	again.Version = newVersion(mine.Version)
	return c.v.swap(c.commitCtx(), c.user, mine.Version, again)
}

// swaps are those of one call that the store did not answer with nil.
type swaps struct {
	tried   []Record // what each would have stored
	old     int64    // the version that the last one expected
	unknown error    // the store's last word on one whose outcome is unknown
	opens   int      // how many of those
}

// failed notes a swap and the store's error.
func (s *swaps) failed(old int64, next Record, err error) {
	s.tried, s.old = append(s.tried, next), old
	if !errors.Is(err, ErrConflict) {
		s.unknown = err
		s.opens++
	}
}

// swapOutcome is what the version that is stored now says of the swaps.
type swapOutcome int

const (
	swapLost   swapOutcome = iota // none landed: apply the rules to what is stored now
	swapLanded                    // one landed
	swapOpen                      // one may have landed and been written over
)

// outcome tells what became of the swaps from the version that is stored now, and
// which of them landed. A version is drawn at random, so that one of the call's own
// is nobody else's; 0 is that of no record and nobody's own. A conflict says that
// nothing was written, but a driver may have sent the swap twice, and so the call
// looks for its own versions after a conflict too.
func (s *swaps) outcome(stored int64) (what swapOutcome, i int) {
	i = slices.IndexFunc(s.tried, func(r Record) bool { return r.Version != 0 && r.Version == stored })
	switch {
	case i >= 0:
		return swapLanded, i
	case s.unknown != nil && (stored != s.old || s.opens >= maxUnknown):
		return swapOpen, 0
	}
	return swapLost, 0
}

// unresolved is the error of a call that cannot learn what became of its swaps,
// because loading ends with err; late says that its time is over.
func (s *swaps) unresolved(err error, late bool) error {
	switch {
	case s.unknown != nil:
		return s.unknown
	case late:
		return ErrConflict
	}
	return err
}

// applyAll applies the rules one after the other, each to what the one before
// leaves. What is to be stored, if anything is, must be stored before any answer
// may leave.
func (c *call) applyAll(jobs []job, base Record) (next Record, store bool, err error) {
	label := labelOf(c.user)
	s, err := c.v.unseal(label, base)
	if err != nil && c.mode != modeOverwrite {
		return Record{}, false, err
	}
	for _, j := range jobs {
		if changed, ok := j.apply(s); ok {
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
