package bench

import (
	"context"
	"fmt"
	"runtime"
	"runtime/metrics"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/crypto/argon2"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/memstore"
)

// The default parameters of a PIN's hash.
const (
	hashMemoryKiB = 19456
	hashTime      = 2
)

func bareHash() { argon2.IDKey([]byte(templatePIN), make([]byte, 16), hashTime, hashMemoryKiB, 1, 32) }

func TestTarget4PIN(t *testing.T) {
	w := newPINWorld(t)
	measured.add(4, "time of `VerifyPIN`, right PIN, against the bare Argon2id", "≤ 1.05",
		timeRatio(scale(41, 1), scale(4, 1), w.right, w.bare).String())
	w.flood(t)
}

// pinWorld is a user with a PIN, one with a device, and many who have neither.
type pinWorld struct {
	ctx    context.Context
	now    *clock
	v      *factor.Verifier
	secret string // of bob's device
}

const bob = "bob"

func newPINWorld(t *testing.T) *pinWorld {
	w := &pinWorld{ctx: t.Context(), now: newClock()}
	w.v = newVerifier(t, memstore.New(), &factor.Options{
		Now:          w.now.now,
		RegisteredAt: func(context.Context, string) (time.Time, error) { return start, nil },
		PIN:          factor.PINOptions{Limit: factor.Limit{Tries: 90, Final: 100}},
	})
	must(factor.NewAdmin(w.v).SetPIN(w.ctx, alice, templatePIN))
	enrolled, err := factor.NewDeviceTOTPEnroller(w.v).Enroll(w.ctx, bob, uuid.New(), factor.Credentials{})
	must(err)
	w.secret = enrolled.Secret
	return w
}

func (w *pinWorld) right(n int) time.Duration {
	began := time.Now()
	for range n {
		must(w.v.VerifyPIN(w.ctx, alice, templatePIN))
	}
	return time.Since(began)
}

func (w *pinWorld) bare(n int) time.Duration {
	began := time.Now()
	for range n {
		bareHash()
	}
	return time.Since(began)
}

// flood makes a guess at each of many users at once, in turns with as many bare
// hashes, as many at once as a Verifier computes, and has codes verified
// meanwhile.
func (w *pinWorld) flood(t *testing.T) {
	rounds, guesses, parallel := scale(3, 1), scale(1000, 10), runtime.GOMAXPROCS(0)
	hash := w.bare(scale(20, 2)) / time.Duration(scale(20, 2))
	var peak uint64
	var rates, codes, bareCodes []float64
	for range rounds {
		ours := w.under(func() {
			crowd(guesses, guesses, func(i int) { mustMismatch(w.v.VerifyPIN(w.ctx, "user "+strconv.Itoa(i), "9999")) })
		})
		theirs := w.under(func() { crowd(parallel, guesses, func(int) { bareHash() }) })
		peak = max(peak, ours.peak)
		rates = append(rates, theirs.took.Seconds()/ours.took.Seconds())
		codes = append(codes, ours.code.Seconds()/hash.Seconds())
		bareCodes = append(bareCodes, theirs.code.Seconds()/hash.Seconds())
	}
	const mebi = 1 << 20
	bound := parallel*hashMemoryKiB>>10 + 64
	measured.add(4, fmt.Sprintf("peak heap of %d guesses at once, %d hashes in parallel", guesses, parallel), fmt.Sprintf("≤ %d MiB", bound), fmt.Sprintf("%d MiB", peak/mebi))
	measured.add(4, fmt.Sprintf("rate of the same, against %d bare hashes at a time", parallel), "≥ 0.95", spread(rates).String())
	measured.add(4, "99th percentile of `VerifyOTP` meanwhile, in times of one hash", "≤ 1", spread(codes).String())
	measured.add(4, "99th percentile of `VerifyOTP` while nothing but the bare hashes runs, in times of one hash", "", spread(bareCodes).String())
}

// underLoad is what was seen while a load ran.
type underLoad struct {
	took time.Duration
	peak uint64        // of the heap
	code time.Duration // 99th percentile of verifying a code
}

func (w *pinWorld) under(load func()) (seen underLoad) {
	runtime.GC()
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() { seen.peak = peakHeap(done) })
	watching.Go(func() { seen.code = percentile(w.codesUntil(done), 0.99) })
	began := time.Now()
	load()
	seen.took = time.Since(began)
	close(done)
	watching.Wait()
	return seen
}

// peakHeap samples the bytes of objects, dead ones that are not swept yet
// included.
func peakHeap(done <-chan struct{}) (peak uint64) {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	for tick := time.NewTicker(time.Millisecond); ; {
		metrics.Read(sample)
		peak = max(peak, sample[0].Value.Uint64())
		select {
		case <-tick.C:
		case <-done:
			tick.Stop()
			return peak
		}
	}
}

// codesUntil verifies a right code every few milliseconds and returns how long
// each took.
func (w *pinWorld) codesUntil(done <-chan struct{}) (each []time.Duration) {
	for tick := time.NewTicker(5 * time.Millisecond); ; {
		code := codeOf(w.secret, w.now.advance(30*time.Second))
		began := time.Now()
		_, err := w.v.VerifyOTP(w.ctx, bob, code, factor.KindDeviceTOTP)
		each = append(each, time.Since(began))
		must(err)
		select {
		case <-tick.C:
		case <-done:
			tick.Stop()
			return each
		}
	}
}
