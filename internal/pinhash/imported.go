package pinhash

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// A hash that another system made is stored as text in one of these forms:
//
//	$2b$12$…                                      bcrypt, also $2a$ and $2y$
//	bcrypt_sha256$$2b$12$…                        bcrypt of the SHA-256 in hex, as Django makes it
//	$argon2id$v=19$m=65536,t=3,p=4$salt$hash      Argon2id, also argon2i
//	$scrypt$ln=16,r=8,p=1$salt$hash               scrypt
//	$pbkdf2-sha256$i=600000$salt$hash             PBKDF2, also pbkdf2-sha1 and pbkdf2-sha512
//
// Import rewrites the forms of known systems to these: see rewritten. Records hold
// these forms, so what is valid here must stay valid.

// The most that one imported hash may cost: a second or two of one core, whatever
// the algorithm. There is no least cost, because the seal protects a weak hash as
// well as any other, and the first right PIN replaces it.
const (
	maxBcryptCost       = 14        // of bcrypt
	maxImportedMemory   = 128 << 10 // KiB, of Argon2 and scrypt: what OWASP asks of scrypt at most
	maxImportedTime     = 10        // passes of Argon2
	maxImportedThreads  = 16        // p of Argon2 and scrypt
	maxScryptBlock      = 32        // r of scrypt
	maxScryptWork       = 2 << 20   // N·r·p of scrypt
	maxPBKDF2Iterations = 3_000_000 // of PBKDF2, all blocks together: twice Django's 1,500,000
)

// djangoSHA256 is what Django puts before a bcrypt hash of the SHA-256.
const djangoSHA256 = "bcrypt_sha256$"

var bcryptText = regexp.MustCompile(`^\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}$`)

// Import returns a hash of another system, as Verify takes it, or the reason why it
// cannot be taken. The reason says what the text must be, and repeats nothing of it.
func Import(text string) (h Hash, reason string) {
	text = rewritten(text)
	if _, reason := parseImported(text); reason != "" {
		return Hash{}, reason
	}
	return Hash{Sum: []byte(text)}, ""
}

// parseImported reads a hash in one of the forms above. It returns a function that
// compares a PIN with it, or the reason why it cannot be taken.
func parseImported(text string) (matches func(pin string) bool, reason string) {
	if inner, ok := strings.CutPrefix(text, djangoSHA256); ok {
		matchesSum, reason := bcryptHash(inner)
		if reason != "" {
			return nil, reason
		}
		return func(pin string) bool {
			sum := sha256.Sum256([]byte(pin))
			return matchesSum(hex.EncodeToString(sum[:]))
		}, ""
	}
	if strings.HasPrefix(text, "$2") {
		return bcryptHash(text)
	}
	return phcHash(text)
}

func bcryptHash(text string) (matches func(pin string) bool, reason string) {
	parts := bcryptText.FindStringSubmatch(text)
	if parts == nil {
		return nil, refusal(text)
	}
	if cost := decimal(parts[1]); cost < bcrypt.MinCost || cost > maxBcryptCost {
		return nil, fmt.Sprintf("must have a bcrypt cost of %d to %d: have the user set a new PIN", bcrypt.MinCost, maxBcryptCost)
	}
	return func(pin string) bool { return bcrypt.CompareHashAndPassword([]byte(text), []byte(pin)) == nil }, ""
}

// decimal reads up to nine digits.
func decimal(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}
