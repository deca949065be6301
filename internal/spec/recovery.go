package spec

import (
	"math/bits"
	"strings"
)

// Recovery codes are look-up secrets that a user keeps (NIST SP 800-63B-4 §3.1.2).
// A set has ten, and each is accepted once.

// recoveryDigits are Crockford's base32, and recoveryLength is the length of a
// code: 80 bits.
const (
	recoveryDigits = "0123456789abcdefghjkmnpqrstvwxyz"
	recoveryLength = 16
	recoveryBytes  = 64 // of the text, at most
)

// RecoveryCode returns the 16 characters of a recovery code in lower case, so that
// two texts of one code are the same. It skips hyphens and spaces, and reads o as
// 0, and i and l as 1. It returns false for any other text.
func RecoveryCode(text string) (code string, ok bool) {
	if len(text) > recoveryBytes {
		return "", false
	}
	for _, r := range text {
		switch {
		case r == '-' || r == ' ':
			continue
		case 'A' <= r && r <= 'Z':
			r += 'a' - 'A'
		}
		switch r {
		case 'o':
			r = '0'
		case 'i', 'l':
			r = '1'
		}
		if !strings.ContainsRune(recoveryDigits, r) {
			return "", false
		}
		code += string(r)
	}
	return code, len(code) == recoveryLength
}

// fits reports whether a text has the form of a kind's codes.
func fits(text string, k Kind) bool {
	if k == KindRecovery {
		_, ok := RecoveryCode(text)
		return ok
	}
	return k.Row().Digits && digits(text, 6, 8)
}

// Left is the number of unused codes.
func (r Recovery) Left() int {
	if r.Set == 0 {
		return 0
	}
	return RecoveryCodes - bits.OnesCount16(r.Used)
}

// hasRecovery refuses if there is nothing left to remove.
func (t *turn) hasRecovery() Err {
	if t.Recovery.Left() == 0 {
		return NotEnrolled
	}
	return OK
}

// generateRecovery replaces the set. The old one is forgotten: its codes are wrong
// like any other.
func (t *turn) generateRecovery() {
	t.Recovery = Recovery{Set: t.call.Draws}
	t.countAnew(KindRecovery)
	t.event(Event{Action: recoveryGenerated, Kind: KindRecovery})
}

func (t *turn) removeRecovery() {
	t.Recovery = Recovery{}
	t.event(Event{Action: recoveryRemoved, Kind: KindRecovery})
}

// judgeRecovery judges the code as one of the set. A used one is stale for as long
// as the set lasts.
func (t *turn) judgeRecovery() match {
	for n := range RecoveryCodes {
		used := t.Recovery.Used&(1<<n) != 0
		switch {
		case t.Recovery.Set == 0 || !t.call.Code.Recovers(t.Recovery.Set, n):
			continue
		case used:
			return match{verdict: stale}
		}
		return match{verdict: right, kind: KindRecovery, spend: func() { t.Recovery.Used |= 1 << n }}
	}
	return match{}
}
