package account

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
)

// Holdings are what one user holds in another system.
type Holdings struct {
	PIN           *PIN
	Authenticator *TOTP
	Devices       []Device
}

// A Binding names something that a user holds.
type Binding struct {
	Kind   Kind
	Device uuid.UUID // uuid.Nil for all but devices
}

// A HeldError names what the user holds already, where Import was to bind another.
type HeldError Binding

func (e *HeldError) Error() string { return string(e.Kind) + " is held already" }

// ErrTooManyDevices says that Import would bind more devices than are allowed.
var ErrTooManyDevices = errors.New("too many devices")

// Import binds what was not imported before, and returns what it bound. It sets no
// count back. After an error, which is a *HeldError or ErrTooManyDevices, the account
// is half changed and of no use.
func (a *Account) Import(h Holdings, maxDevices int) (bound []Binding, err error) {
	if p := h.PIN; p != nil && a.firstImport(KindPIN, uuid.Nil, string(p.Sum)) {
		if a.PIN != nil {
			return nil, &HeldError{Kind: KindPIN}
		}
		own := *p
		a.PIN = &own
		a.Guard.bound()
		bound = append(bound, Binding{Kind: KindPIN})
	}
	if s := h.Authenticator; s != nil && a.firstImport(KindTOTP, uuid.Nil, s.texts()...) {
		if a.Authenticator != nil {
			return nil, &HeldError{Kind: KindTOTP}
		}
		if err := a.checkUnused(s); err != nil {
			return nil, err
		}
		own := *s
		a.Authenticator = &own
		bound = append(bound, Binding{Kind: KindTOTP})
	}
	for _, d := range h.Devices {
		if !a.firstImport(KindDeviceTOTP, d.ID, d.texts()...) {
			continue
		}
		if a.DeviceIndex(d.ID) >= 0 {
			return nil, &HeldError{KindDeviceTOTP, d.ID}
		}
		if err := a.checkUnused(&d.TOTP); err != nil {
			return nil, err
		}
		if len(a.Devices) >= maxDevices {
			return nil, ErrTooManyDevices
		}
		a.Devices = append(a.Devices, d)
		a.Guard.bound()
		bound = append(bound, Binding{KindDeviceTOTP, d.ID})
	}
	return bound, nil
}

// checkUnused returns a *HeldError that names what holds the secret of a key already:
// in two places each code would be accepted twice.
func (a *Account) checkUnused(s *TOTP) error {
	if a.Authenticator != nil && a.Authenticator.SameSecret(&s.Key) {
		return &HeldError{Kind: KindTOTP}
	}
	for i := range a.Devices {
		if d := &a.Devices[i]; d.SameSecret(&s.Key) {
			return &HeldError{KindDeviceTOTP, d.ID}
		}
	}
	return nil
}

// An ImportMark stands for one holding that was imported.
type ImportMark [8]byte

// firstImport marks a holding as imported, and reports whether it was not before. The
// mark is made of the first of its texts, and known by each.
func (a *Account) firstImport(k Kind, device uuid.UUID, texts ...string) bool {
	var ids []ImportMark
	for _, text := range texts {
		sum := sha256.Sum256(fmt.Appendf(nil, "factor import of %s %s %s", k, device, text))
		ids = append(ids, ImportMark(sum[:]))
	}
	if slices.ContainsFunc(ids, func(id ImportMark) bool { return slices.Contains(a.Imported, id) }) {
		return false
	}
	a.Imported = append(a.Imported, ids[0])
	return true
}

// texts returns all of a key, but not the last step, in two ways: with the secret as
// HMAC sees it, and as it was given, which is how version 0.1.0 marked it.
func (s *TOTP) texts() []string {
	with := func(key []byte) string {
		return fmt.Sprintf("%x %d %d %s", key, s.Algorithm, s.Digits, s.Period)
	}
	return []string{with(s.EffectiveSecret()), with(s.Secret)}
}
