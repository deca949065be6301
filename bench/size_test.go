package bench

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest/server"
	"github.com/knowhave/factor/memstore"
)

func TestTarget6Size(t *testing.T) {
	measured.add(6, "a record with a PIN, two devices and a live code, sealed and padded", "≤ 320 bytes", fmt.Sprintf("%d bytes", fullRecord(t)))
	sealed := len(newTemplate(t, true, 2).seal(alice))
	for _, e := range []engine{postgres, mariaDB, sqlite} {
		t.Run(e.name, func(t *testing.T) {
			bytes := weigh(t, e)
			measured.add(6, fmt.Sprintf("the table of %d users with a PIN and two devices (%d bytes sealed) on %s, indexes included, for each of them", many(), sealed, e.name), "",
				fmt.Sprintf("%.0f bytes; 100 million weigh %.0f GB", bytes, bytes/10))
		})
	}
}

// fullRecord is how long a record is that has been used.
func fullRecord(t *testing.T) int {
	store, now := memstore.New(), newClock()
	tp := newTemplate(t, true, 2)
	must(store.CompareAndSwap(t.Context(), alice, 0, factor.Record{Data: tp.seal(alice), Version: 1}))
	v := newVerifier(t, store, &factor.Options{Now: now.now})
	for _, secret := range tp.devices { // so that each has a last step and a time
		_, err := v.VerifyOTP(t.Context(), alice, codeOf(secret, now.now()), factor.KindDeviceTOTP)
		must(err)
	}
	_, err := factor.NewOTPIssuer(v).IssueUnproven(t.Context(), alice, factor.KindAccount)
	must(err)
	record, err := store.Load(t.Context(), alice)
	must(err)
	return len(record.Data)
}

// weigh returns the bytes that a user takes on disk.
func weigh(t *testing.T, e engine) float64 {
	if e.driver != "mysql" {
		return largeTable(t, e).bytes
	}
	if *full { // with the memory that such a table wants, or filling it takes an hour
		e.dsn = func(tb testing.TB) string {
			own := server.MariaDBConfig{Args: []string{"--innodb-buffer-pool-size=1500M", "--innodb-log-file-size=1G"}}
			return server.Must(server.NewHome(tb).MariaDB(own))(tb).DSN("factor")
		}
	}
	r := e.temporary(t, e.pool(t))
	r.fill(t, newTemplate(t, true, 2), many())
	return r.bytes(t) / float64(many())
}

// many is how many users the large tables have, and few the small ones.
func many() int { return scale(1_000_000, 1000) }

func few() int { return scale(1000, 20) }

// large is the table with many users, which several targets share: filling it
// takes the longest.
type large struct {
	records  *records
	template *template
	users    []string
	bytes    float64 // of a user on disk
}

var largeTables = map[string]*large{}

func largeTable(t *testing.T, e engine) *large {
	t.Helper()
	if l, ok := largeTables[e.name]; ok {
		return l
	}
	dsn := e.dsn
	if e.driver == "sqlite" {
		dsn = func(testing.TB) string { return sqliteDSN(lastingDir()) }
	}
	db := e.open(t, dsn(t))
	l := &large{records: e.records(t, db), template: newTemplate(t, true, 2)}
	atEnd = append(atEnd, func() { l.records.drop(); db.Close() })
	l.users = l.records.fill(t, l.template, many())
	l.bytes = l.records.bytes(t) / float64(len(l.users))
	largeTables[e.name] = l
	return l
}

// lastingDir returns a directory that is gone with the test binary.
func lastingDir() string {
	dir, err := os.MkdirTemp("", "factor-bench-")
	must(err)
	atEnd = append(atEnd, func() { os.RemoveAll(dir) })
	return dir
}

// bytes is what the table and its indexes take on disk.
func (r *records) bytes(t *testing.T) (bytes float64) {
	t.Helper()
	query := map[string]func(context.Context, *sql.DB) *sql.Row{
		"pgx": func(ctx context.Context, db *sql.DB) *sql.Row {
			return db.QueryRowContext(ctx, "SELECT pg_total_relation_size($1)", r.table)
		},
		"mysql": func(ctx context.Context, db *sql.DB) *sql.Row {
			return db.QueryRowContext(ctx, "SELECT file_size FROM information_schema.innodb_sys_tablespaces WHERE name = concat(database(), '/', ?)", r.table)
		},
		"sqlite": func(ctx context.Context, db *sql.DB) *sql.Row {
			return db.QueryRowContext(ctx, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
		},
	}[r.engine.driver]
	if err := query(t.Context(), r.db).Scan(&bytes); err != nil {
		t.Fatal(err)
	}
	return bytes
}
