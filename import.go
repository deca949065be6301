package factor

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/pinhash"
	"github.com/knowhave/factor/internal/totp"
)

// An Import is what one user holds in another system. Nil and empty fields import
// nothing. It redacts itself, as do its parts: see "Secrets and logs" in the
// package comment.
type Import struct {
	PIN           *ImportedPIN
	Authenticator *ImportedTOTP
	Devices       []ImportedDevice
}

// An ImportedPIN is a PIN that another system hashed.
//
// The first right PIN replaces the hash by one made with PINOptions.Hash. Until
// then a check costs what the other system's hash costs, so the time may tell an
// imported PIN from one that was set here, and from none.
type ImportedPIN struct {
	// Hash was made from nothing but the PIN's digits. It is one of
	//   - bcrypt ($2a$, $2b$ or $2y$), with a cost of 4 to 14;
	//   - a PHC string of Argon2id or Argon2i, version 19, with m (KiB) up to
	//     131072, t up to 10 and p up to 16, in any order;
	//   - a PHC string of scrypt with ln, r up to 32 and p up to 16, that takes up
	//     to 128 MiB (128·N·r bytes, where N is 2 to the power of ln) and has an
	//     N·r·p of up to 2097152;
	//   - a PHC string of PBKDF2 with SHA-1, SHA-256 or SHA-512 and i up to
	//     3000000, times the blocks of its hash;
	//   - what Django, passlib, Spring Security and Ory Kratos write for these.
	//
	// Import cuts off a framework's prefix such as {bcrypt}, and trailing white
	// space and zero bytes.
	Hash string
	// SetAt is when the user set the PIN, for ResetOptions.MinAge. Zero means now.
	SetAt time.Time
}

// An ImportedTOTP is a TOTP secret, as one of Secret, Key and URL. The key has 14
// to 128 bytes (NIST SP 800-63B-4 §3.1.4.1 requires 112 bits). Trailing zero bytes
// add nothing to an HMAC key, so at most one of them counts.
type ImportedTOTP struct {
	// Secret is the key in base32, in upper or lower case, with or without padding,
	// blanks and hyphens.
	Secret string
	// Key is the key itself. Some systems, better-auth and Keycloak among them, use
	// the bytes of a text as the key: give those bytes, not their base32.
	Key []byte
	// Algorithm is SHA1, SHA256 or SHA512, also spelled SHA-1 or HmacSHA1; Digits
	// is 6 to 8; Period is whole seconds up to 2 min. Zero fields mean SHA1, 6 and
	// 30 s as in an otpauth URL, whatever TOTPOptions says.
	Algorithm string
	Digits    int
	Period    time.Duration
	// URL is the otpauth URL of the secret and holds all of the above. Import reads
	// secret, algorithm, digits and period, with names in upper or lower case. It
	// ignores issuer, image, icon and color, and refuses other parameters and
	// repeated ones.
	URL string
	// LastStep is the time step (Unix time / Period) of the last accepted code.
	// That step and earlier ones are not accepted again. Zero means unknown.
	LastStep int64
}

// An ImportedDevice is a device that another system enrolled.
type ImportedDevice struct {
	// ID is the client's name for the device.
	ID   uuid.UUID
	TOTP ImportedTOTP
	// EnrolledAt is when the user enrolled the device, for ResetOptions.MinAge.
	// Zero means now.
	EnrolledAt time.Time
	// UsedAt is when its last code was accepted, or zero if unknown. It is for
	// display only: LastStep keeps a code from being used again.
	UsedAt time.Time
}

// Import binds what a user holds in another system: all of it or, with an error,
// nothing.
//
// Import fills each place (the PIN, the authenticator, the device of an ID) once,
// and only if the user never held anything there. A changed or removed PIN, a
// revoked device and everything that a wipe removed stay as they are, so a program
// that moves a table may start over at any time. Import does not bind under another
// ID a secret that was imported before or is no longer in force; once the user has
// removed some 250 devices, it binds no key at all. None of this changes anything
// or is an error. After Forget, the user is new to Import too.
//
// A holding that Import binds counts as bound by the user: the counts of a PIN, of
// an authenticator, and of a device if the user has no older one, start at zero.
// Import finishes a pending wipe first.
//
// It returns ErrMalformed, whose Field is the path of the bad value, such as
// Import.Devices[1].TOTP.Secret; ErrAlreadyEnrolled if the user holds another PIN
// or authenticator, another device of that ID, or the same secret in another place;
// ErrDeviceLimit; and ErrWipePending.
func (d *Admin) Import(ctx context.Context, user string, held Import) error {
	if err := d.v.checkUser(user); err != nil {
		return err
	}
	now, err := d.v.clock()
	if err != nil {
		return err
	}
	found, err := held.read(now)
	if err != nil {
		return err
	}
	hasPIN, err := updateAfterWipe(ctx, d.v, user, modeFast, func(a *attempt) (bool, error) {
		err := a.applyImport(found)
		return a.account.PIN != nil, err // false if the PIN was removed here
	})
	if err == nil && hasPIN {
		d.v.waiters.Wake(user)
	}
	return err
}

// read returns the parsed holdings, or ErrMalformed.
func (i Import) read(now time.Time) (account.Holdings, error) {
	if i.PIN == nil && i.Authenticator == nil && len(i.Devices) == 0 {
		return account.Holdings{}, malformed("Import", "must hold something")
	}
	var d account.Described
	if i.PIN != nil {
		hash, reason := pinhash.Import(i.PIN.Hash)
		if reason != "" {
			return account.Holdings{}, malformed("Import.PIN.Hash", reason)
		}
		d.PIN = &account.PIN{Hash: account.Hash(hash), SetAt: i.PIN.SetAt}
	}
	if i.Authenticator != nil {
		s := i.Authenticator.described()
		d.Authenticator = &s
	}
	for _, given := range i.Devices {
		d.Devices = append(d.Devices, account.DescribedDevice{
			ID: given.ID, TOTP: given.TOTP.described(), EnrolledAt: given.EnrolledAt, UsedAt: given.UsedAt,
		})
	}
	held, refused := d.Parse(now)
	if refused != nil {
		return account.Holdings{}, malformed("Import."+refused.Field, refused.Reason)
	}
	return held, nil
}

func (t ImportedTOTP) described() account.DescribedTOTP {
	return account.DescribedTOTP{
		Description: totp.Description{Secret: t.Secret, Key: t.Key, Algorithm: t.Algorithm, Digits: t.Digits, Period: t.Period, URL: t.URL},
		LastStep:    t.LastStep,
	}
}

// applyImport binds what was not imported before.
func (a *attempt) applyImport(found account.Holdings) error {
	marks := len(a.account.Marks)
	bound, err := a.account.Import(found, &a.v.rules, a.opts.Device.Max)
	a.mustStore = len(a.account.Marks) > marks // even if the import is refused
	var held *account.HeldError
	switch {
	case errors.As(err, &held):
		return &AlreadyEnrolledError{Kind: Kind(held.Kind), Device: held.Device}
	case errors.Is(err, account.ErrTooManyDevices):
		return ErrDeviceLimit
	}
	for _, b := range bound {
		a.event(Event{Action: ActionImported, Kind: Kind(b.Kind), Device: b.Device})
	}
	return err
}
