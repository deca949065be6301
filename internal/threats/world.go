package threats

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/factortest"
	"github.com/knowhave/factor/internal/translate"
)

// A world is everything that outlives a process: the store, the keys, the time and
// the host's data. Its embedded process sees no faults, and serves to set up and to
// inspect.
type world struct {
	*process
	t     testing.TB
	env   Env
	store factor.Store
	keys  factor.Sealer
	clock *factortest.Clock
	host  *host
	opts  factor.Options
	users int
	// keysTried counts the keys that collide has tried.
	keysTried uint64
}

// newWorld returns a world on an empty store, with the default options as
// changed by change, which may be nil.
func newWorld(t testing.TB, env Env, change func(*factor.Options)) *world {
	t.Helper()
	w := &world{t: t, env: env, store: env.NewStore(t), keys: newKeyring(t, 1), clock: newClock(), host: newHost()}
	if change != nil {
		change(&w.opts)
	}
	w.process = w.start(nil)
	return w
}

// newKeyring returns a keyring of the key that is made of the first number, and
// of the old keys made of the others.
func newKeyring(t testing.TB, numbers ...byte) *factor.Keyring {
	t.Helper()
	keys := make([][]byte, len(numbers))
	for i, n := range numbers {
		keys[i] = bytes.Repeat([]byte{n}, 32)
	}
	k, err := factor.NewKeyring(keys[0], keys[1:]...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// A process is one verifier with all its views. It remembers nothing beyond the
// store, so starting another one is a restart.
type process struct {
	*translate.Views
	script *script
}

// start starts a process whose calls to the store and the host follow the script. A
// nil script changes nothing.
func (w *world) start(s *script) *process {
	w.t.Helper()
	return w.startAhead(s, 0)
}

// startAhead starts a process whose clock is ahead by this much.
func (w *world) startAhead(s *script, ahead time.Duration) *process {
	w.t.Helper()
	opts := w.opts
	opts.Now = func() time.Time {
		s.host(context.Background(), "Now")
		return w.clock.Now().Add(ahead)
	}
	opts.CheckPassword = func(ctx context.Context, user, password string) (bool, error) {
		if err := s.host(ctx, "CheckPassword"); err != nil {
			return false, err
		}
		return w.host.check(user, password), nil
	}
	opts.RegisteredAt = func(ctx context.Context, user string) (time.Time, error) {
		if err := s.host(ctx, "RegisteredAt"); err != nil {
			return time.Time{}, err
		}
		return w.host.registeredAt(user), nil
	}
	opts.Wipe = func(ctx context.Context, wipe factor.Wipe) error {
		w.host.ask(wipe)
		if err := s.host(ctx, "Wipe"); err != nil {
			return err
		}
		w.host.finish(wipe)
		return nil
	}
	opts.Observe = func(ctx context.Context, e factor.Event) {
		w.host.see(e)
		s.host(ctx, "Observe")
	}
	v, err := w.env.NewVerifier(&tappedStore{w.store, s}, &tappedSealer{w.keys, s}, &opts)
	if err != nil {
		w.t.Fatal(err)
	}
	return &process{Views: translate.NewViews(v), script: s}
}

// on returns the views of the process for a purpose, and for none its own.
func (p *process) on(purpose []string) *process {
	if len(purpose) == 0 {
		return p
	}
	return &process{translate.NewViews(p.V.For(purpose...)), p.script}
}

// status returns the stored state of the user.
func (w *world) status(user string) factor.Status {
	w.t.Helper()
	s, err := w.Admin.Status(context.Background(), user)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// shown returns a Status as text.
func shown(t testing.TB, s factor.Status) string {
	t.Helper()
	text, err := json.Marshal(s)
	must(t, err)
	return string(text)
}

// wrong returns the stored count of a kind.
func (w *world) wrong(user string, kind factor.Kind) int {
	w.t.Helper()
	return budget(w.status(user), kind).Wrong
}

func budget(s factor.Status, kind factor.Kind) factor.Budget {
	for _, b := range s.Budgets {
		if b.Kind == kind {
			return b
		}
	}
	return factor.Budget{Kind: kind}
}

// record returns what the store holds about the user.
func (w *world) record(user string) factor.Record {
	w.t.Helper()
	r, err := w.store.Load(context.Background(), user)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// restore restores an earlier record of the user, as no process could. It is due at
// once, because a store need not return Due.
func (w *world) restore(user string, r factor.Record) {
	w.t.Helper()
	if !r.IsZero() && r.Due.IsZero() {
		r.Due = time.UnixMilli(1)
	}
	if now := w.record(user); now.Version != r.Version {
		must(w.t, w.store.CompareAndSwap(context.Background(), user, now.Version, r))
	}
}

// unlock sets all budgets of the user back.
func (w *world) unlock(user string) {
	w.t.Helper()
	for _, b := range w.status(user).Budgets {
		if err := w.Admin.Unlock(context.Background(), user, b.Kind); err != nil {
			w.t.Fatal(err)
		}
	}
}

// newClock starts a clock early in a TOTP step, at a time whose digits look like
// none of the PINs and codes.
func newClock() *factortest.Clock {
	return factortest.NewClock(time.Date(2031, 3, 5, 7, 11, 2, 0, time.UTC))
}

// A host is the data of the service around the library.
type host struct {
	mu         sync.Mutex
	passwords  map[string]string
	registered map[string]time.Time
	asked      []factor.Wipe
	finished   map[uuid.UUID]bool
	checked    int
	events     []factor.Event
}

func newHost() *host {
	return &host{passwords: map[string]string{}, registered: map[string]time.Time{}, finished: map[uuid.UUID]bool{}}
}

func (h *host) register(user, password string, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.passwords[user], h.registered[user] = password, at
}

func (h *host) check(user, password string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.checked++
	want, ok := h.passwords[user]
	return ok && want == password
}

func (h *host) registeredAt(user string) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.registered[user]
}

func (h *host) ask(w factor.Wipe) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = append(h.asked, w)
}

func (h *host) finish(w factor.Wipe) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.finished[w.ID] = true
}

func (h *host) see(e factor.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, e)
}

// told returns the number of events of an action for this user.
func (h *host) told(user string, action factor.Action) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, e := range h.events {
		if e.User == user && e.Action == action {
			n++
		}
	}
	return n
}

// wipes returns the wipes that the library called for this user.
func (h *host) wipes(user string) []factor.Wipe {
	h.mu.Lock()
	defer h.mu.Unlock()
	var ws []factor.Wipe
	for _, w := range h.asked {
		if w.User == user {
			ws = append(ws, w)
		}
	}
	return ws
}

func (h *host) isFinished(id uuid.UUID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.finished[id]
}

// must stops the test at an error of a setup step.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// mustBe stops the test unless err matches want.
func mustBe(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("answered %v, want %v", err, want)
	}
}

// forget makes the host forget that it finished the wipe.
func (h *host) forget(id uuid.UUID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.finished, id)
}
