package accounttest

import (
	"bytes"
	"crypto/sha256"

	"github.com/knowhave/factor/internal/account"
)

// Seal returns the seal of a code's purpose: 16 bytes of the SHA-256 of the kind,
// the digits and each part, each preceded by its length in eight bytes. Without
// parts it is zero.
func Seal(k account.Kind, digits string, parts ...string) (s account.Seal) {
	if len(parts) == 0 {
		return s
	}
	var all bytes.Buffer
	for _, part := range append([]string{string(k), digits}, parts...) {
		all.Write([]byte{0, 0, 0, 0, 0, 0, byte(len(part) >> 8), byte(len(part))})
		all.WriteString(part)
	}
	sum := sha256.Sum256(all.Bytes())
	copy(s[:], sum[:])
	return s
}
