package storetest_test

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/knowhave/factor"
)

// row is what a table keeps for one user. Due is 0 or milliseconds.
type row struct {
	user    string
	version int64
	due     int64
	data    []byte
}

// table is a sound store in the shape of a database table, with a function at
// each place where a defect can be put.
type table struct {
	mu   sync.Mutex
	rows []row // in the order of insertion

	context func(context.Context) error
	key     func(user string) string
	version func(int64) int64
	due     func(time.Time) int64
	store   func(data []byte) []byte
	load    func(data []byte) []byte
	release func(data []byte)
	update  func(old, next row) row
	order   func(a, b string) int
	isDue   func(due, at int64) bool
	absent  func() error
}

var _ factor.Store = (*table)(nil)

func newTable() *table {
	return &table{
		context: context.Context.Err,
		key:     func(user string) string { return user },
		version: func(version int64) int64 { return version },
		due: func(due time.Time) int64 {
			if due.IsZero() {
				return 0
			}
			return due.UnixMilli()
		},
		store:   bytes.Clone,
		load:    bytes.Clone,
		release: func([]byte) {},
		update:  func(_, next row) row { return next },
		order:   cmp.Compare[string],
		isDue:   func(due, at int64) bool { return due <= at },
		absent:  func() error { return nil },
	}
}

// find returns the index of the user's row, or -1.
func (s *table) find(user string) int {
	return slices.IndexFunc(s.rows, func(r row) bool { return r.user == s.key(user) })
}

// stored returns the version of the user's row, or 0.
func (s *table) stored(user string) int64 {
	if i := s.find(user); i >= 0 {
		return s.rows[i].version
	}
	return 0
}

func (s *table) Load(ctx context.Context, user string) (factor.Record, error) {
	if err := s.context(ctx); err != nil {
		return factor.Record{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(user)
	if i < 0 {
		return factor.Record{}, s.absent()
	}
	return factor.Record{Data: s.load(s.rows[i].data), Version: s.rows[i].version}, nil
}

func (s *table) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	if err := s.context(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stored(user) != s.version(old) {
		return factor.ErrConflict
	}
	s.write(user, next)
	return nil
}

// write replaces, inserts or removes the user's row without a question.
func (s *table) write(user string, next factor.Record) {
	i := s.find(user)
	if next.IsZero() {
		if i >= 0 {
			s.release(s.rows[i].data)
			s.rows = slices.Delete(s.rows, i, i+1)
		}
		return
	}
	r := row{user: s.key(user), version: s.version(next.Version), due: s.due(next.Due), data: s.store(next.Data)}
	if i < 0 {
		s.rows = append(s.rows, r)
		return
	}
	before := s.rows[i]
	s.rows[i] = s.update(before, r)
	s.release(before.data)
}

func (s *table) List(ctx context.Context, after string, due time.Time, limit int) ([]string, error) {
	if err := s.context(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var users []string
	for _, r := range s.rows {
		if s.order(r.user, after) > 0 && (due.IsZero() || r.due != 0 && s.isDue(r.due, s.due(due))) {
			users = append(users, r.user)
		}
	}
	slices.SortFunc(users, s.order)
	return users[:min(limit, len(users))], nil
}
