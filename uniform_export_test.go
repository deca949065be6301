package factor

import "github.com/knowhave/factor/internal/account"

// TraceHash has f told what each PIN hash of v costs, before it is computed.
func TraceHash(v *Verifier, f func(memoryKiB, time uint32, threads uint8)) {
	derive := v.hasher.derive
	v.hasher.derive = func(password, salt []byte, time, memory uint32, threads uint8, keyLen uint32) []byte {
		f(memory, time, threads)
		return derive(password, salt, time, memory, threads, keyLen)
	}
}

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
