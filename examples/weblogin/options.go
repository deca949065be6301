package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/sqlstore"
)

// issuer is the name that authenticator apps show.
const issuer = "Weblogin"

// A config holds the settings of an app.
type config struct {
	Database, KeyFile string           // files
	Base              string           // the address that links in mails begin with
	Now               func() time.Time // nil: time.Now
	Burst             int              // posts that one address may send at once; 0: 30
	Log               *slog.Logger
}

// options returns all that factor needs from a host. The rest has defaults.
func (a *app) options() *factor.Options {
	return &factor.Options{
		CheckPassword: a.users.checkPassword,
		Wipe:          a.wallet.wipe,
		Notify:        a.notify,
		Observe:       factor.LogEvents(a.log),
		Now:           a.now,
		// The proof for a change is the password or a code of the authenticator, in
		// a session past both factors. By default a mailed code would do, and the
		// mailbox alone could replace the authenticator.
		ProofKinds: []factor.Kind{factor.KindTOTP},
		OTP: factor.OTPOptions{
			Interval: 10 * time.Second, // bounds the mails
			Resend:   true,             // a late mail holds the same code
		},
		TOTP: factor.TOTPOptions{Issuer: issuer},
		Reset: factor.ResetOptions{
			// A PIN that a thief has just set proves nothing. A minute, so that you
			// can try it: choose hours.
			MinAge: time.Minute,
		},
	}
}

// embed makes the verifier and its views.
func (a *app) embed(ctx context.Context, keyFile string) error {
	store, err := sqlstore.New(a.db, sqlstore.SQLite, nil)
	if err != nil {
		return err
	}
	if err := store.Migrate(ctx); err != nil {
		return err
	}
	key, err := readKey(keyFile)
	if err != nil {
		return err
	}
	keyring, err := factor.NewKeyring(key)
	if err != nil {
		return err
	}
	v, err := factor.NewVerifier(store, keyring, a.options())
	if err != nil {
		return err
	}
	a.verifier, a.admin = v, factor.NewAdmin(v)
	a.pins, a.codes = factor.NewPINs(v), factor.NewOTPIssuer(v)
	a.authenticators, a.recovery = factor.NewAuthenticatorEnroller(v), factor.NewRecoveryCodes(v)
	a.guard, err = factor.NewResetGuard(v)
	return err
}

// readKey reads the key that seals the records, or creates it. A real service takes
// it from a secret store: beside the database it protects nothing.
func readKey(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		key := make([]byte, 32)
		rand.Read(key)
		return key, os.WriteFile(file, []byte(hex.EncodeToString(key)), 0o600)
	}
	if err != nil {
		return nil, err
	}
	return hex.DecodeString(strings.TrimSpace(string(text)))
}
