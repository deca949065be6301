package factor

import (
	"context"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"time"

	"github.com/knowhave/factor/internal/account"
)

// maxBackoff bounds the wait before a lost swap is tried again.
const maxBackoff = 100 * time.Millisecond

// read loads and opens the account, for looking only.
func (v *Verifier) read(ctx context.Context, user string) (*account.Account, error) {
	rec, err := v.load(ctx, user)
	if err != nil {
		return nil, err
	}
	return v.open(user, rec)
}

func (v *Verifier) load(ctx context.Context, user string) (rec Record, err error) {
	err = callHost("Store.Load", func() (err error) {
		rec, err = v.store.Load(ctx, user)
		return err
	})
	return rec, err
}

// reload loads after a swap that was not answered with nil, at once the first
// time and then after a wait, longer each time and drawn at random, so that
// processes that meet on one user do not meet again.
func (v *Verifier) reload(ctx context.Context, user string, try int) (Record, error) {
	if try > 0 {
		longest := min(time.Millisecond<<min(try, 10), maxBackoff)
		wait := time.NewTimer(mathrand.N(longest))
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-ctx.Done():
			return Record{}, ctx.Err()
		}
	}
	return v.load(ctx, user)
}

func (v *Verifier) swap(ctx context.Context, user string, old int64, next Record) error {
	return callHost("Store.CompareAndSwap", func() error {
		return v.store.CompareAndSwap(ctx, user, old, next)
	})
}

// labelOf returns the associated data that binds a sealed record to its user.
func labelOf(user string) []byte {
	const front = "factor record of "
	return append(append(make([]byte, 0, len(front)+len(user)), front...), user...)
}

func (v *Verifier) seal(label, plain []byte) (data []byte, err error) {
	err = callHost("Sealer.Encrypt", func() (err error) {
		data, err = v.sealer.Encrypt(plain, label)
		return err
	})
	if err == nil && len(data) == 0 {
		err = errors.New("factor: Sealer.Encrypt returned nothing")
	}
	return data, err
}

// unseal returns what a record holds, or an error that matches ErrUnsealed.
func (v *Verifier) unseal(label []byte, rec Record) (s state, err error) {
	s.absent = rec.Version == 0
	if s.absent && len(rec.Data) == 0 {
		return s, nil
	}
	err = callHost("Sealer.Decrypt", func() (err error) {
		s.plain, err = v.sealer.Decrypt(rec.Data, label)
		return err
	})
	if err != nil {
		return state{absent: s.absent}, fmt.Errorf("%w: %w", ErrUnsealed, err)
	}
	if s.plain == nil {
		s.plain = []byte{} // there was something, which is not taken for nothing
	}
	return s, nil
}

// open returns the account of a record, an empty one if there is no record, or
// an error that matches ErrUnsealed.
func (v *Verifier) open(user string, rec Record) (*account.Account, error) {
	s, err := v.unseal(labelOf(user), rec)
	if err != nil {
		return nil, err
	}
	a := &account.Account{}
	if err := s.open(a); err != nil {
		return nil, err
	}
	return a, nil
}
