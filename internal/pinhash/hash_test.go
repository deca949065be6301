package pinhash

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"golang.org/x/crypto/argon2"
	"pgregory.net/rapid"
)

// cheap is a cost below the options' bounds.
var cheap = Options{MemoryKiB: 64, Time: 1, Threads: 1, Parallel: 3}

// The reference implementation's tests (phc-winner-argon2, src/test.c).
func TestHashIsArgon2id(t *testing.T) {
	for _, c := range []struct {
		password, salt string
		memory, passes uint32
		threads        uint8
		want           string
	}{
		{"password", "somesalt", 256, 2, 1, "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe"},
		{"password", "somesalt", 256, 2, 2, "6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037"},
		{"password", "diffsalt", 65536, 2, 1, "bdf32b05ccc42eb15d58fd19b1f856b113da1e9a5874fdcc544308565aa8141c"},
	} {
		got := New(cheap).sum(c.password, Hash{Memory: c.memory, Time: c.passes, Threads: c.threads, Salt: []byte(c.salt)})
		if hex.EncodeToString(got) != c.want {
			t.Errorf("%s with %s: %x, want %s", c.password, c.salt, got, c.want)
		}
	}
}

// Each of OWASP's costs is enough, and nothing less.
func TestOnlyOWASPsCostsAreEnough(t *testing.T) {
	for _, o := range []Options{
		{MemoryKiB: 47104, Time: 1}, {MemoryKiB: 19456, Time: 2}, {MemoryKiB: 12288, Time: 3},
		{MemoryKiB: 9216, Time: 4}, {MemoryKiB: 7168, Time: 5},
	} {
		less, fewer, more := o, o, o
		less.MemoryKiB--
		fewer.Time--
		more.MemoryKiB, more.Time = MaxMemory, MaxTime
		if !o.Enough() || !more.Enough() || less.Enough() || fewer.Enough() {
			t.Errorf("%+v: %v; more: %v, less memory: %v, fewer passes: %v", o, o.Enough(), more.Enough(), less.Enough(), fewer.Enough())
		}
	}
}

func TestHashKeepsHowItWasMade(t *testing.T) {
	o := Options{MemoryKiB: 72, Time: 3, Threads: 2, Parallel: 1}
	h := New(o)
	a, err := h.Hash(t.Context(), "2580")
	if err != nil || a.Memory != 72 || a.Time != 3 || a.Threads != 2 || len(a.Salt) != 16 || len(a.Sum) != 32 {
		t.Fatalf("%+v, %v", a, err)
	}
	if want := argon2.IDKey([]byte("2580"), a.Salt, 3, 72, 2, 32); !bytes.Equal(a.Sum, want) {
		t.Fatal("the sum is another one's")
	}
	b, _ := h.Hash(t.Context(), "2580")
	if bytes.Equal(a.Salt, b.Salt) || bytes.Equal(a.Sum, b.Sum) || a.Equal(&b) {
		t.Fatal("one PIN hashed twice has one salt")
	}
	if !a.Equal(&a) || a.Equal(nil) || (*Hash)(nil).Equal(&a) || !(*Hash)(nil).Equal(nil) {
		t.Fatal("a hash is not the same as itself, or as none")
	}
	if a.Equal(&Hash{Salt: b.Salt, Sum: a.Sum}) || a.Equal(&Hash{Salt: a.Salt, Sum: b.Sum}) {
		t.Fatal("a hash of another salt or sum is the same")
	}
}

// A stored hash is compared at its own cost, and a right PIN is hashed anew if the
// options' cost differs; a wrong one never is.
func TestHashIsRenewedByTheRightPINOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cost := rapid.Custom(func(t *rapid.T) Options {
			return Options{rapid.Uint32Range(16, 18).Draw(t, "memory"), rapid.Uint32Range(1, 2).Draw(t, "passes"), rapid.Uint8Range(1, 2).Draw(t, "threads"), 1}
		})
		then, today := cost.Draw(t, "then"), cost.Draw(t, "today")
		stored := New(then).fresh("2580")
		pin := rapid.SampledFrom([]string{"2580", "2581", "25800", "258"}).Draw(t, "pin")
		h := New(today)
		calls := 0
		h.derive = func(password, salt []byte, time, memory uint32, threads uint8, size uint32) []byte {
			calls++
			return argon2.IDKey(password, salt, time, memory, threads, size)
		}
		v, err := h.Verify(t.Context(), pin, &stored)
		right := pin == "2580"
		if err != nil || v.Right != right {
			t.Fatalf("right %v, %v", v.Right, err)
		}
		if renewed := right && then != today; (v.Renewed != nil) != renewed || calls != 1 && !renewed {
			t.Fatalf("renewed %v after %d hashes, want %v", v.Renewed, calls, renewed)
		}
		if v.Renewed == nil {
			return
		}
		if !v.Renewed.costs(today) || bytes.Equal(v.Renewed.Salt, stored.Salt) {
			t.Fatalf("renewed as %+v at %+v", v.Renewed, today)
		}
		if again, err := h.Verify(t.Context(), pin, v.Renewed); err != nil || !again.Right || again.Renewed != nil {
			t.Fatalf("what was renewed is right %v, renewed %v, %v", again.Right, again.Renewed, err)
		}
	})
}

