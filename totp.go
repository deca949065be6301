package factor

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"image"
	"time"

	"github.com/google/uuid"
	"github.com/pquerna/otp"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/totp"
)

// TOTPOptions tunes time-based codes (RFC 6238), of devices and authenticators
// alike. A zero field means its default. Changes bind new secrets only: each
// secret keeps the algorithm, digits and period that it was made with.
type TOTPOptions struct {
	// Issuer is the name that authenticator apps show beside the user: at most 128
	// bytes of UTF-8 without a colon, so that every user's URL fits in a QR code.
	// Default none.
	Issuer string
	// Algorithm is SHA1, SHA256 or SHA512. Default SHA1, the one that all apps
	// support.
	Algorithm string
	// Period is the time step, whole seconds from 1 s to 2 min (NIST SP 800-63B-4
	// §3.1.4.1). Default 30 s.
	Period time.Duration
	// Digits is the length of a code, 6 to 8. Default 6.
	Digits int
	// Skew is how many steps before and after the current one are accepted, at
	// most 10, or -1 for none. Default 1 (RFC 6238 §5.2).
	Skew int
	// Limit bounds the wrong codes: of all the user's devices together, and of
	// the authenticator.
	Limit Limit
}

// An Enrollment is what a device or an authenticator app needs to compute codes.
// It redacts itself: see "Secrets and logs" in the package comment. Read the
// fields to hand the secret over. It is shown once: it cannot be read again.
type Enrollment struct {
	// Device is the device's ID, uuid.Nil for an authenticator.
	Device uuid.UUID
	// Secret is the key in base32 without padding.
	Secret    string
	Period    time.Duration
	Digits    int
	Algorithm string
	// URL is the otpauth URL that authenticator apps read.
	URL string
}

// QR returns the URL as a square QR code of so many pixels a side, for an
// authenticator app to scan. It returns an error if pixels is more than 4096 or
// less than the code has modules (around 60, and at most 177), or if the URL is
// empty, damaged or too long, as it never is in an Enrollment of this package.
func (e Enrollment) QR(pixels int) (image.Image, error) {
	if e.URL == "" {
		return nil, errors.New("factor: QR: the Enrollment has no URL: take the one that Enroll or Begin returned")
	}
	if pixels < 1 || pixels > maxPixels {
		return nil, fmt.Errorf("factor: QR: pixels must be 1 to %d", maxPixels)
	}
	key, err := otp.NewKeyFromURL(e.URL)
	if err != nil {
		return nil, errors.New("factor: QR: the Enrollment's URL is damaged")
	}
	// The errors of Image are not passed on: they quote the URL.
	if img, err := key.Image(pixels, pixels); err == nil {
		return img, nil
	}
	if _, err := key.Image(maxPixels, maxPixels); err == nil {
		return nil, errors.New("factor: QR: pixels is less than the code has modules: give at least 177")
	}
	return nil, errors.New("factor: QR: the Enrollment's URL is too long for a QR code")
}

// maxPixels bounds the side of a QR code.
const maxPixels = 4096

// DeviceOptions tunes the enrolment of devices. A zero field means its default.
type DeviceOptions struct {
	// Grace is how long after Options.RegisteredAt a device is enrolled without
	// a proof. Default 5 min.
	Grace time.Duration
	// Max is how many devices a user may have, at most 100. Default 10.
	Max int
}

// A Device is an enrolled device.
type Device struct {
	// ID was chosen by the client.
	ID uuid.UUID `json:"id"`
	// EnrolledAt is when its present secret was made.
	EnrolledAt time.Time `json:"enrolledAt,omitzero"`
	// UsedAt is when its last code was accepted, zero if none was.
	UsedAt time.Time `json:"usedAt,omitzero"`
}

// A DeviceTOTPEnroller gives devices the secret that their codes are computed
// from. It is safe for use by many goroutines.
type DeviceTOTPEnroller struct{ v *Verifier }

// NewDeviceTOTPEnroller returns the DeviceTOTPEnroller of v.
func NewDeviceTOTPEnroller(v *Verifier) *DeviceTOTPEnroller { return &DeviceTOTPEnroller{v} }

