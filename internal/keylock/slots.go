package keylock

import (
	"context"
	"errors"
	"sync"
	"time"
)

// MaxAtOnce is how many callers hold a slot of one key at once.
const MaxAtOnce = 4

// ErrTaken says that all slots of the key stayed taken.
var ErrTaken = errors.New("all slots are taken")

// Slots bounds how many callers are at work for each key. The zero value is ready
// for use.
type Slots struct {
	mu   sync.Mutex
	keys map[string]*slots
}

// slots are those of one key. They exist while a caller holds one or waits for one.
type slots struct {
	taken   chan struct{}
	callers int
}

// Enter takes a slot of the key. It waits for one as long as patience, which may be
// 0, and as the context. It returns ErrTaken or the context's error; otherwise the
// caller must call leave.
func (s *Slots) Enter(ctx context.Context, key string, patience time.Duration) (leave func(), err error) {
	mine := s.join(key)
	if err := mine.take(ctx, patience); err != nil {
		s.part(key, mine)
		return nil, err
	}
	return func() {
		<-mine.taken
		s.part(key, mine)
	}, nil
}

func (s *slots) take(ctx context.Context, patience time.Duration) error {
	select {
	case s.taken <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case s.taken <- struct{}{}:
		return nil
	case <-timer.C:
		return ErrTaken
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Slots) join(key string) *slots {
	s.mu.Lock()
	defer s.mu.Unlock()
	mine := s.keys[key]
	if mine == nil {
		if s.keys == nil {
			s.keys = make(map[string]*slots)
		}
		mine = &slots{taken: make(chan struct{}, MaxAtOnce)}
		s.keys[key] = mine
	}
	mine.callers++
	return mine
}

func (s *Slots) part(key string, mine *slots) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if mine.callers--; mine.callers == 0 {
		delete(s.keys, key)
	}
}
