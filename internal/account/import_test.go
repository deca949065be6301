package account

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor/internal/totp"
)

// An account of version 0.1.0 noted a secret under its key as it was given. It is
// known by that, and by the key as HMAC sees it.
func TestImportKnowsWhatVersion010Noted(t *testing.T) {
	long := make([]byte, 100)
	long[0] = 1
	for _, key := range []string{"12345678901234567890", "12345678901234567890\x00", string(long)} {
		s := TOTP{totp.Key{Secret: []byte(key), Digits: 6, Period: 30 * time.Second}, NoStep}
		sum := sha256.Sum256(fmt.Appendf(nil, "factor import of totp %s %x 0 6 30s", uuid.Nil, key))
		a := &Account{Imported: []ImportMark{ImportMark(sum[:])}}
		if a.firstImport(KindTOTP, uuid.Nil, s.texts()...) {
			t.Errorf("%q is new", key)
		}
		if !a.firstImport(KindTOTP, uuid.UUID{1}, s.texts()...) || len(a.Imported) != 2 {
			t.Errorf("%q is not new in another place", key)
		}
	}
}
