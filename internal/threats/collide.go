package threats

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/rfc6238"
)

// collide returns a key whose code at a step is one of some codes, and which. The more
// there are, the faster it is found.
func collide(t testing.TB, w *world, step int64, codes []string) (key []byte, code string) {
	t.Helper()
	for range 40_000_000 {
		w.keysTried++
		sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("collide"), w.keysTried))
		key := sum[:20]
		if code := rfc6238.Code(key, "SHA1", 6, step); slices.Contains(codes, code) {
			return key, code
		}
	}
	t.Fatal("found no key")
	return nil, ""
}

// importKey binds a key as the device of an ID, or as the authenticator if there is
// none, as old as the rows of the old system.
func importKey(id uuid.UUID, key []byte) factor.Import {
	s := factor.ImportedTOTP{Key: key}
	if id == uuid.Nil {
		return factor.Import{Authenticator: &s}
	}
	return factor.Import{Devices: []factor.ImportedDevice{{ID: id, TOTP: s, EnrolledAt: longAgo}}}
}
