// Package poll lets many callers wait for something that can only be found out by
// asking again and again. All callers that wait for one key share the questions.
// The timeout or cancellation of a caller ends its own wait only, and a slow or
// failed answer about one key is nothing to the callers that wait for another.
package poll

import (
	"context"
	"sync"
	"time"
)

// Options says what to ask, and how often.
type Options struct {
	// Look looks at one key. It must not panic. The first look at a key has the
	// values of the first caller's context; later ones have none.
	Look func(ctx context.Context, key string) (Seen, error)
	// Versions returns the versions of up to 1,000 keys, in their order, and as
	// many. It must not panic. With it, a key is looked at again only once its
	// version has changed; if it is nil, every key is looked at each time.
	Versions func(ctx context.Context, keys []string) ([]int64, error)
	// Interval is the longest time between two questions about a key, if the
	// answers come in time. A random part of up to a quarter is taken off.
	Interval time.Duration
	// Timeout bounds each call of Look and of Versions. A call that has not
	// returned by then is abandoned and fails: its goroutine goes on, but nothing
	// waits for it.
	Timeout time.Duration
}

// Seen is what a look has found.
type Seen struct {
	Done    bool  // the wait is over
	Version int64 // of what was looked at
}

// A Poll asks as long as a caller waits. It is safe for use by many goroutines.
// Use New to make one.
type Poll struct {
	opts   Options
	firsts slots // for the first look at each key
	slots  slots // for all other calls

	mu      sync.Mutex
	watches map[string]*watch  // one for each key that is waited for
	stop    context.CancelFunc // ends the run of questions; set while watches is not empty
}

// A watch is shared by all callers that wait for one key. Poll.mu guards its fields.
type watch struct {
	key      string
	waiting  int   // how many callers wait
	asking   bool  // a question about the key is open
	answered bool  // a look has been answered
	version  int64 // that the last look found
	// cancel ends the first look, while that goes on.
	cancel context.CancelFunc
	done   chan struct{} // closed when the wait is over, or on err
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

// Wait returns true as soon as a look at the key finds that the wait is over, or
// Wake is called for the key, and false after the timeout.
//
// It returns the context's error if the context ends first, and the error of Look
// or Versions if one fails. If no look at the key has been answered before the
// timeout, it returns context.DeadlineExceeded.
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

// Wake ends the wait of all callers that wait for the key.
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

// join adds a caller to those that wait for the key.
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

// start begins to watch a key, and begins to ask if no key was watched. The first
// look is for all callers that will wait: it ends with the watch, and not with the
// caller. p.mu must be held.
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

// finish ends the wait of all callers that share the watch. p.mu must be held.
func (p *Poll) finish(mine *watch, err error) {
	if p.watches[mine.key] != mine {
		return
	}
	mine.err = err
	close(mine.done)
	p.end(mine)
}

// end removes a watch, so that the next caller begins another. With the last watch
// it ends the questions. p.mu must be held.
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

// looked ends the first look and drops its context, which holds the first caller's
// values. Poll.mu must be held.
func (w *watch) looked() {
	if w.cancel != nil {
		w.cancel()
		w.cancel = nil
	}
}
