package pinhash

import (
	"crypto/sha256"
	"sync/atomic"
)

// The functions below are for tests only. Each changes the Hasher of a
// *factor.Verifier, which must not be in use yet. A host cannot call them, because
// it cannot import this package.

// Of returns the Hasher of a *factor.Verifier. Package factor sets it.
var Of func(verifier any) *Hasher

// Replace replaces Argon2id by another KDF.
func Replace(verifier any, by KDF) { Of(verifier).derive = by }

// Cheapen replaces Argon2id by a fast stand-in. Unless calls is nil, it counts how
// often the stand-in is called.
func Cheapen(verifier any, calls *atomic.Int64) {
	Replace(verifier, func(password, salt []byte, time, memory uint32, threads uint8, keyLen uint32) []byte {
		if calls != nil {
			calls.Add(1)
		}
		sum := sha256.Sum256(append(append([]byte{}, salt...), password...))
		return sum[:keyLen]
	})
}

// Trace tells f what each hash costs, before it is computed.
func Trace(verifier any, f func(memoryKiB, time uint32, threads uint8)) {
	derive := Of(verifier).derive
	Replace(verifier, func(password, salt []byte, time, memory uint32, threads uint8, keyLen uint32) []byte {
		f(memory, time, threads)
		return derive(password, salt, time, memory, threads, keyLen)
	})
}
