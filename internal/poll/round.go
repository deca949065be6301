package poll

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"
)

// run asks about all keys, again and again, until no caller waits any more. Rounds
// begin a little less than an interval apart, by a random amount, so that many
// processes do not ask in step.
func (p *Poll) run(ctx context.Context) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	<-pause.C
	began := time.Now()
	for {
		longest := p.opts.Interval
		next := longest - rand.N(longest/4+1) - time.Since(began)
		pause.Reset(max(next, longest/4)) // also after a round that took longer
		select {
		case <-pause.C:
		case <-ctx.Done():
			return
		}
		began = time.Now()
		p.round(ctx)
	}
}

// round asks about each key about which no question is open. It does not wait for
// the answers, so a slow one does not hold up other keys: the next rounds leave out
// a key until its answer is there. If there are more keys than slots for calls, the
// round lasts until it has come to all of its keys. So each key gets its turn before
// another gets a second one.
func (p *Poll) round(ctx context.Context) {
	if p.opts.Versions == nil {
		p.lookAt(ctx, p.idle(ctx))
		return
	}
	for some := range slices.Chunk(p.idle(ctx), keysAtOnce) {
		if !p.slots.take(ctx) {
			return
		}
		go func() {
			changed := p.changed(ctx, some)
			p.slots.give()
			p.lookAt(ctx, changed)
		}()
	}
}

// idle returns the watches without an open question, and marks a question about
// each as open. A run that has ended gets none: they belong to the next run.
func (p *Poll) idle(ctx context.Context) []*watch {
	p.mu.Lock()
	defer p.mu.Unlock()
	if ctx.Err() != nil {
		return nil
	}
	idle := make([]*watch, 0, len(p.watches))
	for _, w := range p.watches {
		if !w.asking {
			w.asking = true
			idle = append(idle, w)
		}
	}
	return idle
}

// changed returns the watches whose version is not the one that the last look found.
func (p *Poll) changed(ctx context.Context, some []*watch) []*watch {
	keys := make([]string, len(some))
	for i, w := range some {
		keys[i] = w.key
	}
	versions, err := within(ctx, p.opts.Timeout, func(ctx context.Context) ([]int64, error) {
		return p.opts.Versions(ctx, keys)
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	var changed []*watch
	for i, w := range some {
		switch {
		case err != nil:
			p.finish(w, err)
		case versions[i] != w.version:
			changed = append(changed, w)
		default:
			w.asking = false
		}
	}
	return changed
}

// lookAt begins a look at each key, as soon as there is a slot for it.
func (p *Poll) lookAt(ctx context.Context, some []*watch) {
	for _, w := range some {
		if !p.slots.take(ctx) {
			return
		}
		go func() {
			defer p.slots.give()
			if p.watched(w) {
				p.look(ctx, w)
			}
		}()
	}
}

// watched reports whether a caller still waits.
func (p *Poll) watched(w *watch) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.watches[w.key] == w
}

// look looks at a key, and ends the wait if it is over or the look fails.
func (p *Poll) look(ctx context.Context, w *watch) {
	seen, err := within(ctx, p.opts.Timeout, func(ctx context.Context) (Seen, error) {
		return p.opts.Look(ctx, w.key)
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	w.looked()
	w.asking = false
	if err != nil || seen.Done {
		p.finish(w, err)
		return
	}
	w.answered, w.version = true, seen.Version
}
