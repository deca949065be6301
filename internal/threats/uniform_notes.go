package threats

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/knowhave/factor"
)

// answered writes an error out in full.
func answered(err error) string {
	texts := map[string]bool{}
	for name, sentinel := range map[string]error{
		"mismatch": factor.ErrMismatch, "locked": factor.ErrLocked, "malformed": factor.ErrMalformed, "weak PIN": factor.ErrWeakPIN,
		"not enrolled": factor.ErrNotEnrolled, "unknown device": factor.ErrUnknownDevice, "device limit": factor.ErrDeviceLimit,
		"wiped": factor.ErrWiped, "wipe pending": factor.ErrWipePending, "no credential": factor.ErrNoCredential,
	} {
		texts[name] = errors.Is(err, sentinel)
	}
	maps.DeleteFunc(texts, func(_ string, is bool) bool { return !is })
	text := fmt.Sprintf("%T %v %q", err, slices.Sorted(maps.Keys(texts)), fmt.Sprint(err))
	if m, ok := errors.AsType[*factor.MismatchError](err); ok {
		text += fmt.Sprintf(" %+v", *m)
	}
	if l, ok := errors.AsType[*factor.LockedError](err); ok {
		text += fmt.Sprintf(" %+v", *l)
	}
	return text
}

// size is left out where records differ by what their users hold.
var size = regexp.MustCompile(`[0-9]+ bytes|due .*`)

// notedStore writes the calls of a store down.
type notedStore struct {
	factor.Store
	u *uniform
}

func (s *notedStore) Load(ctx context.Context, user string) (factor.Record, error) {
	r, err := s.Store.Load(ctx, user)
	s.u.note("Load: %d bytes", len(r.Data))
	return r, err
}

func (s *notedStore) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	s.u.note("CompareAndSwap: old %v, next %v, %d bytes, due %v", old != 0, !next.IsZero(), len(next.Data), next.Due)
	return s.Store.CompareAndSwap(ctx, user, old, next)
}

// notedSealer writes the calls of a sealer down.
type notedSealer struct {
	factor.Sealer
	u *uniform
}

func (s *notedSealer) Encrypt(plaintext, associatedData []byte) ([]byte, error) {
	s.u.note("Encrypt: %d bytes", len(plaintext))
	return s.Sealer.Encrypt(plaintext, associatedData)
}

func (s *notedSealer) Decrypt(ciphertext, associatedData []byte) ([]byte, error) {
	s.u.note("Decrypt: %d bytes", len(ciphertext))
	return s.Sealer.Decrypt(ciphertext, associatedData)
}

// noted returns the options with functions that write their calls down.
func (u *uniform) noted(o *factor.Options) *factor.Options {
	n := *o
	n.Now = func() time.Time { u.note("Now"); return o.Now() }
	n.CheckPassword = func(ctx context.Context, user, password string) (bool, error) {
		u.note("CheckPassword")
		return o.CheckPassword(ctx, user, password)
	}
	n.RegisteredAt = func(ctx context.Context, user string) (time.Time, error) {
		u.note("RegisteredAt")
		return o.RegisteredAt(ctx, user)
	}
	n.Wipe = func(ctx context.Context, w factor.Wipe) error { u.note("Wipe"); return o.Wipe(ctx, w) }
	n.Observe = func(ctx context.Context, e factor.Event) {
		u.note("Observe: %s [%s] %s, %d left, until %v, %s", e.Action, e.Kind, e.Device, e.Remaining, e.Until, answered(e.Err))
		o.Observe(ctx, e)
	}
	return &n
}
