package commit

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

// swaps are those of one call that the store did not answer with nil.
type swaps struct {
	tried   []Record // what each would have stored
	old     int64    // the version that the last one expected
	unknown error    // the store's last word on one whose outcome is unknown
	opens   int      // how many of those
}

// failed notes a swap and the store's error.
func (s *swaps) failed(old int64, next Record, err, conflict error) {
	s.tried, s.old = append(s.tried, next), old
	if !errors.Is(err, conflict) {
		s.unknown = err
		s.opens++
	}
}

// swapOutcome is what the version that is stored now says of the swaps.
type swapOutcome int

const (
	swapLost   swapOutcome = iota // none landed: apply the jobs to what is stored now
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
func (s *swaps) unresolved(err error, late bool, conflict error) error {
	switch {
	case s.unknown != nil:
		return s.unknown
	case late:
		return conflict
	}
	return err
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
