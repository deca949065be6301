// Package boltstore keeps records in a file of go.etcd.io/bbolt. It is the worked
// example of docs/stores.md: a factor.Store whose every line is there for a
// clause of the contract.
package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/knowhave/factor"
	"go.etcd.io/bbolt"
)

// The two buckets. Their keys are users, which bbolt keeps in byte order.
var (
	records = []byte("factor records") // the version in 8 bytes, then Data
	dues    = []byte("factor dues")    // Due in milliseconds since 1970; only of users who have one
)

// Store is a factor.Store in a bbolt file. Make one with New. Its methods may be
// called from many goroutines at once. bbolt locks the file, so that one process
// at a time has it open.
type Store struct {
	db *bbolt.DB
}

var (
	_ factor.Store         = (*Store)(nil)
	_ factor.VersionLister = (*Store)(nil) // optional
)

// New returns a Store in db, which stays the host's to close. It refuses a db
// that would forget what it has acknowledged.
func New(db *bbolt.DB) (*Store, error) {
	if db.NoSync {
		return nil, errors.New("boltstore: NoSync forgets the last commits when the power goes: open the file without it")
	}
	err := db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{records, dues} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("boltstore: creating the buckets: %w", err)
	}
	return &Store{db}, nil
}

// Load returns the user's record without its Due, or the zero Record if there is
// none.
func (s *Store) Load(ctx context.Context, user string) (factor.Record, error) {
	var r factor.Record
	err := s.view(ctx, func(tx *bbolt.Tx) {
		if stored := tx.Bucket(records).Get([]byte(user)); stored != nil {
			// What Get returns is the file itself, and only until the
			// transaction ends: hence the copy.
			r = factor.Record{Version: version(stored), Data: bytes.Clone(stored[8:])}
		}
	})
	return r, err
}

// CompareAndSwap replaces the user's record by next, or removes it if next is
// zero, provided that the stored version is old; 0 stands for no record. After
// an error that does not match factor.ErrConflict the outcome is open.
func (s *Store) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	err := s.db.Update(func(tx *bbolt.Tx) error {
		// bbolt lets one writer in at a time, and the wait knows no context.
		if err := ctx.Err(); err != nil {
			return err
		}
		if version(tx.Bucket(records).Get([]byte(user))) != old {
			return factor.ErrConflict // and Update rolls back: nothing was written
		}
		return put(tx, []byte(user), next)
	})
	// Update has returned nil only if the commit is on the disk. What it says of
	// a commit that failed is passed on as it is, never as a conflict.
	if err != nil {
		return fmt.Errorf("boltstore: swap: %w", err)
	}
	return nil
}

// put writes both buckets in the one transaction, so that no Due outlives its
// record.
func put(tx *bbolt.Tx, user []byte, next factor.Record) error {
	if next.IsZero() {
		return errors.Join(tx.Bucket(records).Delete(user), tx.Bucket(dues).Delete(user))
	}
	stored := binary.BigEndian.AppendUint64(nil, uint64(next.Version))
	if err := tx.Bucket(records).Put(user, append(stored, next.Data...)); err != nil {
		return err
	}
	if next.Due.IsZero() {
		return tx.Bucket(dues).Delete(user)
	}
	return tx.Bucket(dues).Put(user, binary.BigEndian.AppendUint64(nil, uint64(next.Due.UnixMilli())))
}

// List returns up to limit users after the given one in byte order; with due not
// zero, those whose Due is in the same millisecond or before it. It then looks at
// each user who has a Due, which those with nothing but a PIN and devices do not.
func (s *Store) List(ctx context.Context, after string, due time.Time, limit int) ([]string, error) {
	bucket := records
	if !due.IsZero() {
		bucket = dues
	}
	var users []string
	err := s.view(ctx, func(tx *bbolt.Tx) {
		c := tx.Bucket(bucket).Cursor()
		user, value := c.Seek([]byte(after + "\x00")) // the first key after the given one
		for ; user != nil && len(users) < limit; user, value = c.Next() {
			if due.IsZero() || int64(binary.BigEndian.Uint64(value)) <= due.UnixMilli() {
				users = append(users, string(user))
			}
		}
	})
	return users, err
}

// Versions returns the version of each user's record in the order asked, 0 for a
// user who has none.
func (s *Store) Versions(ctx context.Context, users []string) ([]int64, error) {
	versions := make([]int64, len(users))
	err := s.view(ctx, func(tx *bbolt.Tx) {
		for i, user := range users {
			versions[i] = version(tx.Bucket(records).Get([]byte(user)))
		}
	})
	if err != nil {
		return nil, err
	}
	return versions, nil
}

// view reads from one snapshot.
func (s *Store) view(ctx context.Context, read func(tx *bbolt.Tx)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := s.db.View(func(tx *bbolt.Tx) error {
		read(tx)
		return nil
	})
	if err != nil {
		return fmt.Errorf("boltstore: reading: %w", err)
	}
	return nil
}

// version returns the version of what is stored, 0 where nothing is.
func version(stored []byte) int64 {
	if stored == nil {
		return 0
	}
	return int64(binary.BigEndian.Uint64(stored))
}
