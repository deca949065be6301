package commands

import (
	"context"
	"reflect"
	"sync"
	"time"

	"github.com/knowhave/factor"
)

// A dryStore reads from a store and keeps writes in memory.
type dryStore struct {
	factor.Store
	mu      sync.Mutex
	written map[string]factor.Record
}

func newDryStore(s factor.Store) *dryStore {
	return &dryStore{Store: s, written: map[string]factor.Record{}}
}

func (d *dryStore) Load(ctx context.Context, user string) (factor.Record, error) {
	d.mu.Lock()
	r, ok := d.written[user]
	d.mu.Unlock()
	if ok {
		return r, nil
	}
	return d.Store.Load(ctx, user)
}

func (d *dryStore) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	is, err := d.Load(ctx, user)
	if err != nil {
		return err
	}
	if is.Version != old {
		return factor.ErrConflict
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.written[user] = next
	return nil
}

func (d *dryStore) List(context.Context, string, time.Time, int) ([]string, error) {
	panic("a dry run lists no users")
}

// withoutFunctions returns options without functions, except the clock, so that they
// tell and delete nothing.
func withoutFunctions(o *factor.Options) *factor.Options {
	if o == nil {
		return &factor.Options{}
	}
	dry := *o
	for field, value := range reflect.ValueOf(&dry).Elem().Fields() {
		if value.Kind() == reflect.Func && field.Name != "Now" {
			value.SetZero()
		}
	}
	return &dry
}
