package threats

import (
	"context"
	"time"

	"github.com/knowhave/factor"
)

// A tappedStore is a store whose calls go as the script says.
type tappedStore struct {
	factor.Store
	s *script
}

func (t *tappedStore) Load(ctx context.Context, user string) (factor.Record, error) {
	f := t.s.enter("Store.Load")
	if f == serves {
		return t.s.old, nil
	}
	if err := t.s.before(ctx, f); err != nil {
		return factor.Record{}, err
	}
	return t.Store.Load(ctx, user)
}

func (t *tappedStore) List(ctx context.Context, after string, due time.Time, limit int) ([]string, error) {
	if err := t.s.host(ctx, "Store.List"); err != nil {
		return nil, err
	}
	return t.Store.List(ctx, after, due, limit)
}

func (t *tappedStore) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	f := t.s.enter("Store.CompareAndSwap")
	apply := func() error {
		return t.Store.CompareAndSwap(context.WithoutCancel(ctx), user, old, next)
	}
	switch f {
	case failsAfter, conflictAfter, panicsAfter, hangsAfter, overtaken:
		if err := apply(); err != nil {
			return err
		}
	case late, twice:
		t.s.postpone(func() { _ = apply() })
	}
	switch f {
	case failsAfter, late:
		return errFault
	case overtaken:
		t.s.foreign()
		return errFault
	case conflictAfter:
		return factor.ErrConflict
	case panicsAfter:
		panic(errFault)
	case hangsAfter:
		return hang(ctx)
	}
	if err := t.s.before(ctx, f); err != nil {
		return err
	}
	return t.Store.CompareAndSwap(ctx, user, old, next)
}

// A tappedSealer is a sealer whose calls go as the script says.
type tappedSealer struct {
	factor.Sealer
	s *script
}

func (t *tappedSealer) Encrypt(plaintext, associatedData []byte) ([]byte, error) {
	if err := t.s.host(context.Background(), "Sealer.Encrypt"); err != nil {
		return nil, err
	}
	return t.Sealer.Encrypt(plaintext, associatedData)
}

func (t *tappedSealer) Decrypt(ciphertext, associatedData []byte) ([]byte, error) {
	if err := t.s.host(context.Background(), "Sealer.Decrypt"); err != nil {
		return nil, err
	}
	return t.Sealer.Decrypt(ciphertext, associatedData)
}
