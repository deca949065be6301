package bench

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	mathrand "math/rand/v2"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/memstore"
)

// A template is a record of which many users get a copy, each sealed for its
// user. So a table of a million users fills in seconds, and all of them hold
// the same devices and the same PIN.
type template struct {
	keys         *factor.Keyring
	user         string
	plain, label []byte   // what was sealed last
	devices      []string // the secrets
}

const templatePIN = "2580"

// newTemplate makes a record with a PIN, unless it is to have none, and devices.
func newTemplate(tb testing.TB, pin bool, devices int) *template {
	tb.Helper()
	t := &template{keys: newKeyring(tb), user: "the user of the template"}
	clock := newClock()
	v, err := factor.NewVerifier(memstore.New(), t, &factor.Options{
		Now: clock.now, Device: factor.DeviceOptions{Max: 20},
		CheckPassword: func(context.Context, string, string) (bool, error) { return true, nil },
	})
	if err != nil {
		tb.Fatal(err)
	}
	if pin {
		must(factor.NewAdmin(v).SetPIN(tb.Context(), t.user, templatePIN))
	}
	for range devices {
		enrolled, err := factor.NewDeviceTOTPEnroller(v).Enroll(tb.Context(), t.user, uuid.New(), factor.Credentials{Password: "right"})
		must(err)
		t.devices = append(t.devices, enrolled.Secret)
	}
	if !bytes.Contains(t.label, []byte(t.user)) {
		tb.Fatal("records are not bound to the user's name any more: template.seal has to follow")
	}
	return t
}

// Encrypt remembers what is sealed.
func (t *template) Encrypt(plain, label []byte) ([]byte, error) {
	t.plain, t.label = bytes.Clone(plain), bytes.Clone(label)
	return t.keys.Encrypt(plain, label)
}

func (t *template) Decrypt(sealed, label []byte) ([]byte, error) {
	return t.keys.Decrypt(sealed, label)
}

// seal returns the user's copy.
func (t *template) seal(user string) []byte {
	sealed, err := t.keys.Encrypt(t.plain, bytes.Replace(t.label, []byte(t.user), []byte(user), 1))
	must(err)
	return sealed
}

// fill adds so many users, in an order that is not that of their names, and
// returns them.
func (r *records) fill(tb testing.TB, t *template, n int) []string {
	tb.Helper()
	users := make([]string, n)
	for i := range users {
		users[i] = uuid.NewString()
	}
	load := map[string]func(context.Context, *template, []string) error{"sqlite": r.fillSQLite, "pgx": r.fillPostgres, "mysql": r.fillMySQL}[r.engine.driver]
	if err := load(tb.Context(), t, users); err != nil {
		tb.Fatal(err)
	}
	return users
}

func randomVersion() int64 { return mathrand.Int64N(1<<53-1) + 1 }

func (r *records) fillPostgres(ctx context.Context, t *template, users []string) error {
	conn, err := r.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	err = conn.Raw(func(driver any) error {
		i := 0
		_, err := driver.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{r.table}, []string{"user_id", "version", "data"}, pgx.CopyFromFunc(func() ([]any, error) {
			if i == len(users) {
				return nil, nil
			}
			i++
			return []any{users[i-1], randomVersion(), t.seal(users[i-1])}, nil
		}))
		return err
	})
	if err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, "VACUUM ANALYZE "+r.table)
	return err
}

// rowsAtOnce is how many rows one statement or one transaction of a fill has.
const rowsAtOnce = 500

func (r *records) fillMySQL(ctx context.Context, t *template, users []string) error {
	return inTransactions(ctx, r.db, users, 20*rowsAtOnce, func(tx *sql.Tx, users []string) error {
		for len(users) > 0 {
			some := users[:min(rowsAtOnce, len(users))]
			users = users[len(some):]
			args := make([]any, 0, 3*len(some))
			for _, user := range some {
				args = append(args, user, randomVersion(), t.seal(user))
			}
			values := strings.TrimSuffix(strings.Repeat("(?, ?, ?),", len(some)), ",")
			if _, err := tx.ExecContext(ctx, "INSERT INTO "+r.table+" (user_id, version, data) VALUES "+values, args...); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *records) fillSQLite(ctx context.Context, t *template, users []string) error {
	err := inTransactions(ctx, r.db, users, 100*rowsAtOnce, func(tx *sql.Tx, users []string) error {
		insert, err := tx.PrepareContext(ctx, "INSERT INTO "+r.table+" (user_id, version, data) VALUES (?, ?, ?)")
		if err != nil {
			return err
		}
		defer insert.Close()
		for _, user := range users {
			if _, err := insert.ExecContext(ctx, user, randomVersion(), t.seal(user)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = r.db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return err
}

func inTransactions(ctx context.Context, db *sql.DB, users []string, atOnce int, do func(*sql.Tx, []string) error) error {
	for len(users) > 0 {
		some := users[:min(atOnce, len(users))]
		users = users[len(some):]
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		if err := do(tx, some); err != nil {
			return fmt.Errorf("%w, %w", err, tx.Rollback())
		}
		if err := tx.Commit(); err != nil {
			return err
		}
	}
	return nil
}
