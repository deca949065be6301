package dbtest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/knowhave/factor"
)

// Settings of a server that a connection may come with, which the shared statements
// have to stand: each caller has its own verdict, and others see what was written.
func TestSharedStatementsStandTheSettingsOfAServer(t *testing.T) {
	for _, e := range []Engine{onServer("MariaDB"), asMySQL} {
		for name, parameters := range map[string]string{
			"COMMIT closes the connection":            "completion_type=%27RELEASE%27",
			"a SELECT returns a few rows":             "sql_select_limit=5",
			"backslashes escape nothing":              "sql_mode=%27NO_BACKSLASH_ESCAPES%27&interpolateParams=true",
			"double quotes are for names, not strict": "sql_mode=%27ANSI_QUOTES%27",
			"text in latin1":                          "charset=latin1",
			"rows that match are counted":             "clientFoundRows=true",
			"every transaction is serializable":       "tx_isolation=%27SERIALIZABLE%27",
			"joins are buffered":                      "join_cache_level=8",
			"updates want a key":                      "sql_safe_updates=ON",
		} {
			t.Run(e.Name+"/"+name, func(t *testing.T) {
				e.dsn(t)
				p := e.Place(t)
				swapAndCompare(t, p.migrated(t, p.Open(t)), p.store(t, p.open(t, p.with(parameters))))
			})
		}
	}
}

// A setting that comes after New has looked leaves no transaction open behind a batch.
func TestABatchBeginsNoTransactionAfterItsOwn(t *testing.T) {
	asMySQL.dsn(t)
	p := asMySQL.Place(t)
	others := p.migrated(t, p.Open(t))
	db, spy := p.spied(t, "SET completion_type = 'CHAIN'")
	spy.rewrite = func(query string) string { return strings.Replace(query, "'completion_type'", "'none'", 1) }
	db.SetMaxOpenConns(1) // so that the last swap follows a batch
	store := p.store(t, db)
	swapAndCompare(t, others, store)
	swap(t, store, "user 0", 5, record(6))
	if v := version(t, others, "user 0"); v != 6 {
		t.Errorf("after a batch a swap is acknowledged, and others find version %d", v)
	}
}

// swapAndCompare swaps many users at once in one store and compares what both have.
func swapAndCompare(t *testing.T, others, store factor.Store) {
	users := namedUsers(64)
	for _, user := range users {
		swap(t, others, user, 0, record(1))
	}
	for round := int64(1); round < 5; round++ {
		errs := inParallel(users, func(_ int, user string) error {
			return store.CompareAndSwap(t.Context(), user, round, record(round+1))
		})
		for i, user := range users {
			if v := version(t, others, user); errs[i] != nil || v != round+1 {
				t.Fatalf("round %d: the swap of %s = %v, and others find version %d", round, user, errs[i], v)
			}
		}
		errs = inParallel(users, func(_ int, user string) error {
			r, err := store.Load(t.Context(), user)
			if err == nil && r.Version != round+1 {
				return fmt.Errorf("version %d", r.Version)
			}
			return err
		})
		versions, err := store.(factor.VersionLister).Versions(t.Context(), users)
		if err != nil {
			t.Fatal(err)
		}
		for i, user := range users {
			if errs[i] != nil || versions[i] != round+1 {
				t.Fatalf("round %d: loading %s: %v, and its version is listed as %d", round, user, errs[i], versions[i])
			}
		}
	}
}

// What a trigger of the host's raises for one row fails that caller only.
func TestATriggerThatRefusesARowFailsItsCaller(t *testing.T) {
	onSharing(t, func(t *testing.T, e Engine) {
		p := e.Place(t)
		db := p.Open(t)
		store := p.migrated(t, db)
		users := namedUsers(64)
		for _, user := range users {
			swap(t, store, user, 0, record(1))
		}
		refuse(t, p, "user 13")
		errs := inParallel(users, func(_ int, user string) error { return store.CompareAndSwap(t.Context(), user, 1, record(2)) })
		for i, err := range errs {
			if (err == nil) != (i != 13) {
				t.Fatalf("the swap of %s = %v", users[i], err)
			}
		}
	})
}

// refuse has a trigger refuse to update a user's row.
func refuse(t *testing.T, p Place, user string) {
	t.Helper()
	db := p.Open(t)
	texts := []string{`CREATE TRIGGER refuse_` + p.Table + ` BEFORE UPDATE ON ` + p.Table +
		` FOR EACH ROW IF NEW.user_id = '` + user + `' THEN SIGNAL SQLSTATE '45000'; END IF`}
	if p.engine().driver == "pgx" {
		texts = []string{
			`CREATE FUNCTION refuse_` + p.Table + `() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN IF NEW.user_id = '` + user + `' THEN RAISE EXCEPTION 'frozen'; END IF; RETURN NEW; END $$`,
			`CREATE TRIGGER refuse BEFORE UPDATE ON ` + p.Table + ` FOR EACH ROW EXECUTE FUNCTION refuse_` + p.Table + `()`,
		}
		t.Cleanup(func() { db.Exec(`DROP FUNCTION refuse_` + p.Table + `() CASCADE`) })
	}
	for _, text := range texts {
		if _, err := db.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
}
