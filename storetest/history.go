package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/knowhave/factor"
)

// history is what callers did to one user's record: each swap leads from one
// version to another that no other swap has. From the newest version it can be
// followed back.
type history struct {
	user  string
	first int64

	mu    sync.Mutex
	last  int64 // the number of the last version that was drawn
	swaps map[int64]link
	seen  map[int64]bool // by a Load
	torn  error          // what is wrong with one record by itself
}

// link is the swap that was to store a version.
type link struct {
	old int64
	err error
}

// histories begins one for each of n new users.
func (s *subject) histories(n int) []*history {
	s.t.Helper()
	users := make([]*history, n)
	for i := range users {
		user := fmt.Sprintf("user%d", i)
		users[i] = &history{
			user:  user,
			first: s.add(user, time.Time{}).Version,
			last:  int64(i+1) << 32,
			swaps: make(map[int64]link),
			seen:  make(map[int64]bool),
		}
	}
	return users
}

// step loads the record and swaps it for a new one. The swap has a context of
// its own. The returned error is the Load's.
func (h *history) step(s *subject, swapCtx context.Context) error {
	r, err := s.store.Load(s.ctx, h.user)
	if err != nil {
		return err
	}
	h.mu.Lock()
	if !bytes.Equal(r.Data, recordOf(r.Version).Data) {
		h.torn = fmt.Errorf("a Load returned %s: Data and Version are of the same write, and a record that nobody removes stays", show(r))
	}
	h.seen[r.Version] = true
	h.last++
	next := recordOf(spread(h.last))
	h.mu.Unlock()

	err = s.store.CompareAndSwap(swapCtx, h.user, r.Version, next)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.swaps[next.Version] = link{r.Version, err}
	return nil
}

// check compares what the swaps returned with the newest version, which is loaded
// when all of them have returned.
func (h *history) check(s *subject, when string) {
	s.t.Helper()
	var newest factor.Record
	s.eventually("Load", func() (err error) {
		newest, err = s.store.Load(s.ctx, h.user)
		return err
	})
	err := h.torn
	if err == nil {
		err = h.follow(newest.Version)
	}
	if err != nil {
		s.t.Fatalf("of %d swaps of one user, %s: %v", len(h.swaps), when, err)
	}
}

// follow leads back from the newest version, which was loaded last.
func (h *history) follow(newest int64) error {
	chain := map[int64]bool{h.first: true}
	for at := newest; at != h.first; {
		swap, ok := h.swaps[at]
		switch {
		case !ok:
			return fmt.Errorf("version %d was loaded, and no swap was to store it", at)
		case errors.Is(swap.err, factor.ErrConflict):
			return fmt.Errorf("the swap from version %d to %d returned %q, and its record was stored: factor.ErrConflict is definite, nothing was written and never will be",
				swap.old, at, swap.err)
		case chain[at]:
			return fmt.Errorf("version %d was replaced twice", at)
		}
		chain[at] = true
		at = swap.old
	}
	for version, swap := range h.swaps {
		if swap.err == nil && !chain[version] {
			return fmt.Errorf("the swap from version %d to %d returned nil, and %d is not among those that lead to the newest: what is acknowledged stays", swap.old, version, version)
		}
	}
	for version := range h.seen {
		if !chain[version] {
			return fmt.Errorf("version %d was loaded, and is not among those that lead to the newest: Load returns what was stored", version)
		}
	}
	return nil
}
