// Package pinhash hashes PINs with Argon2id, a bounded number at once, and checks
// PINs against the hashes of other systems. It is the one place where tests make
// hashing cheap: see Cheapen.
package pinhash

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"

	"golang.org/x/crypto/argon2"
)

// The bounds of Options.
const (
	MaxMemory = 4 << 20 // KiB
	MaxTime   = 1 << 10
)

const (
	saltSize = 16
	sumSize  = 32
)

// floors are the costs that OWASP's Password Storage Cheat Sheet holds equivalent
// for Argon2id.
var floors = [...]struct{ memory, time uint32 }{{47104, 1}, {19456, 2}, {12288, 3}, {9216, 4}, {7168, 5}}

// Options sets what a hash costs. No field may be zero.
type Options struct {
	MemoryKiB uint32 // at most MaxMemory
	Time      uint32 // passes, at most MaxTime
	Threads   uint8
	Parallel  int // hashes that are computed at once; further ones wait
}

// Enough reports whether the cost is at least one of OWASP's.
func (o Options) Enough() bool {
	for _, floor := range floors {
		if o.MemoryKiB >= floor.memory && o.Time >= floor.time {
			return true
		}
	}
	return false
}

// A Hash is an Argon2id hash with the parameters that made it, or the hash of
// another system. The latter has only a Sum, which is its text: see Import.
type Hash struct {
	Memory  uint32 // KiB
	Time    uint32
	Threads uint8
	Salt    []byte
	Sum     []byte
}

// imported reports whether another system made the hash.
func (h Hash) imported() bool { return h.Threads == 0 }

// Valid reports whether Verify can compare a PIN with the hash.
func (h Hash) Valid() bool {
	if h.imported() {
		_, reason := parseImported(string(h.Sum))
		return reason == "" && h.Memory == 0 && h.Time == 0 && len(h.Salt) == 0
	}
	return len(h.Sum) > 0 && h.Time > 0
}

// Equal reports whether two hashes are the same one. Nil stands for no PIN.
func (h *Hash) Equal(other *Hash) bool {
	if h == nil || other == nil {
		return h == other
	}
	return bytes.Equal(h.Sum, other.Sum) && bytes.Equal(h.Salt, other.Salt)
}

func (h Hash) costs(o Options) bool {
	return h.Memory == o.MemoryKiB && h.Time == o.Time && h.Threads == o.Threads
}

// A Hasher computes at most Options.Parallel hashes at once. It is safe for use by
// many goroutines.
type Hasher struct {
	opts   Options
	slots  chan struct{}
	derive KDF
}

// A KDF derives a key as argon2.IDKey does. The memory is in KiB.
type KDF func(password, salt []byte, time, memory uint32, threads uint8, keyLen uint32) []byte

// New returns a Hasher of valid options.
func New(o Options) *Hasher {
	return &Hasher{opts: o, slots: make(chan struct{}, o.Parallel), derive: argon2.IDKey}
}

// acquire waits for a slot, which the caller must release. The error is the
// context's.
func (h *Hasher) acquire(ctx context.Context) (release func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Hash hashes a new PIN. The error is the context's.
func (h *Hasher) Hash(ctx context.Context, pin string) (Hash, error) {
	release, err := h.acquire(ctx)
	if err != nil {
		return Hash{}, err
	}
	defer release()
	return h.fresh(pin), nil
}

// A Verdict is the outcome of comparing a PIN with a stored hash.
type Verdict struct {
	Right bool
	// Renewed is the hash to store instead, at the cost of Options. It is nil
	// unless the PIN is right and the stored hash has another cost.
	Renewed *Hash
}

// Verify compares a PIN with a stored hash, which must be valid. Nil stands for no
// PIN, and costs as much as a hash that h made. The error is the context's.
func (h *Hasher) Verify(ctx context.Context, pin string, stored *Hash) (Verdict, error) {
	release, err := h.acquire(ctx)
	if err != nil {
		return Verdict{}, err
	}
	defer release()
	if stored == nil {
		h.sum(pin, h.template())
		return Verdict{}, nil
	}
	v := Verdict{Right: h.matches(pin, *stored)}
	if v.Right && !stored.costs(h.opts) {
		fresh := h.fresh(pin)
		v.Renewed = &fresh
	}
	return v, nil
}

func (h *Hasher) matches(pin string, stored Hash) bool {
	if stored.imported() {
		matches, _ := parseImported(string(stored.Sum))
		return matches(pin)
	}
	return subtle.ConstantTimeCompare(h.sum(pin, stored), stored.Sum) == 1
}

func (h *Hasher) fresh(pin string) Hash {
	made := h.template()
	_, _ = rand.Read(made.Salt) // never fails, says its documentation
	made.Sum = h.sum(pin, made)
	return made
}

// template returns a hash at the cost of the options, with room for the salt and
// without a sum.
func (h *Hasher) template() Hash {
	return Hash{Memory: h.opts.MemoryKiB, Time: h.opts.Time, Threads: h.opts.Threads, Salt: make([]byte, saltSize)}
}

func (h *Hasher) sum(pin string, p Hash) []byte {
	return h.derive([]byte(pin), p.Salt, p.Time, p.Memory, p.Threads, sumSize)
}
