package threats

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// minAge is the MinAge of these tests, and aWhile the time between a thief's
// visits.
const (
	minAge = 24 * time.Hour
	aWhile = 6 * time.Hour
)

// A siege is a user besieged by a thief who reads the mailbox: the thief pays for
// every move with a mailed code, or finds a window that needs none.
type siege struct {
	t      *testing.T
	w      *world
	p      *person
	name   string // of its moves
	rows   factor.Import
	stolen []holding // what the thief has bound and knows
	gone   time.Time // when the last holding was removed or replaced
	// heldByUser tells whether a holding of the user's own is in force.
	pin, phone, app bool
}

// A holding is something that the thief can prove.
type holding struct {
	name  string
	kind  factor.Kind
	id    uuid.UUID
	since time.Time
	given func(now time.Time) factor.Credentials
}

// A move is one act of the thief. It returns false if it is impossible.
type move struct {
	name string
	do   func(s *siege) bool
}

var moves = []move{
	{"set a PIN", (*siege).setPIN},
	{"remove the PIN", (*siege).removePIN},
	{"revoke the user's device", func(s *siege) bool { return s.revoke(s.p.device) }},
	{"enrol the user's device anew", func(s *siege) bool { return s.enroll(s.p.device, s.mailed()) }},
	{"enrol a device", func(s *siege) bool { return s.enroll(thiefsDevice, s.mailed()) }},
	{"revoke the device of the thief's", func(s *siege) bool { return s.revoke(thiefsDevice) }},
	{"enrol a device without proof, and once more", func(s *siege) bool {
		first := s.enrollUnproven(thiefsDevice)
		return first && s.enrollUnproven(thiefsDevice)
	}},
	{"enrol the user's device without proof", func(s *siege) bool { return s.enrollUnproven(s.p.device) }},
	{"confirm an authenticator", (*siege).confirm},
	{"remove the authenticator", (*siege).removeApp},
	{"have the old rows imported", (*siege).importAgain},
	{"the host removes the PIN", (*siege).hostRemovesPIN},
	{"the host revokes the devices", (*siege).hostRevokes},
	{"the host removes the authenticator", (*siege).hostRemovesApp},
	{"the user proves", (*siege).userProves},
}

var thiefsDevice = uuid.MustParse("7e1efde0-1cbb-4a4f-9d6c-2f5f1f1f7a11")

// heldForLong is what a user has held for long when a siege begins.
var heldForLong = map[string]factor.Import{
	"PIN":           {PIN: oldRows.PIN},
	"device":        {Devices: oldRows.Devices[:1]},
	"authenticator": {Authenticator: oldRows.Authenticator},
	"everything":    {PIN: oldRows.PIN, Authenticator: oldRows.Authenticator, Devices: oldRows.Devices[:1]},
}

// Threat28MinimumAge has a thief with the mailbox replace, remove, revoke, enrol
// anew, retry without a proof and have imported, in every order of up to three moves,
// and ask the guard every few hours: it never says that the proof is right or that the
// user holds nothing before MinAge is over, and a right proof that is too young is no
// strike.
func Threat28MinimumAge(t *testing.T, env Env) {
	for _, authenticator := range []bool{false, true} {
		name := fmt.Sprintf("authenticator proves %v/", authenticator)
		for held, rows := range heldForLong {
			for i, first := range moves {
				if !env.skips(i+len(held), 16) {
					t.Run(name+held+"/"+first.name, func(t *testing.T) { besiege(t, env, authenticator, rows, first) })
				}
			}
		}
		t.Run(name+"prove on a store that lags", func(t *testing.T) { proveOnReplica(t, env, authenticator) })
		t.Run(name+"forfeit on a store that lags", func(t *testing.T) { forfeitOnReplica(t, env, authenticator) })
	}
}

// besiege makes a move, then every two others.
func besiege(t *testing.T, env Env, authenticator bool, rows factor.Import, first move) {
	w := newWorld(t, env, func(o *factor.Options) {
		o.Reset = factor.ResetOptions{MinAge: minAge, Authenticator: authenticator}
	})
	for i, second := range moves {
		for j, third := range moves {
			if env.skips(i*len(moves)+j, 17) {
				continue
			}
			s := newSiege(t, w, rows)
			s.name = fmt.Sprintf("%s, %s, %s", first.name, second.name, third.name)
			gap := []time.Duration{0, time.Minute, aWhile, minAge - time.Hour}[(i+j)%4]
			for _, m := range []move{first, second, third} {
				if m.do(s) {
					s.ask()
					w.clock.Turn(gap)
				}
			}
			s.wait()
		}
	}
}

