package totp

import (
	"bytes"
	"crypto/sha1" // #nosec G505 -- RFC 6238's default, and what all authenticator apps support.
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"
	"slices"
)

// An Algorithm is the hash that codes are computed with.
type Algorithm uint8

// The algorithms of RFC 6238. Accounts store these numbers.
const (
	SHA1 Algorithm = iota
	SHA256
	SHA512
	algorithmCount
)

// LastAlgorithm is the largest Algorithm.
const LastAlgorithm = algorithmCount - 1

// algorithms holds the names of RFC 6238.
var algorithms = [algorithmCount]string{SHA1: "SHA1", SHA256: "SHA256", SHA512: "SHA512"}

// Named returns the Algorithm of a name of RFC 6238, such as SHA256.
func Named(name string) (alg Algorithm, ok bool) {
	i := slices.Index(algorithms[:], name)
	return Algorithm(max(0, i)), i >= 0
}

// String returns the name of RFC 6238.
func (alg Algorithm) String() string { return algorithms[alg] }

// blockSize is how many bytes the hash works on at once.
func (alg Algorithm) blockSize() int {
	if alg == SHA512 {
		return sha512.BlockSize
	}
	return sha1.BlockSize // and SHA256's
}

// appendSum appends the hash of data.
func (alg Algorithm) appendSum(to, data []byte) []byte {
	switch alg {
	case SHA512:
		sum := sha512.Sum512(data)
		return append(to, sum[:]...)
	case SHA256:
		sum := sha256.Sum256(data)
		return append(to, sum[:]...)
	default:
		sum := sha1.Sum(data) // #nosec G401 -- see the import.
		return append(to, sum[:]...)
	}
}

// An hmacKey is a key made ready for the HMAC of RFC 2104. It is written out
// because it never leaves the stack: crypto/hmac, which the tests compare it
// with, allocates eight times to judge the three codes of a window.
type hmacKey struct {
	algorithm Algorithm
	// The key combined with the pads of the RFC, one block each, with room behind
	// for what is hashed after it.
	inner [sha512.BlockSize + 8]byte
	outer [sha512.BlockSize + sha512.Size]byte
}

// innerPad and outerPad are a block each.
var (
	innerPad = [sha512.BlockSize]byte(bytes.Repeat([]byte{0x36}, sha512.BlockSize))
	outerPad = [sha512.BlockSize]byte(bytes.Repeat([]byte{0x5c}, sha512.BlockSize))
)

// set makes the key ready.
func (k *hmacKey) set(alg Algorithm, key []byte) {
	k.algorithm = alg
	block := alg.blockSize()
	if len(key) > block {
		var sum [sha512.Size]byte
		key = alg.appendSum(sum[:0], key)
	}
	copy(k.inner[:block], innerPad[:])
	copy(k.outer[:block], outerPad[:])
	subtle.XORBytes(k.inner[:], innerPad[:], key)
	subtle.XORBytes(k.outer[:], outerPad[:], key)
}

// hotp is the code of RFC 4226 §5.3 for a step.
func (k *hmacKey) hotp(step int64, digits int) uint32 {
	block := k.algorithm.blockSize()
	message := binary.BigEndian.AppendUint64(k.inner[:block], uint64(step))
	outer := k.algorithm.appendSum(k.outer[:block], message)
	var room [sha512.Size]byte
	mac := k.algorithm.appendSum(room[:0], outer)

	offset := mac[len(mac)-1] & 0xf
	value := binary.BigEndian.Uint32(mac[offset:]) & 0x7fffffff
	modulus := uint32(1)
	for range digits {
		modulus *= 10
	}
	return value % modulus
}