// Enroll enrols a device under an ID that the client chose. With a proof, one of
// OTP, password and PIN judged in this order, a device that is enrolled already
// gets a new secret. Without, a device that is not enrolled yet is let in within
// DeviceOptions.Grace of Options.RegisteredAt (or up to 1 min before it, for
// clocks that differ), a credential that is given being judged even then.
//
// It returns ErrMalformed (also for uuid.Nil), ErrWipePending, ErrDeviceLimit,
// ErrNoCredential where a proof is needed and none is given, ErrLocked and
// ErrMismatch.
func (e *DeviceTOTPEnroller) Enroll(ctx context.Context, user string, device uuid.UUID, proof Credentials) (Enrollment, error) {
	if err := e.v.checkProof(user, proof); err != nil {
		return Enrollment{}, err
	}
	if err := checkDevice(device); err != nil {
		return Enrollment{}, err
	}
	return updateAfterWipe(ctx, e.v, user, proof.mode(), func(a *attempt) (Enrollment, error) {
		enrolled := a.account.DeviceIndex(device) >= 0
		if !enrolled && len(a.account.Devices) >= a.opts.Device.Max {
			return Enrollment{}, ErrDeviceLimit
		}
		if err := a.mayEnroll(enrolled, proof); err != nil {
			return Enrollment{}, err
		}
		s := drawTOTP(&a.v.rules)
		a.account.Enroll(device, s, &a.v.rules, a.now)
		a.event(Event{Action: ActionEnrolled, Kind: KindDeviceTOTP, Device: device})
		return enrollment(&s.Key, device, a.opts.TOTP.Issuer, a.user), nil
	})
}

// mayEnroll returns nil for a right proof, or none within the window.
func (a *attempt) mayEnroll(enrolled bool, proof Credentials) error {
	if proof != (Credentials{}) {
		_, err := a.judge(proof, a.opts.ProofKinds)
		return err
	}
	if enrolled || a.opts.RegisteredAt == nil {
		return ErrNoCredential
	}
	registered, err := a.registeredAt()
	if err != nil {
		return err
	}
	if !account.InGrace(registered, a.opts.Device.Grace, a.now) {
		return ErrNoCredential
	}
	return nil
}

// Devices returns the user's devices in the order of their first enrolment. It
// returns ErrMalformed.
func (e *DeviceTOTPEnroller) Devices(ctx context.Context, user string) ([]Device, error) {
	if err := checkUser(user); err != nil {
		return nil, err
	}
	a, err := e.v.read(ctx, user)
	if err != nil {
		return nil, err
	}
	return deviceList(a), nil
}

func deviceList(a *account.Account) []Device {
	list := make([]Device, 0, len(a.Devices))
	for _, d := range a.Devices {
		list = append(list, Device{ID: d.ID, EnrolledAt: d.EnrolledAt, UsedAt: d.UsedAt})
	}
	return list
}

// Revoke removes a device. The proof is one of OTP, password and PIN, judged in
// this order.
//
// It returns ErrMalformed, ErrNoCredential, ErrUnknownDevice (before the proof
// is judged), ErrLocked and ErrMismatch.
func (e *DeviceTOTPEnroller) Revoke(ctx context.Context, user string, device uuid.UUID, proof Credentials) error {
	if err := checkDevice(device); err != nil {
		return err
	}
	_, err := withProof(ctx, e.v, user, proof,
		func(a *attempt) error { return a.hasDevice(device) },
		func(a *attempt) void { return a.revoke(device) })
	return err
}

func checkDevice(device uuid.UUID) error {
	if device == uuid.Nil {
		return malformed("device", "must not be the nil UUID")
	}
	return nil
}

func (a *attempt) hasDevice(id uuid.UUID) error {
	if a.account.DeviceIndex(id) < 0 {
		return ErrUnknownDevice
	}
	return nil
}

func (a *attempt) revoke(id uuid.UUID) void {
	a.account.Revoke(id)
	a.event(Event{Action: ActionRevoked, Kind: KindDeviceTOTP, Device: id})
	return void{}
}