// newSiege returns a siege of a user who has held something for long.
func newSiege(t *testing.T, w *world, rows factor.Import) *siege {
	t.Helper()
	p := w.stranger()
	p.device = phoneID
	must(t, w.Admin.Import(ctx, p.id, rows))
	w.clock.Turn(minAge + time.Hour)
	return &siege{
		t: t, w: w, p: p, rows: rows,
		pin: rows.PIN != nil, phone: rows.Devices != nil, app: rows.Authenticator != nil,
	}
}

func (s *siege) fatalf(format string, args ...any) {
	s.t.Helper()
	s.t.Fatalf(s.name+": "+format, args...)
}

// wait asks the guard every few hours until every wait is over.
func (s *siege) wait() {
	s.t.Helper()
	for end := s.w.clock.Now().Add(minAge); s.w.clock.Now().Before(end); s.w.clock.Turn(aWhile) {
		s.ask()
	}
	s.ask()
	err := s.w.Guard.Prove(ctx, s.p.id, factor.Credentials{OTP: s.p.wrong(factor.KindDeviceTOTP).OTP})
	if l, ok := errors.AsType[*factor.LockedError](err); ok {
		s.fatalf("after MinAge the guard still waits until %s", l.Until)
	}
}

// ask calls the guard with each proof that the thief knows to be right.
func (s *siege) ask() {
	s.t.Helper()
	for _, h := range s.stolen {
		s.mustAnswer(h.name, h.since, s.w.Guard.Prove(ctx, s.p.id, h.given(s.w.clock.Now())))
	}
	if len(s.stolen) == 0 && !s.userHolds() {
		s.mustAnswer("nothing", s.w.clock.Now(), s.w.Guard.Prove(ctx, s.p.id, factor.Credentials{PIN: "9753"}))
	}
	if n := s.w.status(s.p.id).Strikes; n != 0 {
		s.fatalf("%d strikes by proofs that are right", n)
	}
}

func (s *siege) userHolds() bool {
	return s.pin || s.phone || s.app && s.w.opts.Reset.Authenticator
}

func (s *siege) mustAnswer(proof string, since time.Time, err error) {
	s.t.Helper()
	now := s.w.clock.Now()
	l, locked := errors.AsType[*factor.LockedError](err)
	switch {
	case err == nil && now.Sub(since) < minAge:
		s.fatalf("Prove accepted %s after %s", proof, now.Sub(since))
	case errors.Is(err, factor.ErrNotEnrolled) && (now.Sub(s.gone) < minAge || len(s.stolen) > 0 || s.userHolds()):
		s.fatalf("Prove lets the reset go on %s after the last was removed", now.Sub(s.gone))
	case locked && !isTooSoon(l, now):
		s.fatalf("Prove answered %+v to %s at %s", l, proof, now)
	case err != nil && !locked && !errors.Is(err, factor.ErrNotEnrolled) && !errors.Is(err, factor.ErrMismatch):
		s.fatalf("Prove answered %v to %s", err, proof)
	}
}

// isTooSoon reports whether a lock is that of a wait for MinAge.
func isTooSoon(l *factor.LockedError, now time.Time) bool {
	return l.TooSoon && l.Kind == "" && l.Until.After(now) && !l.Until.After(now.Add(minAge))
}

// mailed is a code from the mailbox.
func (s *siege) mailed() factor.Credentials {
	return factor.Credentials{OTP: s.p.issue(factor.KindAccount).Code}
}

// bind replaces what the thief holds.
func (s *siege) bind(h holding) bool {
	s.drop(h.kind, h.id)
	h.since = s.w.clock.Now()
	s.stolen = append(s.stolen, h)
	return true
}

// drop records that the thief no longer holds something.
func (s *siege) drop(kind factor.Kind, id uuid.UUID) {
	kept := s.stolen[:0]
	for _, h := range s.stolen {
		if h.kind != kind || h.id != id {
			kept = append(kept, h)
		}
	}
	s.stolen = kept
}

func (s *siege) setPIN() bool {
	if s.w.status(s.p.id).PIN {
		s.gone = s.w.clock.Now()
	}
	must(s.t, s.w.PINs.Set(ctx, s.p.id, newPIN, s.mailed()))
	s.pin = false
	return s.bind(holding{name: "a young PIN", kind: factor.KindPIN, given: func(time.Time) factor.Credentials {
		return factor.Credentials{PIN: newPIN}
	}})
}

