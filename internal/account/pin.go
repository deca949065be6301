package account

import (
	"fmt"
	"strings"
)

// PINRules are the options of new PINs.
type PINRules struct {
	Length      int
	MinDistinct int  // different digits
	AllowSeries bool // see Weak
}

// Weak returns the rule that a new PIN of digits breaks, or "". A series is part of
// 0123456789012, forwards or backwards.
func (r PINRules) Weak(pin string) (reason string) {
	if len(pin) != r.Length {
		return fmt.Sprintf("must have %d digits", r.Length)
	}
	distinct := 0
	for digit := '0'; digit <= '9'; digit++ {
		if strings.ContainsRune(pin, digit) {
			distinct++
		}
	}
	if distinct < r.MinDistinct {
		return fmt.Sprintf("must have at least %d different digits", r.MinDistinct)
	}
	if !r.AllowSeries && (strings.Contains("0123456789012", pin) || strings.Contains("2109876543210", pin)) {
		return "must not be a series"
	}
	return ""
}
