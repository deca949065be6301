package factor_test

import (
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/model"
	"github.com/knowhave/factor/internal/pinhash"
	"github.com/knowhave/factor/memstore"
)

// TestModel compares the whole public API with a naive model of the rules.
func TestModel(t *testing.T) {
	model.Run(t, model.Env{
		NewStore: func() factor.Store { return memstore.New() },
		NewVerifier: func(store factor.Store, sealer factor.Sealer, opts *factor.Options) (*factor.Verifier, error) {
			v, err := factor.NewVerifier(store, sealer, opts)
			if err == nil {
				pinhash.Cheapen(v, nil)
			}
			return v, err
		},
		Checks: 150,
		Steps:  100,
	})
}
