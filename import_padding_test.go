package factor_test

import (
	"testing"

	"github.com/knowhave/factor"
)

// A BINARY column of MySQL and the buffer of libsodium's crypto_pwhash_str end in
// zero bytes.
func TestTheZeroBytesBehindAHashAreCutOff(t *testing.T) {
	for _, hash := range []string{bcryptOfRightPIN, argon2OfRightPIN} {
		k := newKit(t)
		k.imports(factor.Import{PIN: &factor.ImportedPIN{Hash: hash + "\x00\x00 \x00"}})
		k.ok(k.v.VerifyPIN(t.Context(), alice, rightPIN))
	}
}
