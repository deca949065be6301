package threats

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// oldPIN is the PIN of the old rows. oldPINHash is a hash of it as Django writes it,
// with one iteration, so that checking it takes no time.
const oldPIN = "1593"

var oldPINHash = func() string {
	sum, err := pbkdf2.Key(sha256.New, oldPIN, []byte("salt"), 1, sha256.Size)
	if err != nil {
		panic(err)
	}
	return "pbkdf2_sha256$1$salt$" + base64.StdEncoding.EncodeToString(sum)
}()

// longAgo is when everything in the old rows was bound.
var longAgo = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// The keys of the old rows. That of the tablet is longer than HMAC's block, so that
// it is hashed.
var (
	appKey    = []byte("an authenticator app")
	phoneKey  = []byte("the phone of the user")
	tabletKey = []byte(strings.Repeat("the tablet of the user's ", 4))
)

// The IDs of the devices in the old rows, and one that no row has.
var (
	phoneID  = uuid.MustParse("0b5c1b0e-52c4-4c3c-8f3e-0a8f4b1f0001")
	tabletID = uuid.MustParse("0b5c1b0e-52c4-4c3c-8f3e-0a8f4b1f0002")
	otherID  = uuid.MustParse("0b5c1b0e-52c4-4c3c-8f3e-0a8f4b1f0003")
)

// oldRows is what a user held in another system.
var oldRows = factor.Import{
	PIN:           &factor.ImportedPIN{Hash: oldPINHash, SetAt: longAgo},
	Authenticator: &factor.ImportedTOTP{Key: appKey},
	Devices: []factor.ImportedDevice{
		{ID: phoneID, TOTP: factor.ImportedTOTP{Key: phoneKey}, EnrolledAt: longAgo},
		{ID: tabletID, TOTP: factor.ImportedTOTP{Key: tabletKey}, EnrolledAt: longAgo},
	},
}

// generatorOf makes the codes of a key of the old rows.
func generatorOf(key []byte) generator {
	return generator{secret: base32.StdEncoding.EncodeToString(key), period: 30 * time.Second, digits: 6}
}

// spellings returns a secret in all forms that HMAC cannot distinguish, and with
// another length, period or algorithm of the codes.
func spellings(key []byte) []factor.ImportedTOTP {
	secret := base32.StdEncoding.EncodeToString(key)
	bare := strings.TrimRight(secret, "=")
	all := []factor.ImportedTOTP{
		{Key: key}, {Secret: secret}, {Secret: bare}, {Secret: strings.ToLower(bare)},
		{Secret: bare[:4] + " " + bare[4:8] + "-" + bare[8:]},
		{URL: "otpauth://totp/a:b?secret=" + bare + "&issuer=a"},
		{URL: "otpauth://totp/a:b?SECRET=" + strings.ToLower(bare) + "&algorithm=sha1&digits=6&period=30"},
		{Key: key, Digits: 8}, {Key: key, Period: time.Minute}, {Key: key, Algorithm: "SHA256"}, {Key: key, Algorithm: "HmacSHA512"},
	}
	if len(key) > sha1.BlockSize {
		sum := sha1.Sum(key)
		key = sum[:]
		all = append(all, factor.ImportedTOTP{Key: key})
	}
	for _, zeros := range []int{1, 5, sha1.BlockSize - len(key)} {
		all = append(all, factor.ImportedTOTP{Key: append(append([]byte(nil), key...), make([]byte, zeros)...)})
	}
	return all
}

// laterImports returns the old rows again: all in one, and each alone, in every
// spelling, and, if imported before, under other IDs and for other purposes too.
func laterImports(underOthers bool) []factor.Import {
	all := []factor.Import{oldRows, {PIN: oldRows.PIN}}
	for _, row := range []struct {
		key []byte
		id  uuid.UUID // uuid.Nil: the authenticator
	}{{appKey, uuid.Nil}, {phoneKey, phoneID}, {tabletKey, tabletID}} {
		for _, s := range spellings(row.key) {
			if underOthers || row.id == uuid.Nil {
				all = append(all, factor.Import{Authenticator: &s})
			}
			for _, id := range []uuid.UUID{phoneID, tabletID, otherID} {
				if underOthers || id == row.id {
					all = append(all, factor.Import{Devices: []factor.ImportedDevice{{ID: id, TOTP: s, EnrolledAt: longAgo}}})
				}
			}
		}
	}
	return all
}
