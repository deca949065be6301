package factor

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
	"github.com/knowhave/factor/internal/pinhash"
)

// fuzzWorld is one call of FuzzCalls: a store of one record, sealed by nothing,
// and a host that writes down what it is asked.
type fuzzWorld struct {
	*testing.T
	c     fuzzCall
	v     *Verifier
	guard *ResetGuard
	admin *Admin

	opts    Options          // with the defaults filled in
	before  *account.Account // empty if there is no record or it does not open
	sealed  bool             // the record does not open
	mu      sync.Mutex
	stored  Record
	calls   int // of the store
	swaps   int
	asked   int // calls of the host's functions but Now
	written []string
}

func newFuzzWorld(t *testing.T, c fuzzCall) *fuzzWorld {
	w := &fuzzWorld{T: t, c: c, before: &account.Account{}}
	if len(c.record) > 0 {
		w.stored = Record{Data: bytes.Clone(c.record), Version: 1}
		a, err := accounttest.Decode(c.record)
		if w.sealed = err != nil; !w.sealed {
			w.before = a
		}
	}
	o := c.options()
	o.Now = c.now
	o.CheckPassword = func(_ context.Context, _, password string) (bool, error) {
		w.asked++
		return strings.HasPrefix(password, "right"), nil
	}
	o.RegisteredAt = func(context.Context, string) (time.Time, error) {
		w.asked++
		if c.bit(20) {
			return c.now(), nil
		}
		return time.Time{}, nil
	}
	o.Wipe = w.wipe
	o.Observe = func(_ context.Context, e Event) {
		w.asked++
		if e.Err != nil {
			w.written = append(w.written, e.Err.Error())
		}
	}
	var err error
	if w.v, err = NewVerifier(w, w, &o); err != nil {
		t.Fatal(err)
	}
	w.opts = w.v.opts
	pinhash.Replace(w.v, func(password, _ []byte, _, _ uint32, _ uint8, _ uint32) []byte { return fuzzHash(password) })
	w.admin = NewAdmin(w.v)
	if w.guard, err = NewResetGuard(w.v); err != nil {
		t.Fatal(err)
	}
	return w
}

// wipe fails if the wipe was not marked before it is asked for.
func (w *fuzzWorld) wipe(_ context.Context, asked Wipe) error {
	w.asked++
	a, err := accounttest.Decode(w.stored.Data)
	if err != nil || !a.Guard.Wipe.Pending() || a.Guard.Wipe.ID != asked.ID || asked.User != w.c.user {
		w.Fatalf("asked for %+v, which is not marked in the record: %v", asked, err)
	}
	if w.c.bit(21) {
		return errFuzz
	}
	return nil
}

func (w *fuzzWorld) Load(context.Context, string) (Record, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls++
	return w.stored, nil
}

func (w *fuzzWorld) CompareAndSwap(_ context.Context, user string, old int64, next Record) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls++
	w.swaps++
	if old != w.stored.Version || user != w.c.user {
		w.Fatalf("swapped version %d of %q for %q", old, w.c.user, user)
	}
	if !next.IsZero() {
		a, err := accounttest.Decode(next.Data)
		if err != nil {
			w.Fatalf("stored what does not open: %x", next.Data)
		}
		if bad := accounttest.OutOfBounds(a); bad != "" {
			w.Fatalf("stored out of bounds: %s", bad)
		}
		if next.Version <= 0 || next.Version >= 1<<53 || next.Version == old || !next.Due.Equal(a.Due()) {
			w.Fatalf("stored version %d after %d, due at %v, and it ends at %v", next.Version, old, next.Due, a.Due())
		}
	}
	w.stored = next
	return nil
}

func (w *fuzzWorld) List(_ context.Context, after string, _ time.Time, _ int) ([]string, error) {
	w.calls++
	if w.stored.Version != 0 && w.c.user > after {
		return []string{w.c.user}, nil
	}
	return nil, nil
}

func (w *fuzzWorld) Encrypt(plain, _ []byte) ([]byte, error)  { return plain, nil }
func (w *fuzzWorld) Decrypt(sealed, _ []byte) ([]byte, error) { return sealed, nil }

func (w *fuzzWorld) device() uuid.UUID { return w.c.device(w.before) }
