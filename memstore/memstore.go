// Package memstore keeps records in the memory of one process. Use it for tests and
// for trying things out only: when the process ends, the counts are gone.
package memstore

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/knowhave/factor"
)

// A Store is a factor.Store in memory. Make one with New. It is safe for use by
// many goroutines. Its methods fail only with the context's error or, where the
// contract says so, with factor.ErrConflict.
type Store struct {
	mu      sync.Mutex
	records map[string]factor.Record
}

var _ factor.Store = (*Store)(nil)
var _ factor.VersionLister = (*Store)(nil)

// New returns an empty Store.
func New() *Store {
	return &Store{records: make(map[string]factor.Record)}
}

// Load returns the user's record, or the zero Record if there is none. It returns
// the stored Data without a copy: records are immutable.
func (s *Store) Load(ctx context.Context, user string) (factor.Record, error) {
	if err := ctx.Err(); err != nil {
		return factor.Record{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.records[user], nil
}

// Versions returns the version of each user's record in the order of users, and 0
// for a user without one.
func (s *Store) Versions(ctx context.Context, users []string) ([]int64, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	versions := make([]int64, len(users))
	for i, user := range users {
		versions[i] = s.records[user].Version
	}
	return versions, nil
}

// CompareAndSwap replaces the user's record by next, or removes it if next is zero,
// if the stored version is old. Otherwise it returns factor.ErrConflict.
func (s *Store) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.records[user].Version != old {
		return factor.ErrConflict
	}
	if next.IsZero() {
		delete(s.records, user)
		return nil
	}
	s.records[user] = next
	return nil
}

// List returns up to limit users after the given one in byte order; with due not
// zero, only those whose Due is set and not after due. A page costs time in
// proportion to the number of users.
func (s *Store) List(ctx context.Context, after string, due time.Time, limit int) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var users []string
	for user, r := range s.records {
		if user > after && (due.IsZero() || isDue(r, due)) {
			users = append(users, user)
		}
	}
	slices.Sort(users)
	return users[:max(0, min(limit, len(users)))], nil
}

func isDue(r factor.Record, due time.Time) bool {
	return !r.Due.IsZero() && !r.Due.After(due)
}
