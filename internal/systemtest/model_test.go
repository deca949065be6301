package systemtest

import (
	"math/rand/v2"
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/model"
	"github.com/knowhave/factor/memstore"
)

// modelEnv is the Env of the model. Checks and Steps are for TestModel.
var modelEnv = model.Env{
	NewStore:    func() factor.Store { return memstore.New() },
	NewVerifier: cheapVerifier,
	Checks:      150,
	Steps:       100,
}

// TestModel compares the whole public API with the specification of the rules.
func TestModel(t *testing.T) { model.Run(t, modelEnv) }

// FuzzModel lets the fuzzer choose the calls, arguments and options that TestModel
// draws at random, and compares each answer with the specification's.
func FuzzModel(f *testing.F) {
	for seed := range uint64(24) {
		r, choices := rand.New(rand.NewPCG(seed, 0)), make([]byte, 4096<<(seed%4))
		for i := range choices {
			choices[i] = byte(r.Uint32())
		}
		f.Add(choices)
	}
	f.Fuzz(model.Fuzz(modelEnv))
}
