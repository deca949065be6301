// Command adopt moves a service's users into factor: 100,000 rows of an old schema
// with bcrypt PINs and TOTP secrets, by Admin.Import.
//
//	go run ./adopt                       in a directory of its own
//	go run ./adopt -dir d -stop 40000    and then once more, to see it resume
//
// See docs/adopting.md.
package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/sqlstore"
)

func main() {
	dir := flag.String("dir", "", "where the two databases and the key are; default a new directory")
	users := flag.Int("users", 100_000, "how many users the old database is made with")
	stop := flag.Int("stop", math.MaxInt, "stop after so many users, as a crash might")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	if err := run(ctx, os.Stdout, *dir, *users, *stop); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer, dir string, users, stop int) (err error) {
	if dir == "" {
		if dir, err = os.MkdirTemp("", "adopt"); err != nil {
			return err
		}
	}
	p := printer{out}
	old, err := openOld(ctx, p, filepath.Join(dir, "old.db"), users)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, old.Close()) }()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "factor.db")+"?_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=busy_timeout(5000)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	var imported [3]atomic.Int64 // by kind, as observed
	verifier, err := newVerifier(ctx, db, filepath.Join(dir, "key"), func(_ context.Context, e factor.Event) {
		if i := indexOf(e.Kind); e.Action == factor.ActionImported && i >= 0 {
			imported[i].Add(1)
		}
	})
	if err != nil {
		return err
	}

	start := time.Now()
	m := &mover{old: old, admin: factor.NewAdmin(verifier), workers: 8}
	m.onPage = func(moved int) {
		if moved%10_000 == 0 {
			p.line("  %7d users, %.0f a second", moved, float64(moved)/time.Since(start).Seconds())
		}
	}
	moved, err := m.run(ctx, stop)
	took := time.Since(start)
	p.line("moved %d users in %s: %.0f a second", moved, took.Round(time.Millisecond), float64(moved)/took.Seconds())
	for i, k := range importedKinds {
		p.line("  %7d %s", imported[i].Load(), k)
	}
	if err != nil {
		return err
	}
	return printRefused(ctx, p, old)
}

// importedKinds are the kinds that can be imported.
var importedKinds = [...]factor.Kind{factor.KindPIN, factor.KindTOTP, factor.KindDeviceTOTP}

func indexOf(k factor.Kind) int {
	for i, other := range importedKinds {
		if k == other {
			return i
		}
	}
	return -1
}

// openOld opens the old database, or creates it.
func openOld(ctx context.Context, p printer, path string, users int) (*sql.DB, error) {
	_, statErr := os.Stat(path)
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(wal)&_pragma=busy_timeout(5000)")
	if err != nil || statErr == nil {
		return db, err
	}
	start := time.Now()
	if err := makeLegacy(ctx, db, users, start); err != nil {
		return nil, errors.Join(err, db.Close(), os.Remove(path))
	}
	p.line("made %s with %d users in %s", path, users, time.Since(start).Round(time.Millisecond))
	return db, nil
}

// newVerifier returns the service's new verifier.
func newVerifier(ctx context.Context, db *sql.DB, keyFile string, observe func(context.Context, factor.Event)) (*factor.Verifier, error) {
	store, err := sqlstore.New(db, sqlstore.SQLite, nil)
	if err != nil {
		return nil, err
	}
	if err := store.Migrate(ctx); err != nil {
		return nil, err
	}
	key, err := os.ReadFile(keyFile) // yours comes from your secret store
	if errors.Is(err, os.ErrNotExist) {
		key = make([]byte, 32)
		_, _ = rand.Read(key) // never fails, says its documentation
		err = os.WriteFile(keyFile, key, 0o600)
	}
	if err != nil {
		return nil, err
	}
	keyring, err := factor.NewKeyring(key)
	if err != nil {
		return nil, err
	}
	return factor.NewVerifier(store, keyring, &factor.Options{Observe: observe})
}

// printRefused prints what all runs refused, by reason.
func printRefused(ctx context.Context, p printer, old *sql.DB) error {
	rows, err := old.QueryContext(ctx, `SELECT count(*), min(field), reason FROM move_refused GROUP BY reason ORDER BY 1 DESC`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	p.line("refused, as the table move_refused says for each user:")
	for rows.Next() {
		var n int
		var field, reason string
		if err := rows.Scan(&n, &field, &reason); err != nil {
			return err
		}
		p.line("  %7d %s %s", n, field, reason)
	}
	return rows.Err()
}

// printer prints lines.
type printer struct{ out io.Writer }

func (p printer) line(format string, args ...any) { _, _ = fmt.Fprintf(p.out, format+"\n", args...) }
