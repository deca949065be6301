package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/sqlstore"
)

// factors holds the views on one Verifier that the operations call.
type factors struct {
	verifier *factor.Verifier
	pins     *factor.PINs
	issuer   *factor.OTPIssuer
	devices  *factor.DeviceTOTPEnroller
	guard    *factor.ResetGuard
	admin    *factor.Admin
}

// newFactors shows all that embedding factor takes: a store, a key, the options.
func newFactors(ctx context.Context, db *database, keyFile string, opts *factor.Options) (*factors, error) {
	store, err := sqlstore.New(db.DB, db.dialect, nil)
	if err != nil {
		return nil, err
	}
	if err := store.Migrate(ctx); err != nil {
		return nil, err
	}
	key, err := loadKey(keyFile)
	if err != nil {
		return nil, err
	}
	keyring, err := factor.NewKeyring(key)
	if err != nil {
		return nil, err
	}
	v, err := factor.NewVerifier(store, keyring, opts)
	if err != nil {
		return nil, err
	}
	guard, err := factor.NewResetGuard(v)
	if err != nil {
		return nil, err
	}
	return &factors{
		verifier: v,
		pins:     factor.NewPINs(v),
		issuer:   factor.NewOTPIssuer(v),
		devices:  factor.NewDeviceTOTPEnroller(v),
		guard:    guard,
		admin:    factor.NewAdmin(v),
	}, nil
}

// loadKey reads the key that seals the records, and creates it if there is no file.
// A real service gets its key from a secret store or a KMS, and keeps it off the
// disks and backups of the database.
func loadKey(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		key := make([]byte, 32)
		rand.Read(key)
		return key, os.WriteFile(file, []byte(hex.EncodeToString(key)+"\n"), 0o600)
	}
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("the key in %s must be 64 hexadecimal digits", file)
	}
	return key, nil
}
