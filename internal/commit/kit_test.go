package commit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
)

var (
	errConflict = errors.New("conflict")
	errBroken   = errors.New("connection lost")
)

// memory keeps the records of all keys. A sealed record is the label and the text.
type memory struct {
	mu     sync.Mutex
	kept   map[string]Record
	loads  int
	swaps  int
	onLoad func(ctx context.Context) error                    // before a load
	onSwap []func(ctx context.Context, do func() error) error // one for each swap to come
	onSeal error
}

func (m *memory) Load(ctx context.Context, key string) (Record, error) {
	m.mu.Lock()
	m.loads++
	onLoad := m.onLoad
	m.mu.Unlock()
	if onLoad != nil {
		if err := onLoad(ctx); err != nil {
			return Record{}, err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.kept[key], ctx.Err()
}

func (m *memory) Swap(ctx context.Context, key string, old int64, next Record) error {
	m.mu.Lock()
	m.swaps++
	way := func(_ context.Context, do func() error) error { return do() }
	if len(m.onSwap) > 0 {
		way, m.onSwap = m.onSwap[0], m.onSwap[1:]
	}
	m.mu.Unlock()
	return way(ctx, func() error {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.kept[key].Version != old {
			return fmt.Errorf("not now: %w", errConflict)
		}
		if next.Version == 0 {
			delete(m.kept, key)
			return nil
		}
		if m.kept == nil {
			m.kept = map[string]Record{}
		}
		m.kept[key] = next
		return nil
	})
}

func (m *memory) Label(key string) []byte { return []byte("of " + key + ": ") }

func (m *memory) Open(label []byte, r Record) (State, error) {
	if r.Version == 0 {
		return State{Absent: true}, nil
	}
	if len(r.Data) < len(label) || !slices.Equal(r.Data[:len(label)], label) {
		return State{}, errBroken
	}
	return State{Plain: r.Data[len(label):]}, nil
}

func (m *memory) Seal(label, plain []byte) ([]byte, error) {
	return slices.Concat(label, plain), m.onSeal
}

// text returns the stored text of a key.
func (m *memory) text(key string) string {
	s, _ := m.Open(m.Label(key), m.kept[key])
	return string(s.Plain)
}

// An addition is a job that adds a letter to the text, unless told otherwise, and
// returns the text before.
type addition struct {
	Call
	Answer[string]
	letter string
	apply  func(s State) (State, bool)
	tries  int
}

func (a *addition) Apply(s State) (State, bool) {
	a.tries++
	a.Value, a.Err = string(s.Plain), nil
	if a.apply != nil {
		return a.apply(s)
	}
	return State{Plain: append(slices.Clone(s.Plain), a.letter...)}, true
}

// run adds a letter to the text of "key".
func run(ctx context.Context, l *Loop, how How, letter string) *addition {
	a := &addition{Call: Call{Loop: l, Ctx: ctx, Key: "key", How: how}, letter: letter}
	a.Run(a)
	return a
}

// queued makes a call hold the lock in its swap while others come, one after the
// other, and then lets all go on. It returns the others' jobs.
func queued(t *testing.T, l *Loop, m *memory, others ...func() *addition) []*addition {
	t.Helper()
	enter := make(chan struct{})
	m.onSwap = append([]func(context.Context, func() error) error{
		func(_ context.Context, do func() error) error { <-enter; return do() },
	}, m.onSwap...)
	first := make(chan error, 1)
	go func() { first <- run(context.Background(), l, How{}, "-").Err }()
	synctest.Wait()
	jobs := make([]*addition, len(others))
	done := make(chan struct{})
	for i, other := range others {
		go func() {
			defer func() { done <- struct{}{} }() // also where runtime.Goexit ends it
			jobs[i] = other()
		}()
		synctest.Wait()
	}
	close(enter)
	for range others {
		<-done
	}
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	return jobs
}
