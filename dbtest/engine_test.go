package dbtest

import (
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/model"
	"github.com/knowhave/factor/internal/threats"
)

// The tests of the engine, on SQLite and with the real PIN hash.

func TestThreatsOnSQLite(t *testing.T) {
	threats.Run(t, threats.Env{NewStore: SQLite, NewVerifier: factor.NewVerifier})
}

func TestModelOnSQLite(t *testing.T) {
	model.Run(t, model.Env{
		NewStore:    func() factor.Store { return SQLite(t) },
		NewVerifier: factor.NewVerifier,
		Checks:      12,
		Steps:       60,
		RarePINs:    true,
	})
}
