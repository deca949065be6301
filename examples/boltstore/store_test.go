package boltstore_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/examples/boltstore"
	"github.com/knowhave/factor/storetest"
	"go.etcd.io/bbolt"
)

func TestStoreKeepsTheContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) factor.Store {
		s := &restartable{path: filepath.Join(t.TempDir(), "factor.bolt")}
		if err := s.open(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.db.Close() })
		return s
	})
}

// A restartable is a Store whose file can be closed and opened again during use.
// That makes it a storetest.Interrupter.
type restartable struct {
	path  string
	db    *bbolt.DB
	store atomic.Pointer[boltstore.Store]
}

func (s *restartable) open() error {
	db, err := bbolt.Open(s.path, 0o600, &bbolt.Options{Timeout: 10 * time.Second})
	if err != nil {
		return err
	}
	store, err := boltstore.New(db)
	if err != nil {
		return err
	}
	s.db = db
	s.store.Store(store)
	return nil
}

func (s *restartable) Interrupt(context.Context) error {
	if err := s.db.Close(); err != nil {
		return err
	}
	return s.open()
}

func (s *restartable) Load(ctx context.Context, user string) (factor.Record, error) {
	return s.store.Load().Load(ctx, user)
}

func (s *restartable) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	return s.store.Load().CompareAndSwap(ctx, user, old, next)
}

func (s *restartable) List(ctx context.Context, after string, due time.Time, limit int) ([]string, error) {
	return s.store.Load().List(ctx, after, due, limit)
}

func (s *restartable) Versions(ctx context.Context, users []string) ([]int64, error) {
	return s.store.Load().Versions(ctx, users)
}

func TestStoreRefusesAFileThatForgets(t *testing.T) {
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "factor.bolt"), 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := boltstore.New(db); err == nil || !strings.Contains(err.Error(), "NoSync") {
		t.Fatalf("New on a file without sync = %v, want an error that says so", err)
	}
}

// A code is accepted once, even if the file was opened again in between.
func Example() {
	dir, err := os.MkdirTemp("", "boltstore")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	db, err := bbolt.Open(filepath.Join(dir, "factor.bolt"), 0o600, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	store, err := boltstore.New(db)
	if err != nil {
		log.Fatal(err)
	}
	key := make([]byte, 32) // yours comes from your secret store
	rand.Read(key)
	keyring, err := factor.NewKeyring(key)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := factor.NewVerifier(store, keyring, nil)
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	otp, err := factor.NewOTPIssuer(verifier).IssueUnproven(ctx, "alice", factor.KindAccount)
	if err != nil {
		log.Fatal(err)
	}
	match, err := verifier.VerifyOTP(ctx, "alice", otp.Code)
	fmt.Println(match.Kind, err)
	_, err = verifier.VerifyOTP(ctx, "alice", otp.Code)
	fmt.Println(err)
	// Output:
	// account <nil>
	// factor: account code is not the newest, or was used, tries left: 5
}
