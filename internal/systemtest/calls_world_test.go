package systemtest

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/pinhash"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
)

func deviceID(n int) uuid.UUID { return translate.DeviceID(spec.Name(n)) }

// A fuzzWorld is one run of FuzzCalls: a store with one unsealed record, and a host
// that records its calls.
type fuzzWorld struct {
	*testing.T
	c       fuzzCall
	views   *translate.Views
	reader  *recordReader
	options spec.Options

	state   spec.State // what the record holds
	sealed  bool       // the record does not open
	mu      sync.Mutex
	stored  factor.Record
	calls   int // of the store
	swaps   int
	asked   int // calls of the host's functions but Now
	events  []factor.Event
	told    []spec.Notice // Notify was called with
	written []string
}

func newFuzzWorld(t *testing.T, c fuzzCall, record []byte) *fuzzWorld {
	w := &fuzzWorld{T: t, c: c, reader: newRecordReader(translate.DeviceName, c.purpose())}
	if len(record) > 0 {
		w.stored = dueNow(factor.Record{Data: bytes.Clone(record), Version: 1}, c.now())
		var err error
		w.state, err = w.reader.Read(w.stored)
		w.sealed = err != nil
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
	o.Observe = func(_ context.Context, e factor.Event) {
		w.asked++
		w.events = append(w.events, e)
		if e.Err != nil {
			w.written = append(w.written, e.Err.Error())
		}
	}
	if c.bit(43) {
		o.Notify = w.notify
	}
	v, err := factor.NewVerifier(w, w, &o)
	if err != nil {
		t.Fatal(err)
	}
	pinhash.Replace(v, func(password, _ []byte, _, _ uint32, _ uint8, _ uint32) []byte { return fuzzHash(password) })
	w.views, w.options = translate.NewViews(v), translate.Options(&o)
	return w
}

// wipe fails if the wipe was not marked before this call.
func (w *fuzzWorld) wipe(_ context.Context, asked factor.Wipe) error {
	w.asked++
	s, err := w.reader.Read(w.stored)
	if err != nil || s.Wipe.Stage != spec.Pending || s.Wipe.ID != w.reader.Wipes[asked.ID] || asked.User != w.c.user {
		w.Fatalf("asked for %+v, which is not marked in the record: %v", asked, err)
	}
	if w.c.bit(21) {
		return errFuzz
	}
	return nil
}

func (w *fuzzWorld) Load(context.Context, string) (factor.Record, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls++
	return w.stored, nil
}

func (w *fuzzWorld) CompareAndSwap(_ context.Context, user string, old int64, next factor.Record) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls++
	w.swaps++
	if old != w.stored.Version || user != w.c.user {
		w.Fatalf("swapped version %d of %q for %q", old, w.c.user, user)
	}
	if !next.IsZero() {
		if _, err := w.reader.Read(next); err != nil {
			w.Fatalf("stored what does not open: %x, %v", next.Data, err)
		}
		if next.Version <= 0 || next.Version >= 1<<53 || next.Version == old {
			w.Fatalf("stored version %d after %d", next.Version, old)
		}
	}
	w.stored = next
	return nil
}

func (w *fuzzWorld) List(_ context.Context, after string, due time.Time, _ int) ([]string, error) {
	w.calls++
	if w.stored.Version != 0 && w.c.user > after {
		return []string{w.c.user}, nil
	}
	return nil, nil
}

func (w *fuzzWorld) Encrypt(plain, _ []byte) ([]byte, error)  { return plain, nil }
func (w *fuzzWorld) Decrypt(sealed, _ []byte) ([]byte, error) { return sealed, nil }
