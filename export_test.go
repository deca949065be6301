package factor

import (
	"crypto/sha256"
	"sync/atomic"
	"time"
)

// CheapHash replaces Argon2id in v by a fast stand-in and counts how often it is
// called, so that model tests reach the rules without waiting for it.
func CheapHash(v *Verifier, calls *atomic.Int64) {
	v.hasher.derive = func(password, salt []byte, time, memory uint32, threads uint8, keyLen uint32) []byte {
		if calls != nil {
			calls.Add(1)
		}
		sum := sha256.Sum256(append(append([]byte{}, salt...), password...))
		return sum[:keyLen]
	}
}

// RandomCode draws a code as OTPIssuer does.
func RandomCode(digits int) string {
	code, err := randomCode(digits)
	if err != nil {
		panic(err)
	}
	return code
}

// LocksHeld returns how many users' locks are held or waited for.
func LocksHeld(v *Verifier) int {
	return v.locks.Keys() + v.pinLocks.Keys() + v.passwordLocks.Keys()
}

// Watched returns how many users are waited for in PINs.Wait.
func Watched(v *Verifier) int { return v.waiters.Keys() }

// SlowHash is CheapHash, but each hash takes that long.
func SlowHash(v *Verifier, takes time.Duration, calls *atomic.Int64) {
	CheapHash(v, calls)
	cheap := v.hasher.derive
	v.hasher.derive = func(password, salt []byte, passes, memory uint32, threads uint8, keyLen uint32) []byte {
		sum := cheap(password, salt, passes, memory, threads, keyLen)
		time.Sleep(takes)
		return sum
	}
}
