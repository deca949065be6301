package factor

import (
	"context"
	"errors"
	"fmt"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/commit"
	"github.com/knowhave/factor/internal/pinhash"
)

// records opens and seals the records of the host's store. It implements
// commit.Records.
type records struct {
	store  Store
	sealer Sealer
}

func (r *records) Load(ctx context.Context, user string) (commit.Record, error) {
	var rec Record
	err := callHost("Store.Load", func() (err error) {
		rec, err = r.store.Load(ctx, user)
		return err
	})
	return commit.Record(rec), err
}

func (r *records) Swap(ctx context.Context, user string, old int64, next commit.Record) error {
	return callHost("Store.CompareAndSwap", func() error {
		return r.store.CompareAndSwap(ctx, user, old, Record(next))
	})
}

// Label returns the associated data that binds a sealed record to its user.
func (*records) Label(user string) []byte {
	const front = "factor record of "
	return append(append(make([]byte, 0, len(front)+len(user)), front...), user...)
}

func (r *records) Seal(label, plain []byte) (data []byte, err error) {
	err = callHost("Sealer.Encrypt", func() (err error) {
		data, err = r.sealer.Encrypt(plain, label)
		return err
	})
	if err == nil && len(data) == 0 {
		err = errors.New("factor: Sealer.Encrypt returned no data")
	}
	return data, err
}

// Open returns the state in a record, or an error that matches ErrUnsealed.
func (r *records) Open(label []byte, rec commit.Record) (s commit.State, err error) {
	s.Absent = rec.Version == 0
	if s.Absent && len(rec.Data) == 0 {
		return s, nil
	}
	err = callHost("Sealer.Decrypt", func() (err error) {
		s.Plain, err = r.sealer.Decrypt(rec.Data, label)
		return err
	})
	if err != nil {
		return commit.State{Absent: s.Absent}, fmt.Errorf("%w: %w", ErrUnsealed, err)
	}
	if s.Plain == nil {
		s.Plain = []byte{} // not nil: there is a record
	}
	return s, nil
}

// read loads and opens the account, for reading only.
func (v *Verifier) read(ctx context.Context, user string) (*account.Account, error) {
	a, _, err := v.readVersion(ctx, user)
	return a, err
}

// readVersion is read that also returns the record's version.
func (v *Verifier) readVersion(ctx context.Context, user string) (*account.Account, int64, error) {
	rec, err := v.records.Load(ctx, user)
	if err != nil {
		return nil, 0, err
	}
	a, err := v.open(user, rec)
	return a, rec.Version, err
}

// open returns the account of a record, an empty one if there is no record, or an
// error that matches ErrUnsealed.
func (v *Verifier) open(user string, rec commit.Record) (*account.Account, error) {
	s, err := v.records.Open(v.records.Label(user), rec)
	if err != nil {
		return nil, err
	}
	a := &account.Account{}
	if err := decode(s, a); err != nil {
		return nil, err
	}
	return a, nil
}

// decode decodes a state into an empty account, and leaves it empty if there is no
// record. Its error matches ErrUnsealed.
func decode(s commit.State, a *account.Account) error {
	if s.Absent && s.Plain == nil {
		return nil
	}
	err := a.Decode(s.Plain)
	switch {
	case errors.Is(err, account.ErrNewer):
		return ErrNewerFormat
	case err == nil && a.PIN != nil && !pinhash.Hash(a.PIN.Hash).Valid():
		err = account.ErrDamaged
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnsealed, err)
	}
	return nil
}
