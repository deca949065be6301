package factor

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"regexp"
	"strconv"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// What the hash of another system may cost. It has no lower bound, because the
// seal protects it as well as any other, and the first right PIN replaces it.
const (
	maxForeignCost    = 14       // of bcrypt, about a second
	maxForeignMemory  = 64 << 10 // KiB, the second choice of RFC 9106 §4
	maxForeignTime    = 10
	maxForeignThreads = 16
)

var (
	bcryptText = regexp.MustCompile(`^\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}$`)
	argon2Text = regexp.MustCompile(`^\$argon2(id?)\$v=19\$m=([0-9]{1,9}),t=([0-9]{1,9}),p=([0-9]{1,9})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$`)
)

// foreignHash reads a hash as another system wrote it, in the format of bcrypt
// or the PHC string of Argon2id or Argon2i. It returns what tells whether a PIN
// was hashed to it, or the reason that it cannot be taken.
func foreignHash(text string) (matches func(pin string) bool, reason string) {
	if parts := bcryptText.FindStringSubmatch(text); parts != nil {
		if cost := decimal(parts[1]); cost < bcrypt.MinCost || cost > maxForeignCost {
			return nil, fmt.Sprintf("must have a bcrypt cost of %d to %d", bcrypt.MinCost, maxForeignCost)
		}
		return func(pin string) bool { return bcrypt.CompareHashAndPassword([]byte(text), []byte(pin)) == nil }, ""
	}
	parts := argon2Text.FindStringSubmatch(text)
	if parts == nil {
		return nil, "must be a hash of bcrypt ($2a$, $2b$, $2y$), or of Argon2id or Argon2i, version 19, as a PHC string"
	}
	memory, passes, threads := decimal(parts[2]), decimal(parts[3]), decimal(parts[4])
	if passes < 1 || passes > maxForeignTime || threads < 1 || threads > maxForeignThreads || memory < 8*threads || memory > maxForeignMemory {
		return nil, fmt.Sprintf("must have Argon2 parameters of m up to %d and at least 8 for each of p, t 1 to %d and p 1 to %d",
			maxForeignMemory, maxForeignTime, maxForeignThreads)
	}
	salt, saltErr := base64.RawStdEncoding.Strict().DecodeString(parts[5])
	sum, sumErr := base64.RawStdEncoding.Strict().DecodeString(parts[6])
	if saltErr != nil || sumErr != nil || len(salt) < 8 || len(salt) > 64 || len(sum) < 16 || len(sum) > 64 {
		return nil, "must have 8 to 64 bytes of salt and 16 to 64 of hash, in base64 without padding"
	}
	derive := argon2.IDKey
	if parts[1] == "i" {
		derive = argon2.Key
	}
	return func(pin string) bool {
		got := derive([]byte(pin), salt, uint32(passes), uint32(memory), uint8(threads), uint32(len(sum)))
		return subtle.ConstantTimeCompare(got, sum) == 1
	}, ""
}

// decimal reads up to nine digits.
func decimal(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}
