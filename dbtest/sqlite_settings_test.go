package dbtest

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/sqlstore"
)

// refused checks that New refuses the database and says all of this.
func refused(t *testing.T, db *sql.DB, opts *sqlstore.Options, says ...string) {
	t.Helper()
	_, err := sqlstore.New(db, sqlstore.SQLite, opts)
	if err == nil {
		t.Fatalf("New accepted a database it must refuse for %q", says)
	}
	for _, text := range says {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("New = %v\nwant it to say %q", err, text)
		}
	}
	if held := db.Stats().InUse; held != 0 {
		t.Errorf("New kept %d connections", held)
	}
}

// remedy is what New says to put into the data source name.
var remedy = []string{safe, "_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000"}

func TestUnsafeSettingsAreRefusedWithTheRemedy(t *testing.T) {
	const wal, full, busy = "_pragma=journal_mode(wal)", "_pragma=synchronous(full)", "_pragma=busy_timeout(5000)"
	unsafe := map[string]struct{ settings, says string }{
		"the driver's defaults": {"", "journal_mode delete"},
		"rollback journal":      {full + "&" + busy, "journal_mode delete"},
		"journal in memory":     {"_pragma=journal_mode(memory)&" + full + "&" + busy, "journal_mode memory"},
		"synchronous NORMAL":    {wal + "&_pragma=synchronous(normal)&" + busy, "synchronous 1"},
		"synchronous OFF":       {wal + "&_pragma=synchronous(off)&" + busy, "synchronous 0"},
		"no busy timeout":       {wal + "&" + full, "no busy_timeout"},
	}
	for name, u := range unsafe {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			refused(t, open(t, filepath.Join(t.TempDir(), "factor.db"), u.settings), nil, append(remedy, u.says)...)
		})
	}
}

func TestSafeSettingsAreAccepted(t *testing.T) {
	for _, settings := range []string{
		safe,
		"_pragma=busy_timeout(1)&_pragma=journal_mode(WAL)&_pragma=synchronous(EXTRA)",
		"_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000",
	} {
		for _, connections := range []int{0, 1, 2} { // 0: any number
			db := open(t, filepath.Join(t.TempDir(), "factor.db"), settings)
			db.SetMaxOpenConns(connections)
			for range 2 { // without and with an idle connection
				if _, err := sqlstore.New(db, sqlstore.SQLite, &sqlstore.Options{}); err != nil {
					t.Errorf("New with %s and up to %d connections = %v", settings, connections, err)
				}
				if held := db.Stats().InUse; held != 0 {
					t.Errorf("New kept %d connections", held)
				}
			}
		}
	}
}

func TestDatabaseWithoutFileIsRefused(t *testing.T) {
	for _, name := range []string{":memory:", "file::memory:?cache=shared&" + safe, "file:factor?mode=memory&" + safe, "file:?" + safe} {
		db, err := sql.Open("sqlite", name)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		refused(t, db, nil, append(remedy, "in memory or temporary")...)
	}
}

func TestEncodingThatIsNotOrderedByBytesIsRefused(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "factor.db"), "_pragma=encoding('UTF-16le')&"+safe)
	if _, err := db.Exec(`CREATE TABLE other (x)`); err != nil {
		t.Fatal(err)
	}
	refused(t, db, nil, "UTF-16le", "created with UTF-8")
}

// synchronous and busy_timeout hold for one connection, and the pool opens
// others later.
func TestPragmaRunByHandOnAPooledConnectionIsNoticed(t *testing.T) {
	byHand := []string{`PRAGMA synchronous = FULL`, `PRAGMA busy_timeout = 5000`}
	for _, dsn := range []struct{ settings, says string }{
		{"_pragma=journal_mode(wal)&_pragma=synchronous(normal)&_pragma=busy_timeout(5000)", "synchronous 1"},
		{"_pragma=journal_mode(wal)&_pragma=synchronous(full)", "no busy_timeout"},
	} {
		for _, idle := range []int{1, 2} {
			db := open(t, filepath.Join(t.TempDir(), "factor.db"), dsn.settings)
			runOnEach(t, db, idle, byHand...)
			refused(t, db, nil, append(remedy, dsn.says)...)
		}
	}
}

func TestPooledConnectionMadeUnsafeByHandIsNoticed(t *testing.T) {
	for _, unsafe := range []struct{ pragma, says string }{{`PRAGMA synchronous = OFF`, "synchronous 0"}, {`PRAGMA busy_timeout = 0`, "no busy_timeout"}} {
		db := openSQLite(t, filepath.Join(t.TempDir(), "factor.db"))
		runOnEach(t, db, 1, unsafe.pragma)
		refused(t, db, nil, append(remedy, unsafe.says)...)
		db.SetMaxOpenConns(1)
		refused(t, db, nil, append(remedy, unsafe.says)...)
	}
}

// runOnEach runs the statements on as many connections and leaves those idle in
// the pool.
func runOnEach(t *testing.T, db *sql.DB, connections int, statements ...string) {
	t.Helper()
	for range connections {
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		for _, statement := range statements {
			if _, err := conn.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestConnectionThatCannotBeOpenedIsAFault(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "missing", "factor.db"), safe)
	if _, err := sqlstore.New(db, sqlstore.SQLite, nil); err == nil {
		t.Fatal("New accepted a file that cannot be created")
	}
}

func TestSettingsThatCannotBeReadAreAFault(t *testing.T) {
	for _, part := range []string{"pragma_database_list", "encoding"} {
		db, spy := spied(t)
		spy.rewrite = func(query string) string {
			if strings.Contains(query, part) {
				return "SELECT nonsense"
			}
			return query
		}
		refused(t, db, nil, "reading the settings")
	}
}

func TestTableMayBeInAnAttachedDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "auth.db")
	opts := &sqlstore.Options{Table: "Auth.Factors"}
	plain, _ := spied(t, `ATTACH '`+path+`' AS auth`)
	refused(t, plain, opts, append(remedy, "journal_mode delete")...)

	db, _ := spied(t, `ATTACH '`+path+`' AS auth`, `PRAGMA auth.journal_mode = wal`)
	store, err := sqlstore.New(db, sqlstore.SQLite, opts)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := store.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range calls {
		if err := c.call(t.Context(), store); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	swap(t, store, "alice", 0, factor.Record{Data: []byte("sealed"), Version: 1})
	var users int
	if err := openSQLite(t, path).QueryRow(`SELECT count(*) FROM Factors`).Scan(&users); err != nil || users != 1 {
		t.Fatalf("the attached file has %d users (%v), want 1", users, err)
	}
	if _, err := db.Exec(`CREATE TABLE auth.other (x)`); err != nil {
		t.Fatal(err)
	}
	other, err := sqlstore.New(db, sqlstore.SQLite, &sqlstore.Options{Table: "auth.other"})
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "auth.other") {
		t.Errorf("Migrate onto a foreign table = %v; want an error that names it with its schema", err)
	}
	refused(t, db, &sqlstore.Options{Table: "elsewhere.factors"}, "elsewhere", "attach it")
	refused(t, db, &sqlstore.Options{Table: "temp.factors"}, "temp")
}
