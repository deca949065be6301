package commit

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"testing"
)

func TestOutcomeOfSwaps(t *testing.T) {
	lost, down := errConflict, errors.New("connection lost")
	// A swap expects a version, would store another, and was answered with an error.
	type swap struct {
		old, next int64
		err       error
	}
	for _, c := range []struct {
		name   string
		swaps  []swap
		stored int64
		want   swapOutcome
		which  int
	}{
		{"a conflict, somebody else's version", []swap{{1, 2, lost}}, 9, swapLost, 0},
		{"a conflict, the version it expected", []swap{{1, 2, lost}}, 1, swapLost, 0},
		{"a conflict, its own version: a driver sent it twice", []swap{{1, 2, lost}}, 2, swapLanded, 0},
		{"conflicts, the own version of an earlier one", []swap{{1, 2, lost}, {9, 3, lost}}, 2, swapLanded, 0},
		{"conflicts, the own version of the last", []swap{{1, 2, lost}, {9, 3, lost}}, 3, swapLanded, 1},
		{"unknown, the version it expected", []swap{{1, 2, down}}, 1, swapLost, 0},
		{"unknown, no record, as it expected", []swap{{0, 2, down}}, 0, swapLost, 0},
		{"unknown, its own version", []swap{{1, 2, down}}, 2, swapLanded, 0},
		{"unknown, somebody else's version: perhaps written over its own", []swap{{1, 2, down}}, 9, swapOpen, 0},
		{"unknown, no record", []swap{{1, 2, down}}, 0, swapOpen, 0},
		{"unknown after a conflict, the version that the last one expected", []swap{{1, 2, lost}, {9, 3, down}}, 9, swapLost, 0},
		{"unknown after a conflict, the version that the first one expected", []swap{{1, 2, lost}, {9, 3, down}}, 1, swapOpen, 0},
		{"a conflict after an unknown one, somebody else's version", []swap{{1, 2, down}, {1, 3, lost}}, 9, swapOpen, 0},
		{"a conflict after an unknown one, its own version", []swap{{1, 2, down}, {1, 3, lost}}, 2, swapLanded, 0},
		{"unknown twice", []swap{{1, 2, down}, {1, 3, down}}, 1, swapLost, 0},
		{"unknown three times", []swap{{1, 2, down}, {1, 3, down}, {1, 4, down}}, 1, swapOpen, 0},
		{"a removal, no record: anybody's", []swap{{1, 0, lost}}, 0, swapLost, 0},
		{"an unknown removal, no record: anybody's", []swap{{1, 0, down}}, 0, swapOpen, 0},
	} {
		var s swaps
		for _, one := range c.swaps {
			s.failed(one.old, Record{Version: one.next}, one.err, errConflict)
		}
		if got, which := s.outcome(c.stored); got != c.want || which != c.which {
			t.Errorf("%s: outcome %d of swap %d, want %d of %d", c.name, got, which, c.want, c.which)
		}
	}
}

func TestACallThatCannotLearnItsOutcomeSaysWhy(t *testing.T) {
	down, gone := errors.New("connection lost"), errors.New("cannot load")
	for _, c := range []struct {
		unknown error
		late    bool
		want    error
	}{{nil, false, gone}, {nil, true, errConflict}, {down, false, down}, {down, true, down}} {
		s := swaps{unknown: c.unknown}
		if got := s.unresolved(gone, c.late, errConflict); got != c.want {
			t.Errorf("unknown %v, late %v: %v, want %v", c.unknown, c.late, got, c.want)
		}
	}
}

// A version is never 0, nor the one that it follows.
func TestVersionsDifferFromTheOneBeforeAndFromNone(t *testing.T) {
	defer func(r io.Reader) { rand.Reader = r }(rand.Reader)
	const old, next = 7, 8
	drawn := func(versions ...byte) io.Reader {
		var all []byte
		for _, v := range versions {
			all = append(all, 0, 0, 0, 0, 0, 0, 0, v)
		}
		return bytes.NewReader(append(all, bytes.Repeat([]byte{0, 0, 0, 0, 0, 0, 0, next}, 10)...))
	}
	for _, versions := range [][]byte{{0}, {old}, {0, old}, {old, 0}, {}} {
		rand.Reader = drawn(versions...)
		if got := newVersion(old); got != next {
			t.Errorf("of %v and then %d, %d is taken to follow %d", versions, next, got, old)
		}
	}
	rand.Reader = bytes.NewReader(bytes.Repeat([]byte{0xff}, 8))
	if got := newVersion(0); got != 1<<53-1 {
		t.Errorf("the largest version is %d", got)
	}
}
