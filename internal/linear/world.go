package linear

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
)

// Options configure a history.
type Options struct {
	// Store returns the store for a history. It may call pace wherever another
	// client could come in between; a correct store need not.
	Store func(pace Pace) factor.Store
	// NewVerifier starts a process. Default factor.NewVerifier.
	NewVerifier func(factor.Store, factor.Sealer, *factor.Options) (*factor.Verifier, error)
	// PINs is the percentage of histories with PINs, which are slow because of the
	// hash.
	PINs float64
	// Brief halves the calls, for stores that are slow.
	Brief bool
	// Odds are those of the histories in which the store misbehaves.
	Odds Odds
}

// A world is a history in the making.
type world struct {
	*History
	pacer
	store   *faulty
	now     atomic.Int64 // a spec.Time
	themes  []theme
	callers []*caller // of each client

	mu    sync.Mutex // guards what follows, and the calls of the history
	known known
	wipes map[uuid.UUID]spec.Name
}

// A caller is a client's process.
type caller struct {
	views *translate.Views
	ahead spec.Time // how far the process's clock is ahead

	mu       sync.Mutex
	underWay map[*Call]bool // those that may share a swap with another
}

// sealer is that of all histories.
var sealer = func() factor.Sealer {
	ring, err := factor.NewKeyring(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		panic(err)
	}
	return ring
}()

// run makes a history.
func run(seed uint64, o Options, p pacer) *History {
	rng := newRand(seed, 0)
	w := &world{
		History: &History{Seed: seed, user: fmt.Sprintf("history %016x", seed), opts: optionsOf(seed, rng), wipesAt: make(map[spec.Name]spec.Time)},
		pacer:   p, wipes: make(map[uuid.UUID]spec.Name),
	}
	w.now.Store(int64(spec.At(epoch)))
	w.registered = spec.At(epoch.Add(-draw(rng, time.Minute, 10*time.Minute)))
	w.pinned = rng.Float64()*100 < o.PINs
	w.apart = rng.IntN(3) == 0
	w.notified = w.opts.Notify != nil
	w.themes = themesOf(rng, w.pinned)
	w.store = &faulty{pacer: p, inner: o.Store(p.pace), user: w.user}
	if rng.IntN(4) > 0 {
		w.store.odds = o.Odds
	}

	clients := minClients + rng.IntN(maxClients-minClients+1)
	processes := clients
	switch { // some share a Verifier, and in it take turns
	case w.themes[0].together:
		processes = 1 + rng.IntN(2)
	case rng.IntN(2) == 0:
		processes = 1 + rng.IntN(3)
	}
	for c := range clients {
		if c >= processes {
			w.callers = append(w.callers, w.callers[c%processes])
			continue
		}
		ahead := time.Duration(0)
		if w.apart {
			ahead = draw(rng, 0, time.Millisecond, time.Second, 29*time.Second, time.Minute-time.Millisecond)
		}
		w.callers = append(w.callers, w.newCaller(o, spec.Time(ahead/time.Millisecond)))
	}
	w.processes = processes
	w.play(clients, o.Brief)
	w.explain()
	return w.History
}

// clock is the clock of a process.
func (w *world) clock(p *caller) spec.Time { return spec.Time(w.now.Load()) + p.ahead }

// play sets the scene, runs the phases, and looks at what is left.
func (w *world) play(clients int, brief bool) {
	scene := newRand(w.Seed, 2000)
	calm := func(c *Call) { w.do(0, scene, c, true) }
	for range scene.IntN(6) {
		calm(w.choose(scene, w.themes[0].scene, w.themes[0]))
	}
	phases, calls := 1+scene.IntN(3), 3+scene.IntN(3)
	if brief {
		calls /= 2
	}
	for phase := range phases {
		if phase > 0 {
			w.now.Add(1000 * int64(draw(scene, jumps...)))
		}
		w.pacer.run(clients, func(client int) {
			rng := newRand(w.Seed, phase*maxClients+client+1)
			for range calls/phases + rng.IntN(2) {
				w.start(client)
				theme := w.themes[rng.IntN(len(w.themes))]
				w.do(client, rng, w.choose(rng, theme.menu, theme), false)
			}
		})
	}
	w.store.land(1 << 10)
	status := func() { calm(&Call{Call: spec.Call{Op: spec.Status, User: w.user}}) }
	status()
	for _, c := range w.leftovers() {
		c.Op, c.User, c.Kinds = spec.VerifyOTP, w.user, spec.CodeKinds
		calm(&Call{Call: c})
	}
	status()
	w.drain(calm)
}

