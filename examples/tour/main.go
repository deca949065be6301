// Command tour walks through the life of one user of a service that embeds factor,
// on a new SQLite file, and prints the question and the answer of each operation.
// It exits with status 1 if an answer is not the promised one.
//
// From the root of the repository:
//
//	go run ./examples/tour
//
// Read scenes.go and reset.go; host.go is the service's own part.
package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/sqlstore"
)

func main() {
	dir, err := os.MkdirTemp("", "factor-tour-")
	if err == nil {
		fmt.Println("The files of this run are in", dir)
		err = run(os.Stdout, dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "tour:", err)
		os.Exit(1)
	}
}

// run prints the tour to w and keeps its files in dir.
func run(w io.Writer, dir string) (err error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "tour.db")+
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	t, err := newTour(w, dir, db)
	if err != nil {
		return err
	}
	for _, scene := range []func(){
		t.registration, t.deviceEnrolment, t.settingPIN, t.issuing, t.verifying,
		t.guessing, t.authenticator, t.theft, t.reset, t.wipe,
	} {
		scene()
	}
	if len(t.wrong) == 0 {
		fmt.Fprintln(w, "\nEverything was as promised.")
	}
	return errors.Join(t.wrong...)
}

// A tour holds the stage of all scenes: a host, and all views on one verifier.
type tour struct {
	host           *host
	verifier       *factor.Verifier
	pins           *factor.PINs
	issuer         *factor.OTPIssuer
	devices        *factor.DeviceTOTPEnroller
	authenticators *factor.AuthenticatorEnroller
	guard          *factor.ResetGuard
	admin          *factor.Admin

	phoneSecret string // what the phone keeps
	accountCode string // what alice reads

	ctx   context.Context
	db    *sql.DB
	dir   string
	w     io.Writer
	wrong []error // what was not as promised
}

// newTour shows all that embedding factor takes: a store, a key, the options.
func newTour(w io.Writer, dir string, db *sql.DB) (*tour, error) {
	ctx := context.Background()
	store, err := sqlstore.New(db, sqlstore.SQLite, nil)
	if err != nil {
		return nil, err
	}
	if err := store.Migrate(ctx); err != nil {
		return nil, err
	}
	key := make([]byte, 32) // a real one is kept outside of the database
	rand.Read(key)
	keyring, err := factor.NewKeyring(key)
	if err != nil {
		return nil, err
	}
	h := newHost()
	v, err := factor.NewVerifier(store, keyring, h.options())
	if err != nil {
		return nil, err
	}
	guard, err := factor.NewResetGuard(v)
	return &tour{
		host:           h,
		verifier:       v,
		pins:           factor.NewPINs(v),
		issuer:         factor.NewOTPIssuer(v),
		devices:        factor.NewDeviceTOTPEnroller(v),
		authenticators: factor.NewAuthenticatorEnroller(v),
		guard:          guard,
		admin:          factor.NewAdmin(v),
		ctx:            ctx, db: db, dir: dir, w: w,
	}, err
}