// An AuthenticatorEnroller gives the user an authenticator app, which counts
// once it has shown its first code. It is safe for use by many goroutines.
type AuthenticatorEnroller struct{ v *Verifier }

// NewAuthenticatorEnroller returns the AuthenticatorEnroller of v.
func NewAuthenticatorEnroller(v *Verifier) *AuthenticatorEnroller { return &AuthenticatorEnroller{v} }

// Begin makes a secret for a new authenticator, which waits 15 minutes for
// Confirm. One that is confirmed stays in force until then; one that waits is
// replaced. The proof is one of OTP, password and PIN, judged in this order.
//
// It returns ErrMalformed, ErrNoCredential, ErrLocked and ErrMismatch.
func (e *AuthenticatorEnroller) Begin(ctx context.Context, user string, proof Credentials) (Enrollment, error) {
	return withProof(ctx, e.v, user, proof, nil, func(a *attempt) Enrollment {
		s := drawTOTP(&a.v.rules)
		p := a.account.Begin(s, a.now)
		a.event(Event{Action: ActionAuthenticatorBegun, Kind: KindTOTP, Until: p.ExpiresAt})
		return enrollment(&s.Key, uuid.Nil, a.opts.TOTP.Issuer, a.user)
	})
}

// Confirm judges the first code of the authenticator that waits, and puts it in
// force; the code is spent by it. The secret that waits takes 5 wrong codes, a
// count of its own beside the budget, and is then dropped.
//
// It returns ErrMalformed, ErrNotEnrolled if none waits, and ErrMismatch.
func (e *AuthenticatorEnroller) Confirm(ctx context.Context, user, code string) error {
	if err := checkUser(user); err != nil {
		return err
	}
	if err := checkDigits("otp", code, totp.MinDigits, totp.MaxDigits); err != nil {
		return err
	}
	_, err := update(ctx, e.v, user, modeFast, func(a *attempt) (void, error) {
		if a.account.PendingAt(a.now) == nil {
			return void{}, ErrNotEnrolled
		}
		right, left := a.account.Confirm(code, &a.v.rules, a.now)
		if !right {
			a.wrong = true
			err := &MismatchError{Kind: KindTOTP, Remaining: left}
			a.event(Event{Action: ActionRefused, Kind: KindTOTP, Err: err, Remaining: left})
			return void{}, err
		}
		a.event(Event{Action: ActionAuthenticatorConfirmed, Kind: KindTOTP})
		return void{}, nil
	})
	return err
}

// Remove removes the authenticator, both the one in force and one that waits.
// The proof is one of OTP, password and PIN, judged in this order.
//
// It returns ErrMalformed, ErrNoCredential, ErrNotEnrolled (before the proof is
// judged), ErrLocked and ErrMismatch.
func (e *AuthenticatorEnroller) Remove(ctx context.Context, user string, proof Credentials) error {
	_, err := withProof(ctx, e.v, user, proof, (*attempt).hasAuthenticator, (*attempt).removeAuthenticator)
	return err
}

func (a *attempt) hasAuthenticator() error {
	if a.account.Authenticator == nil && a.account.PendingAt(a.now) == nil {
		return ErrNotEnrolled
	}
	return nil
}

func (a *attempt) removeAuthenticator() void {
	a.account.Authenticator, a.account.Pending = nil, nil
	a.event(Event{Action: ActionAuthenticatorRemoved, Kind: KindTOTP})
	return void{}
}

// drawTOTP makes a new key.
func drawTOTP(r *account.Rules) account.TOTP {
	key := make([]byte, totp.NewKeySize)
	_, _ = rand.Read(key) // never fails, says its documentation
	return account.NewTOTP(key, r.TOTP)
}

// enrollment is what the key's owner gets to see.
func enrollment(key *totp.Key, device uuid.UUID, issuer, user string) Enrollment {
	return Enrollment{
		Device: device, Secret: key.Base32(), Period: key.Period, Digits: key.Digits, Algorithm: key.Algorithm.String(),
		URL: key.URL(issuer, user),
	}
}
