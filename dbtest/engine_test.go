package dbtest

import (
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/model"
	"github.com/knowhave/factor/internal/race"
	"github.com/knowhave/factor/internal/threats"
	"github.com/knowhave/factor/storetest"
)

// onEach runs a test on every engine.
func onEach(t *testing.T, test func(t *testing.T, e Engine)) {
	for _, e := range Engines {
		t.Run(e.Name, func(t *testing.T) {
			if e.server {
				e.dsn(t) // skips the test here if there is no server, and not where the test goes on
			}
			test(t, e)
		})
	}
}

func TestStoresKeepTheContract(t *testing.T) {
	onEach(t, func(t *testing.T, e Engine) {
		storetest.Run(t, func(t *testing.T) factor.Store { return e.Store(t) })
	})
}

func TestSQLiteKeepsTheContractOnOneConnection(t *testing.T) {
	storetest.Run(t, func(t *testing.T) factor.Store {
		p := sqliteEngine.Place(t)
		db := p.Open(t)
		db.SetMaxOpenConns(1)
		return p.migrated(t, db)
	})
}

// The model runs with the real PIN hash.

func TestModel(t *testing.T) {
	checks := 12
	if race.Enabled {
		checks = 3
	}
	onEach(t, func(t *testing.T, e Engine) {
		model.Run(t, model.Env{
			NewStore:    func() factor.Store { return e.Store(t) },
			NewVerifier: factor.NewVerifier,
			Checks:      checks,
			Steps:       60,
			RarePINs:    true,
		})
	})
}

// The servers have the threats that a store has a part in. SQLite has all of them,
// with the real PIN hash, only with -long and without the race detector.
func TestThreats(t *testing.T) {
	onEach(t, func(t *testing.T, e Engine) {
		inFull := *long && !race.Enabled
		if !e.server && inFull {
			threats.Run(t, threats.Env{NewStore: e.storeForBubbles, NewVerifier: factor.NewVerifier})
			return
		}
		env := threats.Env{NewStore: e.storeForBubbles, NewVerifier: cheapVerifier}
		rows := byTheStore
		if e.relayed || !inFull {
			rows = rows[:3] // those of many callers at once
		}
		for _, threat := range rows {
			t.Run(threat.name, func(t *testing.T) { threat.test(t, env) })
		}
	})
}
