package pinhash

import (
	"sync/atomic"
	"testing"
)

// The stand-in for Argon2id distinguishes PINs and salts, is counted, and reports
// its cost.
func TestCheapHashStandsInForArgon2id(t *testing.T) {
	before := Of
	t.Cleanup(func() { Of = before })
	Of = func(v any) *Hasher { return v.(*Hasher) }

	h := New(Options{MemoryKiB: MaxMemory, Time: MaxTime, Threads: 3, Parallel: 4})
	var calls atomic.Int64
	var traced int
	Cheapen(h, &calls)
	Trace(h, func(memoryKiB, time uint32, threads uint8) {
		if traced++; memoryKiB != MaxMemory || time != MaxTime || threads != 3 {
			t.Errorf("hash %d costs %d KiB, %d passes, %d threads", traced, memoryKiB, time, threads)
		}
	})
	stored, err := h.Hash(t.Context(), "2580")
	if err != nil || !stored.Valid() {
		t.Fatalf("%+v, %v", stored, err)
	}
	other := stored
	other.Salt = []byte("another salt")
	for _, c := range []struct {
		pin    string
		stored Hash
		right  bool
	}{{"2580", stored, true}, {"2581", stored, false}, {"2580", other, false}} {
		if v, err := h.Verify(t.Context(), c.pin, &c.stored); err != nil || v != (Verdict{Right: c.right}) {
			t.Errorf("%s with %+v: %+v, %v; want %v", c.pin, c.stored, v, err, c.right)
		}
	}
	if calls.Load() != 4 || traced != 4 {
		t.Errorf("%d hashes counted and %d traced, want 4", calls.Load(), traced)
	}

	Cheapen(h, nil)
	if _, err := h.Hash(t.Context(), "2580"); err != nil || calls.Load() != 4 {
		t.Errorf("%d hashes counted, %v", calls.Load(), err)
	}
}
