package factor

import (
	"cmp"
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor/internal/account"
)

// DeviceOptions tunes the enrolment of devices. A zero field means its default.
type DeviceOptions struct {
	// Grace is how long after Options.RegisteredAt a device may enrol without a
	// proof. Default 5 min.
	Grace time.Duration
	// Max is the most devices a user may have, at most 100. Default 10.
	Max int
}

// A Device is an enrolled device.
type Device struct {
	// ID is the client's own.
	ID uuid.UUID `json:"id"`
	// EnrolledAt is when its current secret was made.
	EnrolledAt time.Time `json:"enrolledAt,omitzero"`
	// UsedAt is when its last code was accepted, or zero.
	UsedAt time.Time `json:"usedAt,omitzero"`
}

// A DeviceTOTPEnroller gives devices the secret from which they compute their
// codes. It is safe for use by many goroutines.
type DeviceTOTPEnroller struct{ v *Verifier }

// NewDeviceTOTPEnroller returns the DeviceTOTPEnroller of v.
func NewDeviceTOTPEnroller(v *Verifier) *DeviceTOTPEnroller { return &DeviceTOTPEnroller{v} }

// Enroll enrols a device under an ID that the client chose, if the proof is right.
// A device that is already enrolled then gets a new secret.
//
// Without a proof, Enroll admits a new device within DeviceOptions.Grace of
// Options.RegisteredAt (or up to 1 min before it, in case clocks differ). A device
// that was enrolled within the same window and has shown no code yet then gets a
// new secret too, because its client may not have received the first. If a
// credential is given, Enroll judges it even within the window.
//
// It returns ErrMalformed (also for uuid.Nil), ErrWipePending, ErrDeviceLimit,
// ErrNoCredential if a proof is needed and none is given, ErrLocked and
// ErrMismatch.
func (e *DeviceTOTPEnroller) Enroll(ctx context.Context, user string, device uuid.UUID, proof Credentials) (Enrollment, error) {
	if err := e.v.checkProof(user, proof); err != nil {
		return Enrollment{}, err
	}
	if err := checkDevice(device); err != nil {
		return Enrollment{}, err
	}
	return updateAfterWipe(ctx, e.v, user, proof.mode(), func(a *attempt) (Enrollment, error) {
		if a.account.DeviceIndex(device) < 0 && len(a.account.Devices) >= a.opts.Device.Max {
			return Enrollment{}, ErrDeviceLimit
		}
		if err := a.mayEnroll(device, proof); err != nil {
			return Enrollment{}, err
		}
		s := drawTOTP(&a.v.rules)
		a.account.Enroll(device, s, &a.v.rules, a.now)
		a.event(Event{Action: ActionEnrolled, Kind: KindDeviceTOTP, Device: device})
		return enrollment(&s.Key, device, a.opts.TOTP.Issuer, a.user), nil
	})
}

// mayEnroll returns nil for a right proof, or for none within the window.
func (a *attempt) mayEnroll(device uuid.UUID, proof Credentials) error {
	if proof != (Credentials{}) {
		_, err := a.judge(proof, a.opts.ProofKinds)
		return err
	}
	i := a.account.DeviceIndex(device)
	if a.opts.RegisteredAt == nil || i >= 0 && !a.account.Unseen(&a.account.Devices[i]) {
		return ErrNoCredential
	}
	registered, err := a.registeredAt()
	if err != nil {
		return err
	}
	if !account.InGrace(registered, a.opts.Device.Grace, a.now) || i >= 0 && !a.account.Devices[i].EnrolledSince(registered) {
		return ErrNoCredential
	}
	return nil
}

// Devices returns the user's devices in the order of their first enrolment. It
// returns ErrMalformed.
func (e *DeviceTOTPEnroller) Devices(ctx context.Context, user string) ([]Device, error) {
	if err := e.v.checkUser(user); err != nil {
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

// Revoke removes a device, if the proof is right.
//
// It returns ErrMalformed, ErrNoCredential, ErrUnknownDevice (before it judges the
// proof), ErrLocked and ErrMismatch.
func (e *DeviceTOTPEnroller) Revoke(ctx context.Context, user string, device uuid.UUID, proof Credentials) error {
	if err := cmp.Or(e.v.checkUser(user), checkDevice(device)); err != nil {
		return err
	}
	_, err := withProof(ctx, e.v, user, proof,
		func(a *attempt) error { return a.hasDevice(device) },
		func(a *attempt) void { return a.revoke(device, account.User) })
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

func (a *attempt) revoke(id uuid.UUID, by account.Actor) void {
	a.account.Revoke(id, by, &a.v.rules, a.now)
	a.event(Event{Action: ActionRevoked, Kind: KindDeviceTOTP, Device: id})
	return void{}
}
