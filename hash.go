package factor

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"

	"golang.org/x/crypto/argon2"
)

const (
	saltSize      = 16
	sumSize       = 32
	maxHashMemory = 4 << 20 // KiB
	maxHashTime   = 1 << 10
)

// hashFloors are the parameters that OWASP's Password Storage Cheat Sheet holds
// equivalent for Argon2id, in KiB and passes.
var hashFloors = [...]struct{ memory, time uint32 }{{47104, 1}, {19456, 2}, {12288, 3}, {9216, 4}, {7168, 5}}

// HashOptions sets what hashing a PIN with Argon2id costs. A zero field means
// its default. Memory and time are at least one of OWASP's equivalent pairs:
// (19456, 2), (47104, 1), (12288, 3), (9216, 4) or (7168, 5).
//
// A PIN that was hashed with other parameters is hashed anew the next time that
// it is given right. Until then, what a wrong PIN costs tells that user from one
// without a PIN.
type HashOptions struct {
	// MemoryKiB is the memory that one hash takes, at most 4 GiB. Default 19456.
	MemoryKiB uint32
	// Time is the number of passes, at most 1024. Default 2.
	Time uint32
	// Threads is the degree of parallelism of one hash. Default 1.
	Threads uint8
	// Parallel is how many hashes are computed at once; further ones wait. It
	// bounds the memory to Parallel times MemoryKiB, or times 128 MiB at most while
	// imported hashes of Argon2 or scrypt are checked. Default the number of CPUs
	// that Go may use.
	Parallel int
}

// pinHash is an Argon2id hash and how it was made. One of another system has no
// threads, and sum is its text.
type pinHash struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
	salt    []byte
	sum     []byte
}

// foreign reports whether another system made it.
func (h pinHash) foreign() bool { return h.threads == 0 }

// valid reports whether a PIN can be compared with it.
func (h pinHash) valid() bool {
	if h.foreign() {
		_, reason := foreignHash(string(h.sum))
		return reason == "" && h.memory == 0 && h.time == 0 && len(h.salt) == 0
	}
	return len(h.sum) > 0 && h.time > 0
}

func (h pinHash) sameCost(o HashOptions) bool {
	return h.memory == o.MemoryKiB && h.time == o.Time && h.threads == o.Threads
}

// hasher computes at most opts.Parallel hashes at once.
type hasher struct {
	opts   HashOptions
	slots  chan struct{}
	derive func(password, salt []byte, time, memory uint32, threads uint8, keyLen uint32) []byte
}

func newHasher(o HashOptions) *hasher {
	return &hasher{opts: o, slots: make(chan struct{}, o.Parallel), derive: argon2.IDKey}
}

// enter waits for a slot. The returned error is the context's.
func (h *hasher) enter(ctx context.Context) (leave func(), err error) {
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

// hash hashes a new PIN.
func (h *hasher) hash(ctx context.Context, pin string) (pinHash, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return pinHash{}, err
	}
	defer leave()
	return h.fresh(pin), nil
}

// pinVerdict is what comparing a PIN with a stored hash gave.
type pinVerdict struct {
	right   bool
	renewed *pinHash // at today's cost, where the right one was at another
}

// verify compares a PIN with what was hashed as stored; nil stands for no PIN
// and costs the same.
func (h *hasher) verify(ctx context.Context, pin string, stored *pinHash) (pinVerdict, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return pinVerdict{}, err
	}
	defer leave()
	if stored == nil {
		h.sum(pin, h.atCost())
		return pinVerdict{}, nil
	}
	v := pinVerdict{right: h.matches(pin, *stored)}
	if v.right && !stored.sameCost(h.opts) {
		fresh := h.fresh(pin)
		v.renewed = &fresh
	}
	return v, nil
}

func (h *hasher) matches(pin string, stored pinHash) bool {
	if stored.foreign() {
		matches, _ := foreignHash(string(stored.sum))
		return matches(pin)
	}
	return subtle.ConstantTimeCompare(h.sum(pin, stored), stored.sum) == 1
}

func (h *hasher) fresh(pin string) pinHash {
	made := h.atCost()
	_, _ = rand.Read(made.salt) // never fails, says its documentation
	made.sum = h.sum(pin, made)
	return made
}

// atCost returns a hash yet to be made, at today's cost.
func (h *hasher) atCost() pinHash {
	return pinHash{memory: h.opts.MemoryKiB, time: h.opts.Time, threads: h.opts.Threads, salt: make([]byte, saltSize)}
}

func (h *hasher) sum(pin string, p pinHash) []byte {
	return h.derive([]byte(pin), p.salt, p.time, p.memory, p.threads, sumSize)
}

// same reports whether two hashes are the same one; nil stands for no PIN.
func (h *pinHash) same(other *pinHash) bool {
	if h == nil || other == nil {
		return h == other
	}
	return bytes.Equal(h.sum, other.sum) && bytes.Equal(h.salt, other.salt)
}
