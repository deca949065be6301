package sqlstore

import (
	"database/sql/driver"
	"errors"
	"testing"
)

// A catalogue that cannot be read, or a change that fails, is a fault of Migrate.
func TestMigratePassesEveryFaultOfAServerOn(t *testing.T) {
	down := errors.New("gone away")
	for _, d := range []*Dialect{Postgres, MySQL, SQLite} {
		for fails := 1; ; fails++ {
			asked := 0
			server := &fakeServer{answer: func(query string, _ []driver.NamedValue) ([][]driver.Value, error) {
				asked++
				if asked == fails {
					return nil, down
				}
				return readCatalogue(query), nil
			}}
			err := migrateFake(t, d, server)
			if asked < fails {
				if err != nil || fails < 3 {
					t.Errorf("%q = %v", server.asked, err)
				}
				break
			}
			if !errors.Is(err, down) || asked > fails {
				t.Errorf("statement %d of %q failed, and Migrate = %v", fails, server.asked, err)
			}
		}
	}
}
