// Package poll lets many callers wait for what only asking again and again can
// tell. All who wait for one key share the questions, and nobody's timeout,
// cancellation or slow answer is felt by those who wait for another.
package poll

import (
	"context"
	"sync"
	"time"
)

// Options says what to ask, and how often.
type Options struct {
	// Look looks at one key. Its first call for a key has the values of the
	// context of the caller who came first; later ones have none.
	Look func(ctx context.Context, key string) (Seen, error)
	// Versions returns the versions of up to 1,000 keys, in their order. A key is
	// then looked at again only once its version is another. Nil means that every
	// key is looked at each time.
	Versions func(ctx context.Context, keys []string) ([]int64, error)
	// Interval is how often a key is asked about, at least 4 ns; a random part of
	// up to a quarter is taken off.
	Interval time.Duration
	// Timeout bounds each call of Look and of Versions. A call that does not
	// return by then is given up: its goroutine goes on, but nobody waits for it.
	Timeout time.Duration
}

// Seen is what a look has found.
type Seen struct {
	Done    bool  // what is waited for is there
	Version int64 // of what was looked at
}

// A Poll asks while somebody waits. It is safe for use by many goroutines, and
// must come from New.
type Poll struct {
	opts   Options
	firsts slots // for the first look at a key
	slots  slots // for all other calls

	mu      sync.Mutex
	watches map[string]*watch  // one for each key that is waited for
	stop    context.CancelFunc // ends the run of questions; set while there is a watch
}

// A watch is shared by all who wait for one key. Poll.mu guards its fields.
type watch struct {
	key      string
	waiting  int   // how many wait
	asking   bool  // a question about the key is open
	answered bool  // a look has found something out
	version  int64 // that it found
	// cancel ends the first look, while that goes on.
	cancel context.CancelFunc
	done   chan struct{} // closed once what is waited for is there, or on err
	err    error
}

const (
	// firstsAtOnce bounds how many keys are looked at for the first time at once.
	firstsAtOnce = 256
	// callsAtOnce bounds how many calls of the poll are open at once.
	callsAtOnce = 16
	// keysAtOnce bounds how many keys a call of Versions asks about.
	keysAtOnce = 1000
)

// New returns a Poll that nobody waits for yet.
func New(o Options) *Poll {
	return &Poll{
		opts: o, watches: make(map[string]*watch),
		firsts: make(slots, firstsAtOnce), slots: make(slots, callsAtOnce),
	}
}

// Wait returns true as soon as a look at the key finds that what is waited for is
// there, or Wake says so, and false when the timeout has passed without.
//
// It returns the context's error if that ends first, and the error of the look
// or of Versions. If no look has been answered until the timeout, it returns
// context.DeadlineExceeded.
func (p *Poll) Wait(ctx context.Context, key string, timeout time.Duration) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	timed, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	mine := p.join(ctx, key)
	defer p.leave(mine)
	select {
	case <-mine.done:
	case <-timed.Done():
	}
	return p.outcome(ctx, mine)
}

// Wake tells all who wait for the key that what they wait for is there.
func (p *Poll) Wake(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if mine := p.watches[key]; mine != nil {
		p.finish(mine, nil)
	}
}

// Keys returns how many keys are waited for.
func (p *Poll) Keys() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.watches)
}

func (p *Poll) outcome(ctx context.Context, mine *watch) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-mine.done:
		return mine.err == nil, mine.err
	default:
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if !mine.answered {
		return false, context.DeadlineExceeded
	}
	return false, nil
}

// join adds the caller to those who wait for the key.
func (p *Poll) join(ctx context.Context, key string) *watch {
	p.mu.Lock()
	defer p.mu.Unlock()
	mine := p.watches[key]
	if mine == nil {
		mine = p.start(ctx, key)
	}
	mine.waiting++
	return mine
}

// start begins to watch a key, and to ask if no key was watched. The look is for
// all who will wait: it does not end with the caller, but with the watch. p.mu
// must be held.
func (p *Poll) start(ctx context.Context, key string) *watch {
	if len(p.watches) == 0 {
		var run context.Context
		run, p.stop = context.WithCancel(context.Background())
		go p.run(run)
	}
	look, cancel := context.WithCancel(context.WithoutCancel(ctx))
	mine := &watch{key: key, asking: true, cancel: cancel, done: make(chan struct{})}
	p.watches[key] = mine
	go func() {
		if p.firsts.take(look) {
			defer p.firsts.give()
			p.look(look, mine)
		}
	}()
	return mine
}

func (p *Poll) leave(mine *watch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if mine.waiting--; mine.waiting == 0 {
		p.end(mine)
	}
}

// finish tells all who wait. p.mu must be held.
func (p *Poll) finish(mine *watch, err error) {
	if p.watches[mine.key] != mine {
		return
	}
	mine.err = err
	close(mine.done)
	p.end(mine)
}

// end ends a watch, so that the next caller begins another, and after the last
// one the questions. p.mu must be held.
func (p *Poll) end(mine *watch) {
	if p.watches[mine.key] != mine {
		return
	}
	delete(p.watches, mine.key)
	mine.looked()
	if len(p.watches) == 0 {
		p.stop()
	}
}

// looked ends the first look, and forgets its context, which holds what belongs
// to the first caller.
func (w *watch) looked() {
	if w.cancel != nil {
		w.cancel()
		w.cancel = nil
	}
}
