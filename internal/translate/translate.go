// Package translate converts the library's arguments, answers and views to the
// specification's terms, for the drivers that compare the two. It knows no rules.
package translate

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
)

// DeviceID returns the ID of a named device, or the nil UUID.
func DeviceID(n spec.Name) uuid.UUID {
	if n == 0 {
		return uuid.Nil
	}
	id := uuid.UUID{0: 0xde}
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	return id
}

// NoDevice is the name of an ID that DeviceID did not make.
const NoDevice = ^spec.Name(0)

// DeviceName returns the name of a device's ID.
func DeviceName(id uuid.UUID) spec.Name {
	n := spec.Name(binary.BigEndian.Uint64(id[8:]))
	if id != DeviceID(n) {
		return NoDevice
	}
	return n
}

// Kinds converts kinds to the library's. An empty list stays empty, and nil stays
// nil.
func Kinds(kinds []spec.Kind) []factor.Kind {
	if kinds == nil {
		return nil
	}
	all := make([]factor.Kind, len(kinds))
	for i, k := range kinds {
		all[i] = factor.Kind(k.String())
	}
	return all
}

// KindsOf converts kinds to the specification's.
func KindsOf(kinds []factor.Kind) []spec.Kind {
	if kinds == nil {
		return nil
	}
	all := make([]spec.Kind, len(kinds))
	for i, k := range kinds {
		all[i] = spec.KindNamed(string(k))
	}
	return all
}

// Options converts options, and fills in the specification's defaults.
func Options(o *factor.Options) spec.Options {
	limit := func(l factor.Limit) spec.Limit { return spec.Limit(l) }
	return spec.Options{
		CheckPassword: o.CheckPassword != nil, RegisteredAt: o.RegisteredAt != nil, Wipe: o.Wipe != nil, Notify: o.Notify != nil,
		ProofKinds: KindsOf(o.ProofKinds),
		Password:   limit(o.Password),
		PIN: spec.PINOptions{
			Length: o.PIN.Length, MinDistinct: o.PIN.MinDistinct, AllowSeries: o.PIN.AllowSeries, Limit: limit(o.PIN.Limit),
		},
		OTP: spec.OTPOptions{
			Digits: o.OTP.Digits, AccountTTL: o.OTP.AccountTTL, LoginTTL: o.OTP.LoginTTL, Interval: o.OTP.Interval, Resend: o.OTP.Resend,
			Limit: limit(o.OTP.Limit),
		},
		TOTP: spec.TOTPOptions{
			Algorithm: o.TOTP.Algorithm, Period: o.TOTP.Period, Digits: o.TOTP.Digits, Skew: o.TOTP.Skew, Limit: limit(o.TOTP.Limit),
		},
		Device: spec.DeviceOptions{Grace: o.Device.Grace, Max: o.Device.Max},
		Reset: spec.ResetOptions{
			Strikes: o.Reset.Strikes, Interval: o.Reset.Interval, MinAge: o.Reset.MinAge,
			ForgiveRepeats: o.Reset.ForgiveRepeats, Authenticator: o.Reset.Authenticator,
		},
	}.Complete()
}

// sentinels maps the specification's errors to the library's.
var sentinels = map[spec.Err]error{
	spec.Malformed: factor.ErrMalformed, spec.NoCredential: factor.ErrNoCredential, spec.WeakPIN: factor.ErrWeakPIN,
	spec.Mismatch: factor.ErrMismatch, spec.Locked: factor.ErrLocked, spec.NotEnrolled: factor.ErrNotEnrolled,
	spec.AlreadyEnrolled: factor.ErrAlreadyEnrolled, spec.UnknownDevice: factor.ErrUnknownDevice,
	spec.DeviceLimit: factor.ErrDeviceLimit, spec.Wiped: factor.ErrWiped, spec.WipePending: factor.ErrWipePending,
}

// Every class of error in the specification must be translated.
var _ = func() struct{} {
	if len(sentinels) != int(spec.WipePending) {
		panic("translate: a sentinel of the specification has no error of the library")
	}
	return struct{}{}
}()

