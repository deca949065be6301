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

// A Binding names something a user holds.
type Binding struct {
	Kind   Kind
	Device uuid.UUID // uuid.Nil for all but devices
}

// A HeldError names what the user already holds in the place of an import.
type HeldError Binding

func (e *HeldError) Error() string { return string(e.Kind) + " is held already" }

// ErrTooManyDevices reports that Import would bind more devices than allowed.
var ErrTooManyDevices = errors.New("too many devices")

// Import binds what it may and returns what it bound. It fills each place once:
// never one where the user ever held something, and never with a secret that was
// here before. After an error, which is a *HeldError or ErrTooManyDevices, the
// account is as before, except that secrets refused because their place is filled
// are marked: Import does not bind them later either.
func (a *Account) Import(h Holdings, r *Rules, maxDevices int) ([]Binding, error) {
	next := &importing{Account: *a, rules: r, maxDevices: maxDevices}
	next.Devices, next.Marks = slices.Clip(a.Devices), slices.Clip(a.Marks)
	err := next.all(h)
	if err != nil {
		if held := (*HeldError)(nil); errors.As(err, &held) {
			a.markRefused(h)
		}
		return nil, err
	}
	if len(a.Devices) == 0 && len(next.Devices) > 0 {
		next.Budget(KindDeviceTOTP).reset()
	}
	*a = next.Account
	return next.bound, nil
}

// markRefused marks the keys that Import will not bind later either: those for
// filled places, and those held elsewhere.
func (a *Account) markRefused(h Holdings) {
	if app := h.Authenticator; app != nil && (a.Authenticator != nil || a.holderOf(&app.TOTP) != nil) {
		a.markKey(&app.TOTP)
	}
	for i := range h.Devices {
		if d := &h.Devices[i]; a.DeviceIndex(d.ID) >= 0 || a.holderOf(&d.TOTP) != nil {
			a.markKey(&d.TOTP)
		}
	}
}

// An importing is an Account during an Import.
type importing struct {
	Account
	rules      *Rules
	maxDevices int
	bound      []Binding
}

func (a *importing) all(h Holdings) error {
	if h.PIN != nil {
		if err := a.pin(h.PIN); err != nil {
			return err
		}
	}
	if h.Authenticator != nil {
		if err := a.authenticator(h.Authenticator); err != nil {
			return err
		}
	}
	for i := range h.Devices {
		if err := a.device(&h.Devices[i]); err != nil {
			return err
		}
	}
	return nil
}

func (a *importing) pin(p *PIN) error {
	same := markOf(KindPIN, uuid.Nil, string(p.Sum))
	switch {
	case a.marked(same):
		return nil
	case a.PIN != nil:
		return &HeldError{Kind: KindPIN}
	case a.marked(placeOf(KindPIN, uuid.Nil)):
		return nil
	}
	own := *p
	a.PIN = &own
	a.mark(same)
	a.Account.bound(KindPIN)
	a.took(KindPIN, uuid.Nil)
	return nil
}

func (a *importing) authenticator(app *Authenticator) error {
	taken, err := a.key(&app.TOTP, Binding{Kind: KindTOTP}, a.Authenticator != nil)
	if taken || err != nil {
		return err
	}
	own := *app
	a.Authenticator = &own
	a.Budget(KindTOTP).reset()
	if a.rules.Guard.Authenticator {
		a.Guard.bound()
	}
	a.took(KindTOTP, uuid.Nil)
	return nil
}

func (a *importing) device(d *Device) error {
	taken, err := a.key(&d.TOTP, Binding{KindDeviceTOTP, d.ID}, a.DeviceIndex(d.ID) >= 0)
	if taken || err != nil {
		return err
	}
	if len(a.Devices) >= a.maxDevices {
		return ErrTooManyDevices
	}
	a.Devices = append(a.Devices, *d)
	a.Guard.bound()
	a.took(KindDeviceTOTP, d.ID)
	return nil
}

