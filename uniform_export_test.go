package factor

import "github.com/knowhave/factor/internal/account"

// StoreOf returns the store that v works on.
func StoreOf(v *Verifier) Store { return v.store }

// CompareCodes returns a function that compares each of the given codes with a
// live one.
func CompareCodes(live string, given []string) func() {
	c := account.Code{Digits: live}
	return func() {
		for _, digits := range given {
			if c.Matches(digits) {
				panic("equal")
			}
		}
	}
}
