package factor_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/pinhash"
)

// However slow hashing is and however many guess at one user at the same time,
// those that are refused unjudged in the end are not hashed: they would keep
// everybody else's PIN waiting.
func TestAFloodOfGuessesAtAUserHashesFew(t *testing.T) {
	for name, proof := range map[string]factor.Credentials{
		"PIN":              {PIN: wrongPIN},
		"password and PIN": {Password: "wrong", PIN: wrongPIN},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newKit(t)
				k.setPIN()
				var hashes atomic.Int64
				pinhash.Replace(k.v, func(_, _ []byte, _, _ uint32, _ uint8, keyLen uint32) []byte {
					hashes.Add(1)
					time.Sleep(6 * time.Second)
					return make([]byte, keyLen)
				})
				for range 200 {
					go func() { _, _ = k.v.VerifyAny(context.Background(), alice, proof) }()
				}
				time.Sleep(time.Hour)
				synctest.Wait()
				if n := hashes.Load(); n > 8 {
					t.Errorf("%d hashes for 200 guesses, 3 of which count", n)
				}
			})
		})
	}
}
