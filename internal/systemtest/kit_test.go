package systemtest

import (
	"sync/atomic"
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/pinhash"
	"github.com/knowhave/factor/internal/threats"
	"github.com/knowhave/factor/memstore"
)

// cheapVerifier is factor.NewVerifier with an instant PIN hash.
func cheapVerifier(s factor.Store, k factor.Sealer, o *factor.Options) (*factor.Verifier, error) {
	return countingVerifier(nil)(s, k, o)
}

// countingVerifier is cheapVerifier, and counts the hashes unless calls is nil.
func countingVerifier(calls *atomic.Int64) func(factor.Store, factor.Sealer, *factor.Options) (*factor.Verifier, error) {
	return func(s factor.Store, k factor.Sealer, o *factor.Options) (*factor.Verifier, error) {
		v, err := factor.NewVerifier(s, k, o)
		if err == nil {
			pinhash.Cheapen(v, calls)
		}
		return v, err
	}
}

// memory is the Env of a store in memory and an instant PIN hash.
var memory = threats.Env{
	NewStore:    func(testing.TB) factor.Store { return memstore.New() },
	NewVerifier: countingVerifier(&threatHashes),
	Cheap:       true,
	Hashes:      &threatHashes,
}

var threatHashes atomic.Int64
