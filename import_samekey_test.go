package factor

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"testing"

	"pgregory.net/rapid"
)

// Two keys of one algorithm are the same if crypto/hmac cannot tell them apart.
func TestKeysAreTheSameThatHMACCannotTellApart(t *testing.T) {
	digests := []func() hash.Hash{algorithmSHA1: sha1.New, algorithmSHA256: sha256.New, algorithmSHA512: sha512.New}
	rapid.Check(t, func(t *rapid.T) {
		alg := algorithm(rapid.IntRange(0, len(digests)-1).Draw(t, "algorithm"))
		mac := func(key []byte) []byte {
			m := hmac.New(digests[alg], key)
			m.Write([]byte("a step"))
			return m.Sum(nil)
		}
		hashed := func(key []byte) []byte {
			d := digests[alg]()
			d.Write(key)
			return d.Sum(nil)
		}
		one := rapid.SliceOfN(rapid.Byte(), 1, maxKey).Draw(t, "key")
		zeros := make([]byte, rapid.IntRange(0, maxKey).Draw(t, "zeros"))
		other := rapid.SampledFrom([][]byte{
			append(bytes.Clone(one), zeros...), append(hashed(one), zeros...), bytes.TrimRight(one, "\x00"), append([]byte{0}, one...), one[:len(one)-1],
		}).Draw(t, "other")
		a, b := secret{key: one, algorithm: alg}, secret{key: other, algorithm: alg}
		if want := bytes.Equal(mac(one), mac(other)); a.sameKey(&b) != want || b.sameKey(&a) != want {
			t.Fatalf("%x and %x are the same: %v, want %v", one, other, !want, want)
		}
	})
}
