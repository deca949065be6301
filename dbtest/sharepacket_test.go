package dbtest

import (
	"bytes"
	"errors"
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest/server"
)

// A server that takes small packets takes what each caller sends, so nobody may fail
// for the data of others.
func TestSmallPacketsFailNobody(t *testing.T) {
	s := server.Must(server.NewHome(t).MariaDB(server.MariaDBConfig{Args: []string{"--max-allowed-packet=65536"}}))(t)
	for _, e := range []Engine{onServer("MariaDB"), asMySQL} {
		t.Run(e.Name, func(t *testing.T) {
			p := Place{Engine: e.Name, DSN: s.DSN("factor"), Table: "factor_records"}
			db := p.Open(t)
			store := p.migrated(t, db)
			defer db.Exec("DROP TABLE " + p.Table)
			for old := range int64(4) {
				errs := inParallel(namedUsers(64), func(_ int, user string) error {
					return store.CompareAndSwap(t.Context(), user, old, factor.Record{Version: old + 1, Data: bytes.Repeat([]byte{'\''}, 4000)})
				})
				if err := errors.Join(errs...); err != nil {
					t.Fatalf("from version %d: %v", old, err)
				}
			}
		})
	}
}
