package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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
	reportFlood(floodElsewhere(t))
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

// A flood is what was seen of many guesses at once, and of as many bare hashes, as
// many at once as a Verifier computes.
type flood struct {
	Guesses, Parallel int
	Peak, BarePeak    uint64    // of the heap
	Rates             []float64 // ours against the bare ones
	Codes, BareCodes  []float64 // 99th percentiles of verifying a code meanwhile, in times of one hash
}

// flood makes a guess at each of many users at once, in turns with as many bare
// hashes, and has codes verified meanwhile.
func (w *pinWorld) flood() *flood {
	f := &flood{Guesses: scale(1000, 10), Parallel: runtime.GOMAXPROCS(0)}
	hash := w.bare(scale(20, 2)) / time.Duration(scale(20, 2))
	for round := range scale(5, 1) {
		var ours, theirs underLoad
		guesses := func() {
			ours = w.under(func() {
				crowd(f.Guesses, f.Guesses, func(i int) { mustMismatch(w.v.VerifyPIN(w.ctx, "user "+strconv.Itoa(i), "9999")) })
			})
		}
		if round%2 == 0 {
			guesses()
		}
		theirs = w.under(func() { crowd(f.Parallel, f.Guesses, func(int) { bareHash() }) })
		if round%2 == 1 {
			guesses()
		}
		f.Peak, f.BarePeak = max(f.Peak, ours.peak), max(f.BarePeak, theirs.peak)
		f.Rates = append(f.Rates, theirs.took.Seconds()/ours.took.Seconds())
		f.Codes = append(f.Codes, ours.code.Seconds()/hash.Seconds())
		f.BareCodes = append(f.BareCodes, theirs.code.Seconds()/hash.Seconds())
	}
	return f
}

func reportFlood(f *flood) {
	mebi := func(bytes uint64) string { return fmt.Sprintf("%d MiB", bytes>>20) }
	bound := f.Parallel*hashMemoryKiB>>10 + 64
	measured.add(4, fmt.Sprintf("peak heap of %d guesses at once, %d hashes in parallel", f.Guesses, f.Parallel), fmt.Sprintf("≤ %d MiB", bound), mebi(f.Peak))
	measured.add(4, fmt.Sprintf("peak heap of %d bare hashes, %d at a time", f.Guesses, f.Parallel), "", mebi(f.BarePeak))
	measured.add(4, fmt.Sprintf("rate of the guesses, against %d bare hashes at a time", f.Parallel), "≥ 0.95", spread(f.Rates).String())
	measured.add(4, "99th percentile of `VerifyOTP` meanwhile, in times of one hash", "≤ 1", spread(f.Codes).String())
	measured.add(4, "99th percentile of `VerifyOTP` while nothing but the bare hashes runs, in times of one hash", "", spread(f.BareCodes).String())
}

// floodFile is where a process that is flooded leaves what was seen.
const floodFile = "FACTOR_BENCH_FLOOD"

// floodElsewhere has the flood in a process of its own: Go's collector lets
// garbage grow to as much as is alive, and in this process that is whatever the
// other targets hold.
func floodElsewhere(t *testing.T) *flood {
	t.Helper()
	file := filepath.Join(t.TempDir(), "flood.json")
	process := exec.Command(os.Args[0], "-test.run=^TestProcessThatIsFlooded$", "-test.timeout=0", fmt.Sprintf("-full=%t", *full))
	process.Env = append(os.Environ(), floodFile+"="+file)
	if said, err := process.CombinedOutput(); err != nil {
		t.Fatalf("the process that is flooded: %v\n%s", err, said)
	}
	text, err := os.ReadFile(file)
	must(err)
	var f flood
	must(json.Unmarshal(text, &f))
	return &f
}

// TestProcessThatIsFlooded is the process of its own.
func TestProcessThatIsFlooded(t *testing.T) {
	file := os.Getenv(floodFile)
	if file == "" {
		t.Skip("only where another test runs it in a process of its own")
	}
	text, err := json.Marshal(newPINWorld(t).flood())
	must(err)
	must(os.WriteFile(file, text, 0o600))
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
