package sqlstore

import (
	"database/sql/driver"
	"errors"
	"strings"
	"testing"
)

// Where others create the same at the same time, Migrate looks again, ten times
// at most; any other fault is final.
func TestMigrateTriesAgainWhileOthersDoTheSame(t *testing.T) {
	for _, c := range []struct {
		name    string
		dialect *Dialect
		err     error
		failing int // the first so many statements that create
		creates int
		passes  bool
	}{
		{"no other", Postgres, nil, 0, 2, true},
		{"the name is taken", Postgres, stateError("23505"), 1, 3, true},
		{"the relation is there", Postgres, stateError("42P07"), 1, 3, true},
		{"the type is there", Postgres, stateError("42710"), 1, 3, true},
		{"a deadlock", Postgres, stateError("40P01"), 3, 5, true},
		{"nine times", Postgres, stateError("23505"), 9, 11, true},
		{"ten times", Postgres, stateError("23505"), 10, 10, false},
		{"not allowed", Postgres, stateError("42501"), 1, 1, false},
		{"MySQL, no other", MySQL, nil, 0, 1, true},
		{"MySQL, a deadlock", MySQL, &numberError{Number: 1213}, 1, 2, true},
		{"MySQL, not allowed", MySQL, &numberError{Number: 1142}, 1, 1, false},
		{"SQLite waits for others", SQLite, errors.New("locked"), 1, 1, false},
	} {
		failing, made := c.failing, false
		server := &fakeServer{}
		server.answer = func(query string, _ []driver.NamedValue) ([][]driver.Value, error) {
			switch {
			case strings.HasPrefix(query, "CREATE"):
				if failing--; failing >= 0 {
					return nil, c.err
				}
				made = true
				return [][]driver.Value{{int64(0)}}, nil
			case made:
				return readCatalogue(query), nil
			}
			return readEmpty(query), nil
		}
		err := migrateFake(t, c.dialect, server)
		if (err == nil) != c.passes || !c.passes && !errors.Is(err, c.err) || server.saw("CREATE") != c.creates {
			t.Errorf("%s: %v after %d statements, want %d: %q", c.name, err, server.saw("CREATE"), c.creates, server.asked)
		}
	}
}

// A table that somebody else makes at the same time is looked at like any other,
// before an index is added to it.
func TestMigrateLooksAtATableThatAppearsMeanwhile(t *testing.T) {
	for _, d := range []*Dialect{Postgres, SQLite} {
		server := &fakeServer{}
		server.answer = func(query string, _ []driver.NamedValue) ([][]driver.Value, error) {
			if server.saw("CREATE TABLE") == 0 || strings.HasPrefix(query, "CREATE") {
				return readEmpty(query), nil
			}
			return catalogue(readCatalogue(query)).with("due"), nil
		}
		err := migrateFake(t, d, server)
		if err == nil || !strings.Contains(err.Error(), "left as it is") || server.saw("CREATE INDEX") != 0 {
			t.Errorf("%v after %q", err, server.asked)
		}
	}
}
