package totp

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

// Two keys of one algorithm are the same if crypto/hmac cannot distinguish them.
func TestSecretsAreTheSameThatHMACCannotTellApart(t *testing.T) {
	digests := []func() hash.Hash{SHA1: sha1.New, SHA256: sha256.New, SHA512: sha512.New}
	rapid.Check(t, func(t *rapid.T) {
		alg := Algorithm(rapid.IntRange(0, len(digests)-1).Draw(t, "algorithm"))
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
		one := rapid.SliceOfN(rapid.Byte(), 1, maxImported).Draw(t, "key")
		zeros := make([]byte, rapid.IntRange(0, maxImported).Draw(t, "zeros"))
		other := rapid.SampledFrom([][]byte{
			append(bytes.Clone(one), zeros...), append(hashed(one), zeros...), bytes.TrimRight(one, "\x00"), append([]byte{0}, one...), one[:len(one)-1],
		}).Draw(t, "other")
		a, b := Key{Secret: one, Algorithm: alg}, Key{Secret: other, Algorithm: alg}
		if want := bytes.Equal(mac(one), mac(other)); a.SameSecret(&b) != want || b.SameSecret(&a) != want {
			t.Fatalf("%x and %x are the same: %v, want %v", one, other, !want, want)
		}
	})
}
