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

// An Import is what one user holds in another system. What is nil or empty is not
// taken over. It redacts itself, as do its parts: see "Secrets and logs" in the
// package comment.
type Import struct {
	PIN           *ImportedPIN
	Authenticator *ImportedTOTP
	Devices       []ImportedDevice
}

// An ImportedPIN is a PIN that another system hashed.
//
// The hash is checked as it is, and the first right PIN replaces it by one made
// with PINOptions.Hash. Until then a check costs what the other system's hash
// costs, so that its time may tell an imported PIN from one that was set here,
// and from none.
type ImportedPIN struct {
	// Hash was made from nothing but the PIN's digits. It is one of
	//   - bcrypt ($2a$, $2b$ or $2y$), with a cost of 4 to 14;
	//   - a PHC string of Argon2id or Argon2i, version 19, with m (KiB) up to
	//     131072, t up to 10 and p up to 16, in any order;
	//   - a PHC string of scrypt with ln, r up to 32 and p up to 16, that takes up
	//     to 128 MiB (128·N·r bytes, N being 2 to the power of ln) and has an N·r·p
	//     of up to 2097152;
	//   - a PHC string of PBKDF2 with SHA-1, SHA-256 or SHA-512 and i up to 3000000,
	//     times the blocks of its hash;
	//   - what Django, passlib, Spring Security and Ory Kratos write for these.
	//
	// Import cuts off a framework's prefix such as {bcrypt}, and trailing white space
	// and zero bytes.
	Hash string
	// SetAt is when the user set it, which ResetOptions.MinAge looks at. Zero
	// means now.
	SetAt time.Time
}

// An ImportedTOTP is a secret that codes are computed from, as a Secret, a Key or
// a URL: one of the three. The key has 14 to 128 bytes (NIST SP 800-63B-4 §3.1.4.1
// asks for 112 bits). Trailing zero bytes add nothing to a key of HMAC, so at most
// one of them counts.
type ImportedTOTP struct {
	// Secret is the key in base32, in upper or lower case, with or without
	// padding, blanks and hyphens.
	Secret string
	// Key is the key itself. Some systems, better-auth and Keycloak among them,
	// take the characters of a text for it: give those, and not their base32.
	Key []byte
	// Algorithm is SHA1, SHA256 or SHA512, also spelled SHA-1 or HmacSHA1; Digits
	// is 6 to 8, and Period whole seconds up to 2 min. A zero field means what it
	// means in an otpauth URL: SHA1, 6 and 30 s, whatever TOTPOptions says.
	Algorithm string
	Digits    int
	Period    time.Duration
	// URL is the otpauth URL of the secret, which brings all of the above. Import
	// reads secret, algorithm, digits and period, whose names may be in upper or
	// lower case, ignores issuer, image, icon and color, and refuses a parameter
	// that is given twice or is none of these.
	URL string
	// LastStep is the time step (Unix time / Period) of the last code that was
	// accepted. It and those before are not accepted again. Zero means that none
	// is known.
	LastStep int64
}

// An ImportedDevice is a device that another system enrolled.
type ImportedDevice struct {
	// ID is what the client calls the device.
	ID   uuid.UUID
	TOTP ImportedTOTP
	// EnrolledAt is when it was enrolled, which ResetOptions.MinAge looks at.
	// Zero means now.
	EnrolledAt time.Time
	// UsedAt is when its last code was accepted, zero if that is not known. It
	// is shown only: LastStep is what keeps a code from being used again.
	UsedAt time.Time
}

// Import takes over what a user holds in another system: all of it or, with an
// error, nothing.
//
// Each place (the PIN, the authenticator, the device of an ID) is taken over once, and
// only if the user never held anything there: a PIN that was changed or removed, a
// device that was revoked and all that a wipe removed stay as they are, so a program
// that moves a table may start over at any time. A secret that was imported, or is no
// longer in force, is not taken over again under another ID. What is not taken over
// for such a reason changes nothing and is no error; neither does any key once the user
// has removed some 250 devices. Forget makes a user new to Import too.
//
// What is taken over is bound as by the user: a PIN or an authenticator, and a device
// where the user has no older one, start with no wrong answers counted. A wipe that is
// pending is finished first.
//
// It returns ErrMalformed, whose Field is the path of what cannot be taken, such as
// Import.Devices[1].TOTP.Secret; ErrAlreadyEnrolled where the user holds another
// PIN or authenticator, another device of that ID, or the same secret in another
// place; ErrDeviceLimit; and ErrWipePending.
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
		return a.account.PIN != nil, err // one that was removed here is not taken over
	})
	if err == nil && hasPIN {
		d.v.waiters.Wake(user)
	}
	return err
}

// read returns what is held, or ErrMalformed.
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
	a.mustStore = len(a.account.Marks) > marks // also where it is refused
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
