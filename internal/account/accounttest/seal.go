package accounttest

import (
	"bytes"
	"crypto/sha256"

	"github.com/knowhave/factor/internal/account"
)

// Seal returns what is kept of the purpose of a code: 16 bytes of the SHA-256 of the
// kind, the digits and each part, with eight bytes before each that say how long it is.
// Of no parts nothing is kept.
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
