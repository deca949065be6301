// Package model drives the whole public API of factor against the specification in
// internal/spec.
//
// [Run] makes random calls with random options for a few users, moves the clock,
// and after each call compares the answer, the events, the calls of the store and
// of the host's functions, the due time, and every user's whole status. From the
// code under test it takes only random values: issued codes, secrets and the IDs of
// wipes. It computes itself what a code is right for.
package model

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
	"pgregory.net/rapid"
)

// An Env is what the test gives to a run.
type Env struct {
	// NewStore returns an empty store. Run calls it for every check, so a database
	// must give a new table each time.
	NewStore func() factor.Store
	// NewVerifier makes the verifier under test; factor.NewVerifier, or one with
	// a cheap hash.
	NewVerifier func(factor.Store, factor.Sealer, *factor.Options) (*factor.Verifier, error)
	// Checks and Steps are the number of random runs and their average number of
	// calls, unless -rapid.checks and -rapid.steps are set; 0 means rapid's
	// defaults.
	Checks, Steps int
	// RarePINs makes calls that hash a PIN rare, for the slow real hash.
	RarePINs bool
}

// A machine is one run, with the code under test and the specification.
type machine struct {
	t    *rapid.T
	env  Env
	cfg  config
	host *host
	now  time.Time

	names  []string
	users  map[string]*user
	key    int // the generation of the primary key
	oldest int // the oldest generation that still opens

	drawn *translate.Drawn
	last  spec.Name               // the last name used
	wipes map[spec.Name]uuid.UUID // by the names of those that were marked
	// notices maps the names of told notices to their IDs, and noticeOf the
	// reverse.
	notices  map[spec.Name]uuid.UUID
	noticeOf map[uuid.UUID]spec.Name
	views    *translate.Views
	fixed    *view // the view of all calls, nil: each draws its own
}

// A user is the model's state of one user.
type user struct {
	name  string
	state spec.State
	due   spec.Time // of the stored record
	key   int       // the generation of the key that sealed it

	codes   []spec.Name   // all that were ever issued, to draw from
	sets    []spec.Name   // of recovery codes, likewise
	secrets []spec.Secret // all that were ever enrolled, to draw from
}

// Run compares factor with the specification.
func Run(t *testing.T, env Env) {
	t.Helper()
	tune(t, "rapid.checks", env.Checks)
	tune(t, "rapid.steps", env.Steps)
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine(t, env)
		t.Repeat(m.actions())
	})
}

// tune sets a flag for this test unless the command line sets it.
func tune(t *testing.T, name string, value int) {
	t.Helper()
	f := flag.Lookup(name)
	given := false
	flag.Visit(func(v *flag.Flag) { given = given || v.Name == name })
	if value == 0 || given {
		return
	}
	before := f.Value.String()
	if err := f.Value.Set(strconv.Itoa(value)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Value.Set(before); err != nil {
			t.Error(err)
		}
	})
}

func newMachine(t *rapid.T, env Env) *machine {
	m := &machine{
		t: t, env: env,
		// A store that folds case or trims would confuse these users.
		names: []string{"Ann", "ann", "ann "},
		users: map[string]*user{},
		drawn: translate.NewDrawn(), last: 1000, wipes: map[spec.Name]uuid.UUID{},
		host:    &host{Store: env.NewStore(), o: newObserved(""), versions: map[int64]bool{}, wipeMode: "ok", mail: letterbox{mode: "ok"}},
		notices: map[spec.Name]uuid.UUID{}, noticeOf: map[uuid.UUID]spec.Name{},
	}
	for _, name := range m.names {
		m.users[name] = &user{name: name}
	}
	for n, secret := range importPool {
		m.drawn.Key(spec.Name(n+1), secret)
	}
	m.cfg = drawConfig(t)
	m.host.noisy = pick(t, "observe panics", false, false, false, true)
	m.host.zone = pick(t, "zone", time.UTC, time.FixedZone("east", 5*3600+1800))
	m.setNow(time.Date(2026, 3, 1, 12, 0, 7, int(89*time.Millisecond), time.UTC))
	m.restart()
	return m
}

func (m *machine) setNow(now time.Time) {
	m.now, m.host.now = now, now
}

// restart makes everything anew on the same store, like a new process.
func (m *machine) restart() {
	key := func(generation int) []byte {
		sum := sha256.Sum256(fmt.Appendf(nil, "key %d", generation))
		return sum[:]
	}
	var old [][]byte
	for g := m.key - 1; g >= m.oldest; g-- {
		old = append(old, key(g))
	}
	keys, err := factor.NewKeyring(key(m.key), old...)
	if err != nil {
		m.t.Fatalf("NewKeyring: %v", err)
	}
	opts := m.options()
	m.cfg.spec = translate.Options(opts)
	v, err := m.env.NewVerifier(m.host, keys, opts)
	if err != nil {
		m.t.Fatalf("NewVerifier: %v", err)
	}
	m.views = translate.NewViews(v)
	if (m.views.Guard != nil) != m.cfg.guard {
		m.t.Fatalf("NewResetGuard with a wipe function: %v, a guard: %v", m.cfg.guard, m.views.Guard != nil)
	}
}

// do makes one call and returns its visible effects.
func (m *machine) do(label string, c *spec.Call, args *translate.Args) *observed {
	o := newObserved(label)
	m.host.watch(o)
	o.Result = m.views.Do(m.t.Context(), c, args)
	m.host.watch(newObserved(""))
	m.t.Logf("%s\n\t= %s (%d loads, %d swaps, %d events)", o.label, describe(o.Err), sum(o.loads), sum(o.swaps), len(o.events))
	return o
}

func sum(counts map[string]int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}

// sealed reports whether the key of a user's record was dropped.
func (m *machine) sealed(u *user) bool { return u.state.Stored && u.key < m.oldest }

func (m *machine) time() spec.Time { return spec.At(m.now) }
