package linear

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

const (
	minClients = 6
	maxClients = 8
	// longestBackoff is the longest wait of the library after a lost swap.
	longestBackoff = 100 * time.Millisecond
)

// A pacer runs the clients of a phase and waits for them.
type pacer interface {
	pace(ctx context.Context)
	// start waits for the client's turn to make its next call.
	start(client int)
	// tick returns the time of an event at a client.
	tick(calm bool) int64
	// lost tells that the client's swap failed, so that it may back off now.
	lost(client int)
	run(clients int, work func(client int))
}

// Scheduled runs a history in a bubble, one store call at a time.
func Scheduled(t *testing.T, seed uint64, o Options) (h *History) {
	synctest.Test(t, func(t *testing.T) {
		s := &scheduler{seed: seed, rng: newRand(seed, 1000)}
		for i := range s.gates {
			s.gates[i] = make(chan struct{})
			s.weight[i] = []int{1, 3, 9}[s.rng.IntN(3)]
		}
		h = run(seed, o, s)
	})
	return h
}

// Free runs a history with its clients unscheduled.
func Free(seed uint64, o Options) *History { return run(seed, o, &free{}) }

func newRand(seed uint64, stream int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(stream))) }

// free does not schedule.
type free struct{ ticks atomic.Int64 }

func (*free) pace(context.Context) {}
func (*free) start(int)            {}
func (*free) lost(int)             {}
func (f *free) tick(bool) int64    { return f.ticks.Add(1) }

func (*free) run(clients int, work func(client int)) {
	var all sync.WaitGroup
	for c := range clients {
		all.Go(func() { work(c) })
	}
	all.Wait()
}

// A scheduler lets one client run at a time, until it comes to a gate or waits for
// another client. It draws the next one, with some clients slower than others.
type scheduler struct {
	seed   uint64
	rng    *rand.Rand
	gates  [maxClients]chan struct{}
	weight [maxClients]int

	// ticks counts the turns. Everything in one turn has the same time, because a
	// client that wakes another in the library may run beside it.
	ticks atomic.Int64

	mu      sync.Mutex
	waiting [maxClients]int  // at its gate; more than one if the library calls the store from goroutines of its own
	losers  [maxClients]bool // not at its gate since it lost a swap
	running int              // clients that have work left
}

func (s *scheduler) pace(ctx context.Context) {
	if c := callOf(ctx); c != nil && !c.calm {
		s.start(c.Client)
	}
}

func (s *scheduler) start(client int) {
	s.mu.Lock()
	s.waiting[client]++
	s.losers[client] = false
	s.mu.Unlock()
	<-s.gates[client]
}

func (s *scheduler) tick(calm bool) int64 {
	if calm {
		return s.ticks.Add(1)
	}
	return s.ticks.Load()
}

func (s *scheduler) lost(client int) {
	s.mu.Lock()
	s.losers[client] = true
	s.mu.Unlock()
}

func (s *scheduler) run(clients int, work func(client int)) {
	s.running = clients
	for c := range clients {
		go func() {
			work(c)
			s.mu.Lock()
			s.running--
			s.mu.Unlock()
		}()
	}
	for moved := time.Now(); ; {
		synctest.Wait()
		if s.somebodyLost() {
			time.Sleep(longestBackoff)
			synctest.Wait() // all are back
		}
		next, some, running := s.next()
		switch {
		case some:
			s.ticks.Add(1)
			s.gates[next] <- struct{}{}
		case !running:
			return
		case time.Since(moved) > time.Hour:
			panic(fmt.Sprintf("linear: seed %d: the clients wait for each other", s.seed))
		default:
			time.Sleep(time.Minute)
			continue
		}
		moved = time.Now()
	}
}

// somebodyLost reports whether a client may back off now.
func (s *scheduler) somebodyLost() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	lost := s.losers != [maxClients]bool{}
	s.losers = [maxClients]bool{}
	return lost
}

// next draws one of the clients at a gate, if any. The others wait for each other
// in the library, or have no work left.
func (s *scheduler) next() (client int, some, running bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := 0
	for c, n := range s.waiting {
		if n > 0 {
			sum += s.weight[c]
		}
	}
	if sum == 0 {
		return 0, false, s.running > 0
	}
	drawn := s.rng.IntN(sum)
	for c, n := range s.waiting {
		if n == 0 {
			continue
		}
		if drawn -= s.weight[c]; drawn < 0 {
			client = c
			break
		}
	}
	s.waiting[client]--
	return client, true, true
}
