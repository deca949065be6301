// Package factortest helps to test a service that uses factor. It has an engine on
// a store in memory, with a clock that the test turns ([Clock]), apps that compute
// codes ([App]), mailed codes and recovery codes ([Engine.MailedCode],
// [Engine.RecoveryCodes]), the notices that the user got ([Engine.Notices]), and a
// store that fails on command ([Store]).
//
//	e := factortest.New(t, &factor.Options{Wipe: deleteCards})
//	service := newService(e.Verifier)
//
// The engine is the real one, and so are its limits. Only its surroundings are for
// tests: records end with the test, and the PIN hash is the fastest that factor
// allows, some 20 ms.
//
// The package does not import testing. Keep it out of the binaries that you ship
// all the same.
package factortest

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base32"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"github.com/knowhave/factor/memstore"
)

// A TB is the part of *testing.T, *testing.B and *testing.F that this package uses.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// An Engine is a Verifier and its views, on a Store in memory. Its clock starts at
// noon of 2 March 2026, UTC.
type Engine struct {
	t    TB
	opts factor.Options // the Verifier's

	// Clock is the engine's clock, unless Options.Now is set.
	Clock *Clock
	Store *Store

	Verifier       *factor.Verifier
	PINs           *factor.PINs
	Codes          *factor.OTPIssuer
	Devices        *factor.DeviceTOTPEnroller
	Authenticators *factor.AuthenticatorEnroller
	Recovery       *factor.RecoveryCodes
	Guard          *factor.ResetGuard // nil without Options.Wipe
	Admin          *factor.Admin

	mu     sync.Mutex
	events []factor.Event
	told   []factor.Notice
}

// New returns an Engine with the options of the service under test; nil means the
// defaults. Options.Now defaults to the Engine's clock, and PINOptions.Hash to the
// fastest hash. Bad options fail the test.
func New(t TB, opts *factor.Options) *Engine {
	t.Helper()
	e := &Engine{t: t, Clock: NewClock(time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)), Store: NewStore(memstore.New())}
	var o factor.Options
	if opts != nil {
		o = *opts
	}
	if o.Now == nil {
		o.Now = e.Clock.Now
	}
	if o.PIN.Hash == (factor.HashOptions{}) {
		o.PIN.Hash = factor.HashOptions{MemoryKiB: 7168, Time: 5}
	}
	o.Observe = e.observing(o.Observe)
	if o.Notify != nil {
		o.Notify = e.notifying(o.Notify)
	}
	e.opts = o
	var err error
	if e.Verifier, err = factor.NewVerifier(e.Store, Keyring(), &o); err != nil {
		t.Fatalf("%v", err)
		return e
	}
	e.PINs, e.Codes = factor.NewPINs(e.Verifier), factor.NewOTPIssuer(e.Verifier)
	e.Devices, e.Authenticators = factor.NewDeviceTOTPEnroller(e.Verifier), factor.NewAuthenticatorEnroller(e.Verifier)
	e.Recovery = factor.NewRecoveryCodes(e.Verifier)
	e.Guard, _ = factor.NewResetGuard(e.Verifier) // fails only if Wipe is nil
	e.Admin = factor.NewAdmin(e.Verifier)
	return e
}

// Keyring returns a Keyring with a public key, for tests only.
func Keyring() *factor.Keyring {
	ring, _ := factor.NewKeyring([]byte("known to all: for tests only ...")) // 32 bytes, not all zero
	return ring
}

// App returns an App for an Enrollment, on the engine's clock.
func (e *Engine) App(enrolled factor.Enrollment) *App {
	return &App{Enrollment: enrolled, Now: e.opts.Now}
}

// Device gives a user a device without a proof, whatever the options say about
// enrolling, and returns its App.
func (e *Engine) Device(user string, device uuid.UUID) *App {
	e.t.Helper()
	enrolled, secret := e.draw(device)
	e.take(user, factor.Import{Devices: []factor.ImportedDevice{{ID: device, TOTP: secret}}})
	return e.App(enrolled)
}

// Authenticator gives a user a confirmed authenticator without a proof, and returns
// its App.
func (e *Engine) Authenticator(user string) *App {
	e.t.Helper()
	enrolled, secret := e.draw(uuid.Nil)
	e.take(user, factor.Import{Authenticator: &secret})
	return e.App(enrolled)
}

func (e *Engine) take(user string, held factor.Import) {
	e.t.Helper()
	if err := e.Admin.Import(context.Background(), user, held); err != nil {
		e.t.Fatalf("factortest: %v", err)
	}
}

// draw makes a TOTP secret according to the options.
func (e *Engine) draw(device uuid.UUID) (factor.Enrollment, factor.ImportedTOTP) {
	key := make([]byte, 20)
	_, _ = rand.Read(key) // never fails, says its documentation
	enrolled := factor.Enrollment{
		Device: device, Secret: base32.StdEncoding.EncodeToString(key),
		Algorithm: cmp.Or(e.opts.TOTP.Algorithm, "SHA1"), Digits: cmp.Or(e.opts.TOTP.Digits, 6), Period: cmp.Or(e.opts.TOTP.Period, 30*time.Second),
	}
	return enrolled, factor.ImportedTOTP{
		Secret: enrolled.Secret, Algorithm: enrolled.Algorithm, Digits: enrolled.Digits, Period: enrolled.Period,
	}
}
