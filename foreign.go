package factor

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// A hash that another system made is stored as text, in one of these forms:
//
//	$2b$12$…                                      bcrypt, also $2a$ and $2y$
//	bcrypt_sha256$$2b$12$…                        bcrypt of the SHA-256 in hex, as Django makes it
//	$argon2id$v=19$m=65536,t=3,p=4$salt$hash      Argon2id, also argon2i
//	$scrypt$ln=16,r=8,p=1$salt$hash               scrypt
//	$pbkdf2-sha256$i=600000$salt$hash             PBKDF2, also pbkdf2-sha1 and pbkdf2-sha512
//
// Import rewrites the forms of known systems to these, see rewriteHash. Records
// hold what it wrote, so what is valid here has to stay valid.

// The most that one imported hash may cost: a second or two of one core, whatever
// the algorithm. There is no least cost, because the seal protects a weak hash as
// well as any other, and the first right PIN replaces it.
const (
	maxForeignCost       = 14        // of bcrypt
	maxForeignMemory     = 128 << 10 // KiB, of Argon2 and scrypt: what OWASP asks of scrypt at most
	maxForeignTime       = 10        // passes of Argon2
	maxForeignThreads    = 16        // p of Argon2 and scrypt
	maxForeignBlock      = 32        // r of scrypt
	maxForeignScrypt     = 2 << 20   // N·r·p of scrypt
	maxForeignIterations = 3_000_000 // of PBKDF2, all blocks together: twice Django's 1,500,000
)

// djangoSHA256 is what Django puts before a bcrypt hash of the SHA-256.
const djangoSHA256 = "bcrypt_sha256$"

var bcryptText = regexp.MustCompile(`^\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}$`)

// foreignHash reads a hash of another system in one of the forms above. It returns
// what tells whether a PIN was hashed to it, or the reason why it cannot be taken.
func foreignHash(text string) (matches func(pin string) bool, reason string) {
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
		return nil, refusedHash(text)
	}
	if cost := decimal(parts[1]); cost < bcrypt.MinCost || cost > maxForeignCost {
		return nil, fmt.Sprintf("must have a bcrypt cost of %d to %d: have the user set a new PIN", bcrypt.MinCost, maxForeignCost)
	}
	return func(pin string) bool { return bcrypt.CompareHashAndPassword([]byte(text), []byte(pin)) == nil }, ""
}

// phcHash reads a PHC string: $id$v=version$parameters$salt$hash, without a version
// for all but Argon2.
func phcHash(text string) (matches func(pin string) bool, reason string) {
	fields := strings.Split(text, "$")
	var p phc
	if len(fields) == 6 && strings.HasPrefix(fields[2], "v=") {
		p.version = fields[2]
		fields = append(fields[:2:2], fields[3:]...)
	}
	if len(fields) != 5 || fields[0] != "" || phcReaders[fields[1]] == nil {
		return nil, refusedHash(text)
	}
	if reason := p.readBytes(fields[3], fields[4]); reason != "" {
		return nil, reason
	}
	p.id, p.parameters = fields[1], fields[2]
	derive, reason := phcReaders[p.id](p)
	if reason != "" {
		return nil, reason
	}
	return func(pin string) bool { return subtle.ConstantTimeCompare(derive(pin), p.sum) == 1 }, ""
}

// decimal reads up to nine digits.
func decimal(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}