func (s *siege) removePIN() bool {
	err := s.w.PINs.Remove(ctx, s.p.id, s.mailed())
	if errors.Is(err, factor.ErrNotEnrolled) {
		return false
	}
	must(s.t, err)
	s.gone, s.pin = s.w.clock.Now(), false
	s.drop(factor.KindPIN, uuid.Nil)
	return true
}

func (s *siege) revoke(id uuid.UUID) bool {
	err := s.w.Devices.Revoke(ctx, s.p.id, id, s.mailed())
	if errors.Is(err, factor.ErrUnknownDevice) {
		return false
	}
	must(s.t, err)
	s.gone, s.phone = s.w.clock.Now(), s.phone && id != s.p.device
	s.drop(factor.KindDeviceTOTP, id)
	return true
}

// enroll enrols a device, in the place of the one with its ID.
func (s *siege) enroll(id uuid.UUID, proof factor.Credentials) bool {
	before, _ := s.w.Devices.Devices(ctx, s.p.id)
	e, err := s.w.Devices.Enroll(ctx, s.p.id, id, proof)
	if proof == (factor.Credentials{}) && errors.Is(err, factor.ErrNoCredential) {
		return false
	}
	must(s.t, err)
	for _, d := range before {
		if d.ID == id {
			s.gone = s.w.clock.Now()
		}
	}
	s.phone = s.phone && id != s.p.device
	return s.bind(holding{name: "a young device", kind: factor.KindDeviceTOTP, id: id, given: codesOf(newGenerator(e))})
}

// enrollUnproven enrols a device in a window that a host opens at each login.
func (s *siege) enrollUnproven(id uuid.UUID) bool {
	s.w.host.register(s.p.id, s.p.password, s.w.clock.Now())
	return s.enroll(id, factor.Credentials{})
}

func codesOf(g generator) func(time.Time) factor.Credentials {
	return func(now time.Time) factor.Credentials { return factor.Credentials{OTP: g.code(g.step(now))} }
}

func (s *siege) confirm() bool {
	e, err := s.w.Auth.Begin(ctx, s.p.id, s.mailed())
	must(s.t, err)
	g := newGenerator(e)
	replaces := s.w.status(s.p.id).Authenticator
	must(s.t, s.w.Auth.Confirm(ctx, s.p.id, g.code(g.step(s.w.clock.Now()))))
	s.app = false
	if !s.w.opts.Reset.Authenticator {
		return true // It proves no reset.
	}
	if replaces {
		s.gone = s.w.clock.Now()
	}
	return s.bind(holding{name: "a young authenticator", kind: factor.KindTOTP, given: codesOf(g)})
}

func (s *siege) removeApp() bool {
	err := s.w.Auth.Remove(ctx, s.p.id, s.mailed())
	if errors.Is(err, factor.ErrNotEnrolled) {
		return false
	}
	must(s.t, err)
	s.app = false
	if s.w.opts.Reset.Authenticator {
		s.gone = s.w.clock.Now()
		s.drop(factor.KindTOTP, uuid.Nil)
	}
	return true
}

// importAgain imports the user's old rows again: each place was filled before.
func (s *siege) importAgain() bool {
	before := shown(s.t, s.w.status(s.p.id))
	if err := s.w.Admin.Import(ctx, s.p.id, s.rows); !errors.Is(err, factor.ErrAlreadyEnrolled) {
		must(s.t, err)
	}
	if after := shown(s.t, s.w.status(s.p.id)); after != before {
		s.fatalf("an import of old rows changed\n%s to\n%s", before, after)
	}
	return true
}

// hostRemovesPIN and the two after it are the host's acts, perhaps at the thief's
// request. They end no wait, and begin none.
func (s *siege) hostRemovesPIN() bool {
	must(s.t, absent(s.w.Admin.RemovePIN(ctx, s.p.id)))
	s.pin = false
	s.drop(factor.KindPIN, uuid.Nil)
	return true
}

func (s *siege) hostRevokes() bool {
	for _, d := range s.w.status(s.p.id).Devices {
		must(s.t, s.w.Admin.RevokeDevice(ctx, s.p.id, d.ID))
		s.drop(factor.KindDeviceTOTP, d.ID)
	}
	s.phone = false
	return true
}

func (s *siege) hostRemovesApp() bool {
	must(s.t, absent(s.w.Admin.RemoveAuthenticator(ctx, s.p.id)))
	s.app = false
	s.drop(factor.KindTOTP, uuid.Nil)
	return true
}

// userProves proves the user's old PIN, which ends strikes and no wait.
func (s *siege) userProves() bool {
	if s.pin {
		must(s.t, s.w.Guard.Prove(ctx, s.p.id, factor.Credentials{PIN: oldPIN}))
	}
	return s.pin
}
