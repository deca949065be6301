package account

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
)

// Holdings are what one user holds in another system.
type Holdings struct {
	PIN           *PIN
	Authenticator *Authenticator
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

// Import binds what may be taken over, and returns what it bound. Each place is taken
// over once: not if the user ever held something there, whatever became of it since,
// nor a secret that was imported before. After an error, which is a *HeldError or
// ErrTooManyDevices, the account is half changed and of no use.
func (a *Account) Import(h Holdings, r *Rules, maxDevices int) (bound []Binding, err error) {
	older := len(a.Devices)
	if h.PIN != nil {
		bound, err = a.importPIN(h.PIN, bound)
	}
	if h.Authenticator != nil && err == nil {
		bound, err = a.importAuthenticator(h.Authenticator, r, bound)
	}
	for i := range h.Devices {
		if err == nil {
			bound, err = a.importDevice(&h.Devices[i], maxDevices, bound)
		}
	}
	if older == 0 && len(a.Devices) > 0 && err == nil {
		a.Budget(KindDeviceTOTP).reset()
	}
	return bound, err
}

func (a *Account) importPIN(p *PIN, bound []Binding) ([]Binding, error) {
	same := markOf(KindPIN, uuid.Nil, string(p.Sum))
	switch {
	case a.marked(same) || a.PIN == nil && a.marked(placeOf(KindPIN, uuid.Nil)):
		return bound, nil
	case a.PIN != nil:
		return bound, &HeldError{Kind: KindPIN}
	}
	own := *p
	a.PIN = &own
	a.mark(same)
	a.bound(KindPIN)
	return append(bound, Binding{Kind: KindPIN}), nil
}

func (a *Account) importAuthenticator(app *Authenticator, r *Rules, bound []Binding) ([]Binding, error) {
	known := a.knownKey(KindTOTP, uuid.Nil, &app.TOTP)
	held := a.holderOf(&app.TOTP)
	switch {
	case held != nil && held.Kind != KindTOTP:
		return bound, held
	case known || a.Authenticator == nil && (a.marked(placeOf(KindTOTP, uuid.Nil)) || a.marked(everyDevice)):
		return bound, nil
	case a.Authenticator != nil:
		return bound, &HeldError{Kind: KindTOTP}
	}
	own := *app
	a.Authenticator = &own
	a.markKey(&app.TOTP)
	a.Budget(KindTOTP).reset()
	if r.Guard.Authenticator {
		a.Guard.bound()
	}
	return append(bound, Binding{Kind: KindTOTP}), nil
}

func (a *Account) importDevice(d *Device, maxDevices int, bound []Binding) ([]Binding, error) {
	known := a.knownKey(KindDeviceTOTP, d.ID, &d.TOTP)
	held := a.holderOf(&d.TOTP)
	enrolled := a.DeviceIndex(d.ID) >= 0
	switch {
	case held != nil && *held != HeldError{KindDeviceTOTP, d.ID}:
		return bound, held
	case known || !enrolled && (a.marked(placeOf(KindDeviceTOTP, d.ID)) || a.marked(everyDevice)):
		return bound, nil
	case enrolled:
		return bound, &HeldError{KindDeviceTOTP, d.ID}
	case len(a.Devices) >= maxDevices:
		return bound, ErrTooManyDevices
	}
	a.Devices = append(a.Devices, *d)
	a.markKey(&d.TOTP)
	a.Guard.bound()
	return append(bound, Binding{KindDeviceTOTP, d.ID}), nil
}

// holderOf returns what holds the secret of a key, nil if nothing does: in two places
// each code would be accepted twice.
func (a *Account) holderOf(s *TOTP) *HeldError {
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

// A Mark stands for something that Import does not take over any more: a PIN or a key
// that was imported, a place that is not as it was, or a key that is not in force.
type Mark [8]byte

// maxMarks bounds the marks. Where so many devices came and went that there would be
// more, Import takes over no key any more.
const maxMarks = 512

// everyDevice marks the places of all devices, and all keys.
var everyDevice = newMark("factor place of every device")

func newMark(text string) Mark {
	sum := sha256.Sum256([]byte(text))
	return Mark(sum[:])
}

// markOf is the mark of one holding, as Version 0.1.0 makes it of PINs and keys.
func markOf(k Kind, device uuid.UUID, text string) Mark {
	return newMark(fmt.Sprintf("factor import of %s %s %s", k, device, text))
}

// placeOf is the mark of a place.
func placeOf(k Kind, device uuid.UUID) Mark {
	return newMark(fmt.Sprintf("factor place of %s %s", k, device))
}

// keyMarks are the marks of a key, whatever it is for: of its secret as HMAC sees it
// and, where HMAC hashes it, as it is, because another algorithm hashes it to another.
func keyMarks(s *TOTP) []Mark {
	of := func(secret []byte) Mark { return newMark(fmt.Sprintf("factor key %x", secret)) }
	effective := s.EffectiveSecret()
	marks := []Mark{of(effective)}
	if !bytes.HasPrefix(s.Secret, effective) {
		marks = append(marks, of(s.Secret))
	}
	return marks
}

func (a *Account) marked(m Mark) bool { return slices.Contains(a.Marks, m) }

func (a *Account) mark(m Mark) {
	if !a.marked(m) {
		a.Marks = append(a.Marks, m)
	}
}

func (a *Account) markDevice(m Mark) {
	if len(a.Marks) >= maxMarks {
		m = everyDevice
	}
	a.mark(m)
}

func (a *Account) markKey(s *TOTP) {
	for _, m := range keyMarks(s) {
		a.markDevice(m)
	}
}

// markRemoved marks a device that is to be removed, and its key.
func (a *Account) markRemoved(d *Device) {
	a.markDevice(placeOf(KindDeviceTOTP, d.ID))
	a.markKey(&d.TOTP)
}

// knownKey reports whether a key is marked: for this place by version 0.1.0, which
// marked all of the key with its secret as HMAC sees it or as it was given, or for any
// since.
func (a *Account) knownKey(k Kind, device uuid.UUID, s *TOTP) bool {
	old := func(secret []byte) Mark {
		return markOf(k, device, fmt.Sprintf("%x %d %d %s", secret, s.Algorithm, s.Digits, s.Period))
	}
	return slices.ContainsFunc(keyMarks(s), a.marked) || a.marked(old(s.EffectiveSecret())) || a.marked(old(s.Secret))
}
