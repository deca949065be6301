package dbtest

import (
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/storetest"
)

func TestSQLiteKeepsTheContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) factor.Store { return SQLite(t) })
}

func TestSQLiteKeepsTheContractOnOneConnection(t *testing.T) {
	storetest.Run(t, func(t *testing.T) factor.Store {
		db := OpenSQLite(t, t.TempDir()+"/factor.db")
		db.SetMaxOpenConns(1)
		return migrated(t, db)
	})
}
