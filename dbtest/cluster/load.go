package cluster

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"
)

const (
	// workers is the number of clients.
	workers = 24
	// callTimeout bounds a client's call.
	callTimeout = 3 * time.Second
	// pause is how long a client waits after a call without an answer.
	pause = 20 * time.Millisecond
	// absence is how many calls it then makes elsewhere before it returns to its
	// own node.
	absence = 20
)

// A load is clients that call at the same time, through several apps and on all
// nodes, until it ends.
type load struct {
	*scene
	t       testing.TB
	board   *board
	nodes   []int
	stop    chan struct{}
	running sync.WaitGroup
}

// startLoad starts clients that draw from a board, on some nodes. Each has its own
// node, and goes to the next one for a while after a call without an answer.
func (s *scene) startLoad(t testing.TB, b *board, nodes ...int) *load {
	l := &load{scene: s, t: t, board: b, nodes: nodes, stop: make(chan struct{})}
	for n := range workers {
		l.running.Go(func() { l.work(n) })
	}
	t.Cleanup(l.end)
	return l
}

func (l *load) work(number int) {
	through := l.clients[number/len(l.nodes)%len(l.clients)]
	node, away := number, 0
	for !l.ended() {
		r := l.board.draw()
		said := l.journal.make(through, l.nodes[node%len(l.nodes)], r, callTimeout)
		l.board.learn(r, said)
		switch {
		case !said.Class.answered():
			node, away = node+1, absence
			select {
			case <-l.stop:
			case <-time.After(pause):
			}
		case away > 0:
			away--
		default:
			node = number
		}
	}
}

func (l *load) ended() bool {
	select {
	case <-l.stop:
		return true
	default:
		return false
	}
}

// end stops the clients and waits for their last calls.
func (l *load) end() {
	if !l.ended() {
		close(l.stop)
	}
	l.running.Wait()
}

// goesOn waits until each of some nodes, or of all, has answered that many more
// calls.
func (l *load) goesOn(calls int, nodes ...int) {
	l.t.Helper()
	if len(nodes) == 0 {
		nodes = l.nodes
	}
	from := l.journal.now()
	until(l.t, "the nodes answer", func() bool {
		return !slices.ContainsFunc(nodes, func(node int) bool {
			return l.journal.answers(from, func(c *call) bool { return c.node == node }) < calls
		})
	})
}

// make makes a call and records it.
func (j *journal) make(through client, node int, r request, timeout time.Duration) answer {
	c := j.begin(node, r)
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	began := time.Now()
	said := through.do(ctx, node, r)
	j.finish(c, said, time.Since(began))
	return said
}

// until waits for a condition.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after two minutes it is still not so that %s", what)
		}
	}
}
