package factortest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/knowhave/factor"
)

// ErrStore is the error of a failing Store if the test names no other.
var ErrStore = errors.New("factortest: the store fails on command")

// A Method names a method of factor.Store.
type Method string

// The methods of factor.Store.
const (
	Load           Method = "Load"
	CompareAndSwap Method = "CompareAndSwap"
	List           Method = "List"
)

// A Failure is one way for a call of a Store to fail.
type Failure struct {
	// Err is the error that the call returns. Nil means ErrStore.
	// factor.ErrConflict means that another call won the swap.
	Err error
	// Applied makes the call do its work before it fails, as when the connection is
	// lost before the database answers.
	Applied bool
	// Hang makes the call wait until its context ends, and return the context's
	// error instead of Err.
	Hang bool
}

// A Store passes every call on to the store behind it, unless the test tells it to
// fail. It is safe for use by many goroutines.
type Store struct {
	behind factor.Store

	mu    sync.Mutex
	next  map[Method][]Failure
	down  error
	calls map[Method]int
}

// NewStore returns a Store in front of another.
func NewStore(behind factor.Store) *Store {
	return &Store{behind: behind, next: make(map[Method][]Failure), calls: make(map[Method]int)}
}

// Fail makes the next calls of a method fail, one for each Failure, after those of
// earlier calls of Fail.
func (s *Store) Fail(m Method, how ...Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next[m] = append(s.next[m], how...)
}

// Down makes every call fail with err, before it does anything, until Up. A nil
// error means ErrStore.
func (s *Store) Down(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = orErrStore(err)
}

// Up ends Down, and drops the remaining Failures.
func (s *Store) Up() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = nil
	clear(s.next)
}

// Calls returns the number of calls of a method, including those that failed.
func (s *Store) Calls(m Method) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[m]
}

// Load implements factor.Store.
func (s *Store) Load(ctx context.Context, user string) (rec factor.Record, err error) {
	err = s.call(ctx, Load, func() error {
		rec, err = s.behind.Load(ctx, user)
		return err
	})
	if err != nil {
		return factor.Record{}, err
	}
	return rec, nil
}

// CompareAndSwap implements factor.Store.
func (s *Store) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	return s.call(ctx, CompareAndSwap, func() error { return s.behind.CompareAndSwap(ctx, user, old, next) })
}

// List implements factor.Store.
func (s *Store) List(ctx context.Context, after string, due time.Time, limit int) (users []string, err error) {
	err = s.call(ctx, List, func() error {
		users, err = s.behind.List(ctx, after, due, limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	return users, nil
}

func (s *Store) call(ctx context.Context, m Method, do func() error) error {
	how := s.failure(m)
	if how == nil {
		return do()
	}
	if how.Applied {
		if err := do(); err != nil {
			return err
		}
	}
	if how.Hang {
		<-ctx.Done()
		return ctx.Err()
	}
	return orErrStore(how.Err)
}

// failure takes the next Failure of a method, or nil.
func (s *Store) failure(m Method) *Failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[m]++
	if s.down != nil {
		return &Failure{Err: s.down}
	}
	if len(s.next[m]) == 0 {
		return nil
	}
	how := s.next[m][0]
	s.next[m] = s.next[m][1:]
	return &how
}

func orErrStore(err error) error {
	if err == nil {
		return ErrStore
	}
	return err
}
