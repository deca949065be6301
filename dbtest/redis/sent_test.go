package redis_test

import (
	"errors"
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest/server"
)

func TestSwapIsSentOnce(t *testing.T) {
	for name, c := range map[string]struct {
		retries int // after New has looked
		lies    bool
	}{
		"by a client":                  {0, false},
		"by a client that tries again": {3, true},
	} {
		t.Run(name, func(t *testing.T) {
			var wire cutter
			o := options(server.SharedRedis(t))
			o.Dialer = wire.dial
			client := connected(t, o)
			store := opened(t, client, newName())
			client.Options().MaxRetries = c.retries
			loseAnswer(t, store, &wire, c.lies)
		})
	}
}

// loseAnswer makes a swap whose answer is lost. Its outcome is open. A client that
// sends it once more lies: it finds its own version, and calls that a conflict.
func loseAnswer(t *testing.T, store factor.Store, wire *cutter, lies bool) {
	t.Helper()
	wire.arm(1)
	err := store.CompareAndSwap(t.Context(), "alice", 0, recordOf(7))
	if err == nil || errors.Is(err, factor.ErrConflict) != lies {
		t.Errorf("the swap whose answer is lost = %v; reported as a conflict: want %v", err, lies)
	}
	if r, err := store.Load(t.Context(), "alice"); r.Version != 7 || err != nil {
		t.Errorf("Load = version %d, %v; want what was stored, 7", r.Version, err)
	}
}

// The script goes with each swap, so that a server that has just been started, or
// promoted, knows it.
func TestSwapNeedsNoCachedScript(t *testing.T) {
	client := connected(t, options(server.SharedRedis(t)))
	store := opened(t, client, newName())
	for version := range int64(2) {
		if err := client.ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		if err := store.CompareAndSwap(t.Context(), "alice", version, recordOf(version+1)); err != nil {
			t.Errorf("after SCRIPT FLUSH the swap = %v", err)
		}
	}
}