// Error returns the answer for an error. An error that matches no sentinel is a
// fault of the host. It returns false for a fault of the store or the sealer, and
// for an error that matches two sentinels.
func Error(err error) (a spec.Answer, ok bool) {
	if err == nil {
		return a, true
	}
	if errors.Is(err, factor.ErrConflict) || errors.Is(err, factor.ErrUnsealed) {
		return a, false
	}
	a.Err = spec.HostFault
	for class := spec.Malformed; class <= spec.WipePending; class++ {
		switch {
		case !errors.Is(err, sentinels[class]):
		case a.Err != spec.HostFault:
			return a, false
		default:
			a.Err = class
		}
	}
	if e := (*factor.AlreadyEnrolledError)(nil); errors.As(err, &e) {
		a.Kind, a.Device = spec.KindNamed(string(e.Kind)), DeviceName(e.Device)
	}
	if e := (*factor.MismatchError)(nil); errors.As(err, &e) {
		a.Kind, a.Left, a.Stale = spec.KindNamed(string(e.Kind)), e.Remaining, e.Stale
	}
	if e := (*factor.LockedError)(nil); errors.As(err, &e) {
		a.Kind, a.Until, a.TooSoon = spec.KindNamed(string(e.Kind)), At(e.Until), e.TooSoon
	}
	return a, true
}

// At converts a time. No rule expects one in another zone than UTC, or with more
// than milliseconds.
func At(t time.Time) spec.Time {
	if t.Location() != time.UTC || t != t.Truncate(time.Millisecond) {
		return -1
	}
	return spec.At(t)
}

// Event converts an event, without its time, its user and its error.
func Event(e factor.Event) spec.Event {
	return spec.Event{
		Action: spec.Action(e.Action), Kind: spec.KindNamed(string(e.Kind)), Device: DeviceName(e.Device),
		Left: e.Remaining, Until: At(e.Until),
	}
}

// View converts a status. The caller names its wipe.
func View(s factor.Status) spec.View {
	v := spec.View{
		PIN: s.PIN, Authenticator: s.Authenticator, Waiting: s.AuthenticatorPending,
		Devices: ViewDevices(s.Devices), RecoveryCodes: s.RecoveryCodes, Strikes: s.Strikes, WipePending: s.WipePending, Notices: s.Notices,
	}
	for _, k := range s.Live {
		v.Live[spec.KindNamed(string(k))] = true
	}
	for _, b := range s.Budgets {
		v.Budgets[spec.KindNamed(string(b.Kind))] = spec.ViewedBudget{Wrong: b.Wrong, Locked: b.Locked, Until: At(b.Until)}
	}
	if s.Wipe != nil {
		v.WipeAt, v.WipeReason = At(s.Wipe.At), reasonOf(s.Wipe.Reason)
	}
	return v
}

// Describe prints a status without the ID of a wipe, which is random.
func Describe(s factor.Status) string {
	wipe := "none"
	if s.Wipe != nil {
		wipe = fmt.Sprintf("%s %s", s.Wipe.Reason, s.Wipe.At)
	}
	s.Wipe = nil
	return fmt.Sprintf("%+v wipe %s", s, wipe)
}

// ViewHoldings converts holdings.
func ViewHoldings(h factor.Holdings) spec.Holding {
	return spec.Holding{PIN: h.PIN, Authenticator: h.Authenticator, Devices: h.Devices, RecoveryCodes: h.RecoveryCodes}
}

// ViewDevices converts a list of devices.
func ViewDevices(all []factor.Device) (v [spec.MaxDevices]spec.ViewedDevice) {
	for i, d := range all {
		v[i] = spec.ViewedDevice{ID: DeviceName(d.ID), EnrolledAt: At(d.EnrolledAt), Used: At(d.UsedAt)}
	}
	return v
}

func reasonOf(r factor.WipeReason) spec.Reason {
	for _, known := range []spec.Reason{spec.Strikes, spec.Forfeited} {
		if known.String() == string(r) {
			return known
		}
	}
	return 0
}
