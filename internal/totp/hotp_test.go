package totp

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"hash"
	"testing"
)

func TestHOTPIsTheHMACOfTheStandardLibrary(t *testing.T) {
	for alg, newHash := range map[Algorithm]func() hash.Hash{SHA1: sha1.New, SHA256: sha256.New, SHA512: sha512.New} {
		// Keys around the hashes' blocks, and longer: those are hashed first.
		for _, size := range []int{1, 20, 63, 64, 65, 127, 128, 129, 1000} {
			key := bytes.Repeat([]byte{0x36, 0x5c, 1}, size)[:size]
			var made hmacKey
			made.set(alg, key)
			for _, step := range []int64{0, 1, 1 << 40} {
				mac := hmac.New(newHash, key)
				_ = binary.Write(mac, binary.BigEndian, step)
				sum := mac.Sum(nil)
				want := binary.BigEndian.Uint32(sum[sum[len(sum)-1]&0xf:]) & 0x7fffffff % 1e8
				if got := made.hotp(step, 8); got != want {
					t.Errorf("%s, key of %d bytes, step %d: %08d, want %08d", algorithms[alg], size, step, got, want)
				}
			}
		}
	}
}
