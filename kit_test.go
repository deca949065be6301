package factor_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"github.com/knowhave/factor/factortest"
	"github.com/knowhave/factor/internal/pinhash"
	"github.com/knowhave/factor/internal/rfc6238"
	"github.com/knowhave/factor/memstore"
)

const (
	alice    = "alice"
	rightPIN = "8299"
	wrongPIN = "1111"
	rightPW  = "correct horse"
)

// kit is an engine on a store in memory that counts its calls and can be
// intercepted, with a clock that stands still.
type kit struct {
	*testing.T
	*tap
	*factortest.Clock
	v        *factor.Verifier
	pins     *factor.PINs
	codes    *factor.OTPIssuer
	dev      *factor.DeviceTOTPEnroller
	auth     *factor.AuthenticatorEnroller
	recovery *factor.RecoveryCodes
	guard    *factor.ResetGuard
	admin    *factor.Admin
	hashes   atomic.Int64

	mu     sync.Mutex
	events []factor.Event
	wipes  []factor.Wipe
	wipe   error // the result of Options.Wipe
	checks int   // calls of Options.CheckPassword
	// onCheck is called by Options.CheckPassword.
	onCheck func(ctx context.Context) error
}

// newKit returns a kit with options changed by each of the functions.
func newKit(t *testing.T, change ...func(*factor.Options)) *kit {
	t.Helper()
	return newKitOn(t, &tap{Store: memstore.New()}, change...)
}

func newKitOn(t *testing.T, store *tap, change ...func(*factor.Options)) *kit {
	t.Helper()
	k := &kit{T: t, tap: store, Clock: factortest.NewClock(time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC))}
	o := factor.Options{
		Now: k.Now,
		CheckPassword: func(ctx context.Context, _, password string) (bool, error) {
			k.mu.Lock()
			k.checks++
			on := k.onCheck
			k.mu.Unlock()
			if on != nil {
				if err := on(ctx); err != nil {
					return false, err
				}
			}
			return password == rightPW, nil
		},
		RegisteredAt: func(context.Context, string) (time.Time, error) { return k.Now(), nil },
		Wipe: func(_ context.Context, w factor.Wipe) error {
			k.mu.Lock()
			defer k.mu.Unlock()
			k.wipes = append(k.wipes, w)
			return k.wipe
		},
		Observe: func(_ context.Context, e factor.Event) {
			k.mu.Lock()
			defer k.mu.Unlock()
			k.events = append(k.events, e)
		},
	}
	for _, f := range change {
		f(&o)
	}
	var err error
	k.v, err = factor.NewVerifier(k.tap, keyring(t), &o)
	k.ok(err)
	pinhash.Cheapen(k.v, &k.hashes)
	k.pins, k.codes, k.dev = factor.NewPINs(k.v), factor.NewOTPIssuer(k.v), factor.NewDeviceTOTPEnroller(k.v)
	k.auth, k.recovery, k.admin = factor.NewAuthenticatorEnroller(k.v), factor.NewRecoveryCodes(k.v), factor.NewAdmin(k.v)
	k.guard, err = factor.NewResetGuard(k.v)
	k.ok(err)
	return k
}

// cheapVerifier is factor.NewVerifier with an instant PIN hash.
func cheapVerifier(s factor.Store, k factor.Sealer, o *factor.Options) (*factor.Verifier, error) {
	v, err := factor.NewVerifier(s, k, o)
	if err == nil {
		pinhash.Cheapen(v, nil)
	}
	return v, err
}

