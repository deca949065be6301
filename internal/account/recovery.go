package account

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"strings"
)

const (
	// RecoveryCodes is the size of a set of recovery codes.
	RecoveryCodes = 10

	// A code is 80 bits in 16 characters. NIST SP 800-63B-4 requires 64 bits.
	recoveryBytes = 10
	recoveryChars = 16
	recoveryGroup = 4  // characters between two hyphens
	maxRecovery   = 64 // most bytes read
)

// crockford is the alphabet of Crockford's base32, without i, l, o and u.
const crockford = "0123456789abcdefghjkmnpqrstvwxyz"

var recoveryEncoding = base32.NewEncoding(crockford).WithPadding(base32.NoPadding)

// A Recovery holds the hashes of a set of recovery codes.
type Recovery struct {
	Salt   [16]byte
	Used   uint16 // the i-th bit is for the i-th code
	Hashes [RecoveryCodes][8]byte
}

// A RecoverySeed holds the random bytes for a set.
type RecoverySeed [RecoveryCodes*recoveryBytes + len(Recovery{}.Salt)]byte

// GenerateRecovery makes a set of recovery codes, replacing an earlier one, and
// returns the codes to show to the user. The count starts at zero, since guesses at
// the old codes tell nothing about the new ones.
func (a *Account) GenerateRecovery(seed RecoverySeed) (shown [RecoveryCodes]string) {
	set := &Recovery{}
	random := seed[copy(set.Salt[:], seed[:]):]
	for i := range shown {
		code := recoveryEncoding.EncodeToString(random[i*recoveryBytes:][:recoveryBytes])
		set.Hashes[i] = set.hash(code)
		shown[i] = grouped(code)
	}
	a.Recovery = set
	a.Budget(KindRecovery).reset()
	return shown
}

func grouped(code string) string {
	var groups []string
	for ; code != ""; code = code[recoveryGroup:] {
		groups = append(groups, code[:recoveryGroup])
	}
	return strings.Join(groups, "-")
}

// RecoveryLeft returns the number of unused recovery codes.
func (a *Account) RecoveryLeft() int {
	left := 0
	for i := range RecoveryCodes {
		if a.Recovery != nil && !a.Recovery.used(i) {
			left++
		}
	}
	return left
}

// RemoveRecovery removes the recovery codes, used ones too.
func (a *Account) RemoveRecovery() { a.Recovery = nil }

// IsRecoveryCode reports whether a text has the form of a recovery code.
func IsRecoveryCode(s string) bool {
	_, ok := readRecovery(s)
	return ok
}

// readRecovery reads a typed recovery code. It ignores case, hyphens and blanks,
// and takes o for 0, and i and l for 1.
func readRecovery(s string) (code string, ok bool) {
	if len(s) > maxRecovery {
		return "", false
	}
	code = strings.Map(func(r rune) rune {
		switch {
		case r == '-' || r == ' ':
			return -1
		case 'A' <= r && r <= 'Z':
			r += 'a' - 'A'
		}
		switch r {
		case 'o':
			return '0'
		case 'i', 'l':
			return '1'
		}
		return r
	}, s)
	return code, len(code) == recoveryChars && strings.Trim(code, crockford) == ""
}

func (s *Recovery) hash(code string) (sum [8]byte) {
	h := sha256.New()
	h.Write(s.Salt[:])
	h.Write([]byte(code))
	copy(sum[:], h.Sum(nil))
	return sum
}

func (s *Recovery) used(i int) bool { return s.Used&(1<<i) != 0 }

func (s *Recovery) use(i int) { s.Used |= 1 << i }

// noRecovery is searched if there is no set, at the same cost.
var noRecovery Recovery

// match judges a well-formed code. A used one of this set is stale.
func (s *Recovery) match(typed string) match {
	set := s
	if set == nil {
		set = &noRecovery
	}
	code, _ := readRecovery(typed)
	found, sum := match{}, set.hash(code)
	for i := range set.Hashes {
		if subtle.ConstantTimeCompare(set.Hashes[i][:], sum[:]) == 1 {
			found = match{verdict: Right, index: i}
		}
	}
	switch {
	case s == nil:
		return match{}
	case found.verdict == Right && s.used(found.index):
		return match{verdict: Stale}
	}
	return found
}
