package factor

import (
	"crypto/rand"
	"errors"
	"fmt"
	"image"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/pquerna/otp"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/totp"
)

// TOTPOptions tunes time-based codes (RFC 6238) of devices and authenticators. A
// zero field means its default. A change applies to new secrets only: each secret
// keeps the algorithm, digits and period that it was made with.
type TOTPOptions struct {
	// Issuer is the name that authenticator apps show beside the user: at most 128
	// bytes of UTF-8 without a colon, so that every user's URL fits in a QR code.
	// Default none.
	Issuer string
	// Algorithm is SHA1, SHA256 or SHA512. Default SHA1, which all apps support.
	Algorithm string
	// Period is the time step, whole seconds from 1 s to 2 min (NIST SP 800-63B-4
	// §3.1.4.1). Default 30 s.
	Period time.Duration
	// Digits is the length of a code, 6 to 8. Default 6.
	Digits int
	// Skew is how many steps before and after the current one are accepted, at most
	// 10, or -1 for none. Default 1 (RFC 6238 §5.2).
	Skew int
	// Limit bounds the wrong codes, separately for all the user's devices together
	// and for the authenticator.
	Limit Limit
}

// An Enrollment is what a device or an authenticator app needs to compute codes. It
// redacts itself: see "Secrets and logs" in the package comment. Read the fields to
// hand the secret over. No call returns it again.
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

// QR returns the URL as a square QR code for an authenticator app to scan, with the
// given number of pixels a side. It returns an error if pixels is more than 4096 or
// less than the number of modules (around 60, at most 177), or if the URL is empty,
// damaged or too long, which it never is in an Enrollment that this package
// returned.
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
	// The errors of Image quote the URL: drop them.
	if img, err := key.Image(pixels, pixels); err == nil {
		return img, nil
	}
	if _, err := key.Image(maxPixels, maxPixels); err == nil {
		return nil, errors.New("factor: QR: pixels must not be less than the number of modules: give at least 177")
	}
	return nil, errors.New("factor: QR: the Enrollment's URL is too long for a QR code")
}

// WithLabel returns the same secret with other names in its URL. Authenticator apps
// show these names, such as the service and the user's address, in place of
// TOTPOptions.Issuer and the user's ID. WithLabel leaves out an empty issuer.
//
// It returns ErrMalformed, with the field issuer or account, if issuer is more than
// 128 bytes, if account is not 1 to 255 bytes, or if either is not UTF-8 or has a
// colon, which apps take for the end of the issuer. If the Enrollment is not one
// that this package returned, the error is another.
func (e Enrollment) WithLabel(issuer, account string) (Enrollment, error) {
	if !isIssuer(issuer) {
		return Enrollment{}, malformed("issuer", issuerBounds)
	}
	if len(account) < 1 || len(account) > maxUser || !utf8.ValidString(account) || strings.Contains(account, ":") {
		return Enrollment{}, malformed("account", fmt.Sprintf("must be 1 to %d bytes of UTF-8 without a colon", maxUser))
	}
	described := totp.Description{Secret: e.Secret, Algorithm: e.Algorithm, Digits: e.Digits, Period: e.Period}
	key, _, reason := described.Parse()
	if reason != "" {
		return Enrollment{}, errors.New("factor: WithLabel: the Enrollment is damaged: take the one that Enroll or Begin returned")
	}
	e.URL = key.URL(issuer, account)
	return e, nil
}

// maxIssuer bounds the issuer's name in bytes. A URL holds the issuer twice and the
// user once, with up to three characters for each byte; a QR code holds 2,331
// characters.
const maxIssuer = 128

var issuerBounds = fmt.Sprintf("must be at most %d bytes of UTF-8 without a colon, which authenticator apps take for the end of the name", maxIssuer)

func isIssuer(s string) bool {
	return len(s) <= maxIssuer && utf8.ValidString(s) && !strings.Contains(s, ":")
}

// maxPixels bounds the side of a QR code.
const maxPixels = 4096

// drawTOTP makes a new secret.
func drawTOTP(r *account.Rules) account.TOTP {
	key := make([]byte, totp.NewKeySize)
	_, _ = rand.Read(key) // never fails, says its documentation
	return account.NewTOTP(key, r.TOTP)
}

// enrollment returns what the owner of the key gets to see.
func enrollment(key *totp.Key, device uuid.UUID, issuer, user string) Enrollment {
	return Enrollment{
		Device: device, Secret: key.Base32(), Period: key.Period, Digits: key.Digits, Algorithm: key.Algorithm.String(),
		URL: key.URL(issuer, user),
	}
}