func keyring(t *testing.T) *factor.Keyring {
	t.Helper()
	ring, err := factor.NewKeyring(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func (k *kit) ok(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

func (k *kit) is(err, want error) {
	k.Helper()
	if !errors.Is(err, want) {
		k.Fatalf("got %v, want %v", err, want)
	}
}

// onTheMinute sets the clock to a full minute, so that a wipe marked now is due
// now.
func (k *kit) onTheMinute() { k.Set(k.Now().Truncate(time.Minute)) }

// setPIN gives alice her PIN.
func (k *kit) setPIN() {
	k.Helper()
	k.ok(k.admin.SetPIN(k.Context(), alice, rightPIN))
}

// enroll gives alice a device, as the host would within the window.
func (k *kit) enroll() factor.Enrollment {
	k.Helper()
	e, err := k.dev.Enroll(k.Context(), alice, uuid.New(), factor.Credentials{})
	k.ok(err)
	return e
}

// issue issues a code.
func (k *kit) issue(kind factor.Kind) string {
	k.Helper()
	o, err := k.codes.IssueUnproven(k.Context(), alice, kind)
	k.ok(err)
	return o.Code
}

// generate gives alice recovery codes.
func (k *kit) generate() []string {
	k.Helper()
	codes, err := k.recovery.Generate(k.Context(), alice, factor.Credentials{Password: rightPW})
	k.ok(err)
	var shown []string
	for _, c := range codes {
		shown = append(shown, c.Code)
	}
	return shown
}

// begin begins an authenticator.
func (k *kit) begin() factor.Enrollment {
	k.Helper()
	e, err := k.auth.Begin(k.Context(), alice, factor.Credentials{Password: rightPW})
	k.ok(err)
	return e
}

// code computes the current code of a device.
func (k *kit) code(e factor.Enrollment) string {
	k.Helper()
	return rfc6238.Secret{Base32: e.Secret, Algorithm: e.Algorithm, Digits: e.Digits, Period: e.Period}.At(k.Now())
}

func (k *kit) status() factor.Status {
	k.Helper()
	s, err := k.admin.Status(context.Background(), alice)
	k.ok(err)
	return s
}

// wrong returns the count of a kind.
func (k *kit) wrong(kind factor.Kind) int {
	k.Helper()
	for _, b := range k.status().Budgets {
		if b.Kind == kind {
			return b.Wrong
		}
	}
	return 0
}

// actions returns the actions so far.
func (k *kit) actions() []factor.Action {
	k.mu.Lock()
	defer k.mu.Unlock()
	var all []factor.Action
	for _, e := range k.events {
		all = append(all, e.Action)
	}
	return all
}

// tap is a Store that counts its calls and can be intercepted.
type tap struct {
	factor.Store
	loads, swaps, lists atomic.Int64

	mu     sync.Mutex
	onLoad func(ctx context.Context) error // after the load
	// onSwap replaces the swap; do is the real one.
	onSwap func(ctx context.Context, next factor.Record, do func() error) error
}

func (s *tap) Load(ctx context.Context, user string) (factor.Record, error) {
	s.loads.Add(1)
	rec, err := s.Store.Load(ctx, user)
	s.mu.Lock()
	on := s.onLoad
	s.mu.Unlock()
	if on != nil && err == nil {
		err = on(ctx)
	}
	return rec, err
}

func (s *tap) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	s.swaps.Add(1)
	do := func() error { return s.Store.CompareAndSwap(ctx, user, old, next) }
	s.mu.Lock()
	on := s.onSwap
	s.mu.Unlock()
	if on != nil {
		return on(ctx, next, do)
	}
	return do()
}

func (s *tap) List(ctx context.Context, after string, due time.Time, limit int) ([]string, error) {
	s.lists.Add(1)
	return s.Store.List(ctx, after, due, limit)
}

// swapping makes the next swaps go through the functions, in turn; later ones go
// straight to the store.
func (s *tap) swapping(by ...func(ctx context.Context, do func() error) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onSwap = func(ctx context.Context, _ factor.Record, do func() error) error {
		s.mu.Lock()
		if len(by) == 0 {
			s.mu.Unlock()
			return do()
		}
		next := by[0]
		by = by[1:]
		s.mu.Unlock()
		return next(ctx, do)
	}
}