// jumps are how far the clock goes from phase to phase, in seconds: to the next
// time step and past the window, to the end of a lock or a code, and a day.
var jumps = []int{30, 59, 60, 61, 120, 299, 300, 600, 900, 3600, 25 * 3600}

// do makes a call and records it.
func (w *world) do(client int, rng *rand.Rand, c *Call, calm bool) {
	c.Client, c.caller, c.rng, c.calm = client, w.callers[client], rng, calm
	c.Now = w.clock(c.caller)
	w.mu.Lock()
	w.calls = append(w.calls, c)
	c.ID = len(w.calls)
	w.mu.Unlock()
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), callKey{}, c))
	defer cancel()
	c.cancel = cancel
	c.Invoked = w.tick(calm)
	c.caller.note(c, true)
	r := c.caller.views.Do(ctx, &c.Call, &c.args)
	c.caller.note(c, false)
	c.Returned = w.tick(calm)
	c.note(r, w)
	w.learn(c)
}

// newCaller is a process that starts.
func (w *world) newCaller(o Options, ahead spec.Time) *caller {
	newVerifier := o.NewVerifier
	if newVerifier == nil {
		newVerifier = factor.NewVerifier
	}
	p := &caller{ahead: ahead, underWay: make(map[*Call]bool)}
	opts := w.opts
	opts.CheckPassword, opts.Wipe = w.checkPassword, w.wipe
	opts.RegisteredAt = func(context.Context, string) (time.Time, error) { return w.registered.Time(), nil }
	opts.Now = func() time.Time { return w.clock(p).Time() }
	w.options = translate.Options(&opts)
	w.options.Notify = false // what is told is checked without the specification
	if w.notified {
		opts.Notify = w.notify
	}
	v, err := newVerifier(w.store, sealer, &opts)
	if err != nil {
		panic(err)
	}
	p.views = translate.NewViews(v)
	return p
}

// note records the start or the end of a call.
func (p *caller) note(c *Call, begins bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if begins && c.mayShare() {
		p.underWay[c] = true
	} else {
		delete(p.underWay, c)
	}
}

// sharing returns the calls that a swap may be for: this one, and those of the same
// process that may share it.
func (c *Call) sharing() []*Call {
	c.caller.mu.Lock()
	defer c.caller.mu.Unlock()
	all := []*Call{c}
	if !c.mayShare() {
		return all
	}
	for other := range c.caller.underWay {
		if other != c {
			all = append(all, other)
		}
	}
	return all
}

// mayShare reports whether the holder of the process's lock may commit this call
// with its own.
func (c *Call) mayShare() bool {
	codeAlone := c.Password == "" && c.PIN == ""
	return c.Op == spec.VerifyOTP || c.Op == spec.IssueUnproven || c.Op == spec.VerifyAny && codeAlone
}

func (w *world) checkPassword(ctx context.Context, _, given string) (bool, error) {
	callOf(ctx).checked = true
	w.pace(ctx) // others go on while the host looks
	if says(given) == spec.Fails {
		return false, errHost
	}
	return says(given) == spec.Yes, nil
}

// wipe is Options.Wipe: it records its calls.
func (w *world) wipe(ctx context.Context, asked factor.Wipe) error {
	c := callOf(ctx)
	a := ask{wipe: w.wipeNumber(asked.ID, asked.At), begun: w.tick(c.calm), failed: c.unlucky(w.store.odds.Wipe)}
	w.pace(ctx)
	a.end = w.tick(c.calm)
	c.asks = append(c.asks, a)
	if a.failed {
		return errHost
	}
	return nil
}

// wipeNumber numbers the wipes in order of appearance.
func (w *world) wipeNumber(id uuid.UUID, at time.Time) spec.Name {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.wipes[id] == 0 {
		w.wipes[id] = spec.Name(len(w.wipes) + 1)
		w.wipesAt[w.wipes[id]] = translate.At(at)
	}
	return w.wipes[id]
}
