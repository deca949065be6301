// Package model checks the whole public API of factor against a second, naive
// statement of its rules: plain structs, no encryption, no encoding, no
// concurrency, every rule written as the sentence reads.
//
// [Run] makes random calls with random options for a few users, moves the clock
// to and fro, and after each call compares the answer, the events, the calls of
// the store and of the host's functions, and the whole status of every user.
// The model takes from the code under test only what is random there: issued
// codes, secrets and wipe IDs. Whether a code is right it computes for itself,
// time-based ones with pquerna/otp.
package model

import (
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"pgregory.net/rapid"
)

// An Env is what a run needs from the test that starts it.
type Env struct {
	// NewStore returns an empty store. It is called for every check, so a
	// database gives a new table each time.
	NewStore func() factor.Store
	// NewVerifier makes the verifier under test; factor.NewVerifier, or one with
	// a cheap hash.
	NewVerifier func(factor.Store, factor.Sealer, *factor.Options) (*factor.Verifier, error)
	// Checks and Steps are how many random runs are made, of how many calls on
	// average, unless -rapid.checks and -rapid.steps say otherwise; 0 leaves
	// rapid's defaults.
	Checks, Steps int
	// RarePINs makes calls that hash a PIN rare, for the real hash is slow.
	RarePINs bool
}

// A machine is one run: the code under test on one side, the model on the other.
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

	verifier *factor.Verifier
	pins     *factor.PINs
	codes    *factor.OTPIssuer
	devices  *factor.DeviceTOTPEnroller
	auths    *factor.AuthenticatorEnroller
	guard    *factor.ResetGuard // nil if the host cannot wipe
	admin    *factor.Admin
}

// Run compares factor with the model.
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
		// Users that a store which folds case or trims would confuse.
		names: []string{"Ann", "ann", "ann "},
		users: map[string]*user{},
		host:  &host{Store: env.NewStore(), o: newObserved(""), versions: map[int64]bool{}, wipeMode: "ok"},
	}
	for _, name := range m.names {
		m.users[name] = newUser(name)
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

// restart makes everything anew on the same store, as a new process would.
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
	m.verifier, err = m.env.NewVerifier(m.host, keys, opts)
	if err != nil {
		m.t.Fatalf("NewVerifier: %v", err)
	}
	*opts = factor.Options{} // the verifier has its own copy
	m.pins = factor.NewPINs(m.verifier)
	m.codes = factor.NewOTPIssuer(m.verifier)
	m.devices = factor.NewDeviceTOTPEnroller(m.verifier)
	m.auths = factor.NewAuthenticatorEnroller(m.verifier)
	m.admin = factor.NewAdmin(m.verifier)
	m.guard, err = factor.NewResetGuard(m.verifier)
	if (err == nil) != m.cfg.guard {
		m.t.Fatalf("NewResetGuard with a wipe function: %v, error: %v", m.cfg.guard, err)
	}
	if err != nil {
		m.guard = nil
	}
}

// do makes one call and returns what was seen of it.
func (m *machine) do(f func(ctx context.Context) error, label string, args ...any) *observed {
	o := newObserved(fmt.Sprintf(label, args...))
	m.host.mu.Lock()
	m.host.o = o
	m.host.mu.Unlock()
	o.err = f(m.t.Context())
	m.host.mu.Lock()
	m.host.o = newObserved("")
	m.host.mu.Unlock()
	m.t.Logf("%s\n\t= %s (%d loads, %d swaps, %d events)", o.label, describe(o.err), sum(o.loads), sum(o.swaps), len(o.events))
	m.host.last = o
	return o
}

func sum(counts map[string]int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}

// settle brings the model's users to what was stored: each swap tidies.
func (m *machine) settle() {
	for _, name := range m.names {
		r, ok := m.host.last.written[name]
		if !ok {
			continue
		}
		u := m.users[name]
		m.tidy(u)
		if r.IsZero() && u.record.present && !m.host.last.sweeps {
			m.t.Fatalf("%s: removed the record of %q, which only Sweep may", m.host.last.label, name)
		}
		if ends := u.firstEnd(); !r.IsZero() && !ends.IsZero() && (r.Due.IsZero() || r.Due.After(ends)) {
			m.t.Fatalf("%s: %q is due at %s, but has something for Sweep at %s", m.host.last.label, name, stamp(r.Due), stamp(ends))
		}
		u.record = record{present: !r.IsZero(), empty: u.isEmpty(), written: m.now, due: r.Due, key: m.key}
		if r.IsZero() && !u.isEmpty() {
			m.t.Fatalf("%s: no record of %q, though something is kept about the user", m.host.last.label, name)
		}
	}
}

// open says whether a user's record opens; if not it writes down the answer.
func (m *machine) open(e *expectation, name string) (*user, bool) {
	u := m.users[name]
	if m.sealed(u) {
		e.unchanged("unsealed")
		return u, false
	}
	return u, true
}

// sealed says whether the key of a user's record was dropped.
func (m *machine) sealed(u *user) bool { return u.record.present && u.record.key < m.oldest }

// deviceName names the devices of the pool, so that a failure reads the same
// each time.
func deviceName(id uuid.UUID) string {
	for i, d := range devicePool {
		if d == id {
			return fmt.Sprint("D", i)
		}
	}
	if id == uuid.Nil {
		return "-"
	}
	return "unknown"
}
