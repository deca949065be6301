package systemtest

import (
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/pinhash"
	"github.com/knowhave/factor/internal/threats"
)

// Where the documentation promises that trying tells nothing, two situations make
// the same calls of the store, the host and the hash, in the same order, and get
// the same answer.
func TestTryingTellsNothing(t *testing.T) {
	var hashed func(memoryKiB, time uint32, threads uint8)
	env := memory
	env.NewVerifier = func(s factor.Store, k factor.Sealer, o *factor.Options) (*factor.Verifier, error) {
		v, err := memory.NewVerifier(s, k, o)
		if err == nil {
			pinhash.Trace(v, func(memoryKiB, time uint32, threads uint8) { hashed(memoryKiB, time, threads) })
		}
		return v, err
	}
	threats.Uniform(t, env, func(f func(memoryKiB, time uint32, threads uint8)) { hashed = f })
}
