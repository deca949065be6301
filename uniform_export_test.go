package factor

// StoreOf returns the store that v works on.
func StoreOf(v *Verifier) Store { return v.store }

// CompareCodes returns a function that compares each of the given codes with a
// live one.
func CompareCodes(live string, given []string) func() {
	c := code{digits: live}
	return func() {
		for _, digits := range given {
			if c.is(digits) {
				panic("equal")
			}
		}
	}
}
