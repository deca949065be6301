package totp

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean returns typed or pasted text without fillers, and with the decimal digits
// of all scripts as 0 to 9. It leaves everything else as it is. It returns text
// that is not UTF-8 unchanged.
func Clean(s string) string {
	if !utf8.ValidString(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case IsFiller(r):
			return -1
		case unicode.IsDigit(r):
			return '0' + digitValue(r)
		}
		return r
	}, s)
}

// digitValue returns the value of a decimal digit. Unicode keeps the ten digits of
// a script together and in order; where two sets touch, a multiple of ten lies
// between.
func digitValue(r rune) rune {
	first := r
	for unicode.IsDigit(first - 1) {
		first--
	}
	return (r - first) % 10
}
