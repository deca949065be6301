package commit

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"slices"
)

const (
	// maxUnknown is the number of swaps with an unknown outcome after which a call
	// ends with the store's error.
	maxUnknown = 3
	// maxVersion bounds the random versions to those that a float64 holds exactly.
	maxVersion = 1<<53 - 1
)

// swaps are a call's failed swaps.
type swaps struct {
	tried   []Record // the record of each
	old     int64    // the version expected by the last
	unknown error    // the last error with an unknown outcome
	opens   int      // number of unknown outcomes
}

// failed records a failed swap.
func (s *swaps) failed(old int64, next Record, err, conflict error) {
	s.tried, s.old = append(s.tried, next), old
	if !errors.Is(err, conflict) {
		s.unknown = err
		s.opens++
	}
}

// A swapOutcome is what the stored version tells about the swaps.
type swapOutcome int

const (
	swapLost   swapOutcome = iota // none landed: apply the jobs to the stored record
	swapLanded                    // one landed
	swapOpen                      // one may have landed and been overwritten
)

// outcome tells from the stored version whether a swap has landed, and which.
// Versions are random, so the call's own versions are nobody else's; 0 means no
// record and is never the call's own. A conflict means that nothing was written,
// but a driver may have sent the swap twice, so outcome looks for the call's own
// versions after a conflict too.
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

// unresolved returns the error of a call that cannot learn the outcome of its
// swaps, because loading fails with err; late tells that its time is over.
func (s *swaps) unresolved(err error, late bool, conflict error) error {
	switch {
	case s.unknown != nil:
		return s.unknown
	case late:
		return conflict
	}
	return err
}

// newVersion draws a version other than old.
func newVersion(old int64) int64 {
	for {
		var b [8]byte
		_, _ = rand.Read(b[:]) // never fails, says its documentation
		if v := int64(binary.BigEndian.Uint64(b[:]) & maxVersion); v != 0 && v != old {
			return v
		}
	}
}