// key reports whether a key must not be bound, because it was already or no longer
// may be. Otherwise it marks the key.
func (a *importing) key(s *TOTP, at Binding, filled bool) (taken bool, err error) {
	if a.takenBefore(s, at) {
		return true, nil
	}
	held := a.holderOf(s)
	if filled {
		held = (*HeldError)(&at)
	}
	switch {
	case held != nil:
		return false, held
	case a.marked(placeOf(at.Kind, at.Device)) || a.marked(everyKey) || slices.ContainsFunc(keyMarks(s), a.marked):
		return true, nil
	}
	a.markDevice(markOf(at.Kind, at.Device, keyText(s.EffectiveSecret(), s)))
	a.markKey(s)
	return false, nil
}

func (a *importing) took(k Kind, device uuid.UUID) {
	a.bound = append(a.bound, Binding{k, device})
}

// holderOf returns what holds the secret of a key, or nil: in two places each code
// would be accepted twice.
func (a *Account) holderOf(s *TOTP) *HeldError {
	if a.Authenticator != nil && a.Authenticator.SameSecret(&s.Key) || a.Pending != nil && a.Pending.SameSecret(&s.Key) {
		return &HeldError{Kind: KindTOTP}
	}
	for i := range a.Devices {
		if d := &a.Devices[i]; d.SameSecret(&s.Key) {
			return &HeldError{KindDeviceTOTP, d.ID}
		}
	}
	return nil
}

// A Mark stands for something that Import no longer binds: an imported PIN or key,
// a place that has changed, or a key that is not in force.
type Mark [8]byte

// maxMarks bounds the marks. If so many devices came and went that there would be
// more, Import binds no key any more.
const maxMarks = 512

// everyKey marks the places of all devices and all keys.
var everyKey = newMark("factor place of every device")

func newMark(text string) Mark {
	sum := sha256.Sum256([]byte(text))
	return Mark(sum[:])
}

// markOf returns the mark of one holding, as version 0.1.0 made it of PINs and
// keys.
func markOf(k Kind, device uuid.UUID, text string) Mark {
	return newMark(fmt.Sprintf("factor import of %s %s %s", k, device, text))
}

// placeOf returns the mark of a place.
func placeOf(k Kind, device uuid.UUID) Mark {
	return newMark(fmt.Sprintf("factor place of %s %s", k, device))
}

// keyMarks returns the marks of a key for any use: of its secret as HMAC sees it
// and, if HMAC hashes it, of the secret itself, because another algorithm hashes it
// differently.
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
		m = everyKey
	}
	a.mark(m)
}

func (a *Account) markKey(s *TOTP) {
	for _, m := range keyMarks(s) {
		a.markDevice(m)
	}
}

// markRemoved marks a device that is about to be removed, and its key.
func (a *Account) markRemoved(d *Device) {
	a.markDevice(placeOf(KindDeviceTOTP, d.ID))
	a.markKey(&d.TOTP)
}

// markReplaced marks a replaced key that version 0.1.0 imported, since that marked
// it for its place alone. It does not mark a key drawn here: repeated enrolments
// would make the record grow.
func (a *Account) markReplaced(s *TOTP, at Binding) {
	if a.takenBefore(s, at) {
		a.markKey(s)
	}
}

// wasImported reports whether a held key was imported.
func (a *Account) wasImported(s *TOTP, at Binding) bool {
	return a.takenBefore(s, at) || slices.ContainsFunc(keyMarks(s), a.marked)
}

// takenBefore reports whether this very key was imported for this place. Version
// 0.1.0 marked its secret as HMAC sees it or, before that, as given.
func (a *Account) takenBefore(s *TOTP, at Binding) bool {
	return a.marked(markOf(at.Kind, at.Device, keyText(s.EffectiveSecret(), s))) || a.marked(markOf(at.Kind, at.Device, keyText(s.Secret, s)))
}

func keyText(secret []byte, s *TOTP) string {
	return fmt.Sprintf("%x %d %d %s", secret, s.Algorithm, s.Digits, s.Period)
}
