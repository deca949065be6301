package storetest_test

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/knowhave/factor"
)

// server is a sound table at the other end of a connection that can be cut. It
// has every optional ability.
type server struct {
	*table
	wire   sync.Mutex
	cuts   int
	coming int        // swaps on their way to the server
	going  int        // answers of swaps on their way back
	late   []lateSwap // cut off on their way, and still to arrive

	answer func(err error, swap func() error) error // what the client makes of a cut
	cut    func()                                   // what the cut does to the server
}

// lateSwap is a swap whose caller has been told that its connection was cut.
type lateSwap struct {
	user string
	old  int64
	next factor.Record
}

var errCut = errors.New("connection reset by peer")

func newServer() *server {
	return &server{
		table:  newTable(),
		answer: func(err error, _ func() error) error { return err },
		cut:    func() {},
	}
}

// Interrupt cuts the connections while a swap is on its way to the server, and
// the next time while the answer to one is on its way back.
func (s *server) Interrupt(ctx context.Context) error {
	for {
		s.wire.Lock()
		if ctx.Err() != nil || s.cuts%2 == 0 && s.coming > 0 || s.cuts%2 == 1 && s.going > 0 {
			s.cuts++
			s.cut()
			s.wire.Unlock()
			return ctx.Err()
		}
		s.wire.Unlock()
		yield()
	}
}

// cross lets a message be on its way, and reports whether its connection was cut
// meanwhile.
func (s *server) cross(under *int) bool {
	s.wire.Lock()
	cuts := s.cuts
	*under++
	s.wire.Unlock()
	yield()
	s.wire.Lock()
	defer s.wire.Unlock()
	*under--
	return s.cuts != cuts
}

func (s *server) Load(ctx context.Context, user string) (factor.Record, error) {
	s.land()
	if s.cross(new(int)) {
		return factor.Record{}, errCut
	}
	return s.table.Load(ctx, user)
}

func (s *server) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	try := func() error { return s.send(ctx, user, old, next) }
	err := try()
	if errors.Is(err, errCut) {
		err = s.answer(err, try)
	}
	return err
}

// send swaps. If the connection is cut, the swap arrives in time, never or late,
// and the answer is lost.
func (s *server) send(ctx context.Context, user string, old int64, next factor.Record) error {
	if s.cross(&s.coming) {
		s.wire.Lock()
		defer s.wire.Unlock()
		if next.Version%2 == 0 {
			s.late = append(s.late, lateSwap{user, old, next})
		}
		return errCut
	}
	if err := s.table.CompareAndSwap(ctx, user, old, next); err != nil {
		return err
	}
	if s.cross(&s.going) {
		return errCut
	}
	return nil
}

// land lets one late swap arrive.
func (s *server) land() {
	s.wire.Lock()
	defer s.wire.Unlock()
	if len(s.late) > 0 {
		_ = s.sound(s.late[0].user, s.late[0].old, s.late[0].next)
		s.late = s.late[1:]
	}
}

func (s *server) Versions(ctx context.Context, users []string) ([]int64, error) {
	return s.versions(ctx, users)
}

// cutting returns a maker of servers that f has spoilt.
func cutting(f func(*server)) func() factor.Store {
	return func() factor.Store {
		s := newServer()
		f(s)
		return s
	}
}

var interruptDefects = []defect{
	{"cut connection answered with conflict", "InterruptedSwapsTellTheTruth", cutting(func(s *server) {
		s.answer = func(error, func() error) error { return factor.ErrConflict }
	})},
	{"swap sent again after a cut", "InterruptedSwapsTellTheTruth", cutting(func(s *server) {
		s.answer = func(err error, swap func() error) error {
			for errors.Is(err, errCut) {
				err = swap()
			}
			return err
		}
	})},
	{"cut connection answered with success", "InterruptedGuessesStayCounted", cutting(func(s *server) {
		s.answer = func(error, func() error) error { return nil }
	})},
	{"last writes forgotten at a restart", "InterruptedCodesAreAcceptedOnce", forgetful},
}

// forgetful returns a server whose disk is always some writes behind what it has
// answered, so that every cut loses the same number of writes.
func forgetful() factor.Store {
	const behind = 12
	s := newServer()
	var disk [][]row // as it was before each of the last writes
	s.table.store = func(data []byte) []byte {
		disk = append(disk, slices.Clone(s.rows))
		disk = disk[max(0, len(disk)-behind):]
		return data
	}
	s.cut = func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(disk) > 0 {
			s.rows, disk = disk[0], nil
		}
	}
	return s
}