func TestHashIsValidWithASumAndAPass(t *testing.T) {
	for _, c := range []struct {
		h     Hash
		valid bool
	}{
		{Hash{Time: 1, Threads: 1, Sum: []byte{1}}, true}, // Argon2id takes 8 KiB where it is told less
		{Hash{Threads: 1, Sum: []byte{1}}, false},
		{Hash{Time: 1, Threads: 1}, false},
		{Hash{Threads: 1}, false},
	} {
		if c.h.Valid() != c.valid {
			t.Errorf("%+v: %v, want %v", c.h, !c.valid, c.valid)
		}
	}
}

// A user without a PIN costs one hash at the options' cost, and no PIN is right.
func TestNoPINCostsTheSame(t *testing.T) {
	h := New(cheap)
	var made []Options
	h.derive = func(_, salt []byte, time, memory uint32, threads uint8, size uint32) []byte {
		if len(salt) != 16 || size != 32 {
			t.Errorf("%d bytes of salt, %d of sum", len(salt), size)
		}
		made = append(made, Options{memory, time, threads, cheap.Parallel})
		return nil
	}
	for _, pin := range []string{"2580", "", "0000"} {
		if v, err := h.Verify(t.Context(), pin, nil); err != nil || v != (Verdict{}) {
			t.Errorf("%q without a PIN: %+v, %v", pin, v, err)
		}
	}
	if len(made) != 3 || made[0] != cheap {
		t.Errorf("hashed %+v, want thrice %+v", made, cheap)
	}
}

// At most Parallel hashes run at once; a waiting one leaves when its context ends,
// and frees nobody else's slot.
func TestHashesWaitForASlotOrTheirContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for parallel := 1; parallel <= 3; parallel++ {
			h := New(Options{MemoryKiB: 1, Time: 1, Threads: 1, Parallel: parallel})
			var running, done, left atomic.Int64
			gate := make(chan struct{})
			open := sync.OnceFunc(func() { close(gate) })
			defer open()
			h.derive = func([]byte, []byte, uint32, uint32, uint8, uint32) []byte {
				if running.Add(1) > int64(parallel) {
					t.Errorf("more than %d at once", parallel)
				}
				<-gate
				running.Add(-1)
				return make([]byte, 32)
			}
			ctx, cancel := context.WithCancel(t.Context())
			start := func(ctx context.Context, work func(context.Context) error) {
				go func() {
					switch err := work(ctx); {
					case err == nil:
						done.Add(1)
					case errors.Is(err, context.Canceled):
						left.Add(1)
					default:
						t.Errorf("a fault: %v", err)
					}
				}()
			}
			verify := func(ctx context.Context) error { _, err := h.Verify(ctx, "2580", nil); return err }
			hash := func(ctx context.Context) error { _, err := h.Hash(ctx, "2580"); return err }
			for range parallel {
				start(t.Context(), verify)
			}
			synctest.Wait()
			for range 5 {
				start(t.Context(), verify)
				start(t.Context(), hash)
				start(ctx, verify)
				start(ctx, hash)
			}
			synctest.Wait()
			if running.Load() != int64(parallel) || done.Load() != 0 {
				t.Fatalf("%d of %d slots in use, %d done", running.Load(), parallel, done.Load())
			}
			cancel()
			synctest.Wait()
			if left.Load() != 10 || running.Load() != int64(parallel) {
				t.Fatalf("%d of 10 left, %d running", left.Load(), running.Load())
			}
			open()
			synctest.Wait()
			if done.Load() != int64(parallel)+10 {
				t.Fatalf("%d done", done.Load())
			}
			if len(h.slots) != 0 {
				t.Fatalf("%d slots are not given back", len(h.slots))
			}
		}
	})
}

// A caller who has gone gets no slot, not even a free one, and a panic frees its
// slot.
func TestHashSlotsAreGivenBack(t *testing.T) {
	h := New(cheap)
	h.derive = func([]byte, []byte, uint32, uint32, uint8, uint32) []byte { panic("broken") }
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 {
		if _, err := h.Hash(gone, "2580"); !errors.Is(err, context.Canceled) {
			t.Fatalf("hashed for one who has gone: %v", err)
		}
		if _, err := h.Verify(gone, "2580", nil); !errors.Is(err, context.Canceled) {
			t.Fatalf("judged for one who has gone: %v", err)
		}
		if !panics(func() { _, _ = h.Hash(t.Context(), "2580") }) || !panics(func() { _, _ = h.Verify(t.Context(), "2580", nil) }) {
			t.Fatal("no panic")
		}
	}
	if len(h.slots) != 0 {
		t.Fatalf("%d slots are lost", len(h.slots))
	}
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return false
}
