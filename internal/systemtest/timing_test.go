package systemtest

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"github.com/knowhave/factor/factortest"
	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/pinhash"
)

const (
	ann      = "ann"
	rightPIN = "8299"
	wrongPIN = "1111"
)

var timingSamples = flag.Int("timing.samples", 0, "compare the times of calls whose time should tell nothing, each measured so many times; with the real PIN hash a hundredth of it")

// TestTiming measures two classes of calls in random order, and compares them
// with Welch's t-test, as dudect does (Reparaz, Balasch, Verbauwhede 2017). It
// informs and never fails: the machine decides what the figures are worth.
//
// t is the difference of the means in units of its standard error. It is taken
// without the slowest 1, 5, 10, 25 and 50 in a hundred, because interrupts and
// garbage collections are slow and tell nothing; the one that is farthest from
// zero is shown, with the means of its samples.
// Beyond 4.5 the classes differ by more than chance. Then look at the difference
// itself, run again, and swap what else differs (the order in memory, the length
// of the records): on a busy machine runs of the same code twice exceed 4.5 too,
// and a network hides nanoseconds. A t that grows with the square root of the
// samples is a leak. Some pairs are no promise and are there to compare with: what
// opening a larger record costs shows in every call on it.
func TestTiming(t *testing.T) {
	if *timingSamples == 0 {
		t.Skip("not asked for: give -timing.samples, such as 100000, and -timeout 0")
	}
	t.Logf("%-58s %8s %8s %12s %12s %10s", "first and second class", "n", "t", "first", "second", "second is")
	for _, c := range timingPairs(t) {
		n := *timingSamples
		if c.slow {
			n = max(100, n/100)
		}
		first, second := measure(c, n)
		r := farthest(first, second)
		note := ""
		if math.Abs(r.t) > 4.5 {
			note = "  beyond 4.5"
		}
		if c.differs {
			note += "  (documented, or not promised)"
		}
		t.Logf("%-58s %8d %8.1f %12v %12v %+9.2f %%%s", c.name, n, r.t, r.first, r.second, 100*(float64(r.second)/float64(r.first)-1), note)
	}
}

// timingPair is two classes of calls.
type timingPair struct {
	name          string
	first, second func()
	slow          bool // hashes with Argon2id
	differs       bool // may take different times
}

// measure times n calls of each class, in random order.
func measure(c timingPair, n int) (first, second []time.Duration) {
	for range min(n, 200) { // caches and branch predictors warm up
		c.first()
		c.second()
		if c.slow {
			break
		}
	}
	for len(first) < n || len(second) < n {
		call, times := c.first, &first
		if len(first) == n || len(second) < n && rand.IntN(2) == 1 {
			call, times = c.second, &second
		}
		begun := time.Now()
		call()
		*times = append(*times, time.Since(begun))
	}
	return first, second
}

type timingResult struct {
	t             float64
	first, second time.Duration // means
}

// farthest returns the t-test that is farthest from zero, of those without the
// slowest samples.
func farthest(first, second []time.Duration) timingResult {
	all := slices.Sorted(slices.Values(slices.Concat(first, second)))
	var worst timingResult
	for _, share := range []float64{0.99, 0.95, 0.9, 0.75, 0.5} {
		most := all[int(share*float64(len(all)-1))]
		r := welch(below(first, most), below(second, most))
		if worst.first == 0 || math.Abs(r.t) > math.Abs(worst.t) {
			worst = r
		}
	}
	return worst
}

func below(times []time.Duration, most time.Duration) []float64 {
	var kept []float64
	for _, d := range times {
		if d <= most {
			kept = append(kept, float64(d))
		}
	}
	return kept
}

// welch returns Welch's t of two samples.
func welch(first, second []float64) timingResult {
	mean := func(x []float64) (mean, variance float64) {
		for _, v := range x {
			mean += v / float64(len(x))
		}
		for _, v := range x {
			variance += (v - mean) * (v - mean) / float64(len(x)-1)
		}
		return mean, variance
	}
	a, va := mean(first)
	b, vb := mean(second)
	t := (b - a) / math.Sqrt(va/float64(len(first))+vb/float64(len(second)))
	return timingResult{t, time.Duration(a), time.Duration(b)}
}

// stillStore serves one record for ever: what is swapped in is dropped, so that
// every call starts from the same state.
type stillStore struct {
	factor.Store
	record factor.Record
}

func (s *stillStore) Load(context.Context, string) (factor.Record, error) { return s.record, nil }

func (s *stillStore) CompareAndSwap(context.Context, string, int64, factor.Record) error { return nil }

// timingPairs are the pairs whose times should be the same.
func timingPairs(t *testing.T) []timingPair {
	ctx := t.Context()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	hash := factor.HashOptions{MemoryKiB: 19456, Time: 2} // the default
	stores := map[*factor.Verifier]*stillStore{}
	// still returns a verifier on the record that prepare leaves behind.
	still := func(prepare func(e *factortest.Engine), cheap bool) *factor.Verifier {
		e := factortest.New(t, &factor.Options{PIN: factor.PINOptions{Hash: hash}})
		if cheap {
			pinhash.Cheapen(e.Verifier, nil)
		}
		if prepare != nil {
			prepare(e)
		}
		record, err := e.Store.Load(ctx, ann)
		ok(err)
		store := &stillStore{record: record}
		o := &factor.Options{Now: e.Clock.Now, CheckPassword: func(context.Context, string, string) (bool, error) { return false, nil }}
		v, err := factor.NewVerifier(store, factortest.Keyring(), o)
		ok(err)
		if cheap {
			pinhash.Cheapen(v, nil)
		}
		stores[v] = store
		return v
	}
	pin := func(v *factor.Verifier, digits string) func() { return func() { _ = v.VerifyPIN(ctx, ann, digits) } }
	otp := func(v *factor.Verifier, kind factor.Kind, code string) func() {
		return func() { _, _ = v.VerifyOTP(ctx, ann, code, kind) }
	}
	status := func(v *factor.Verifier) func() {
		admin := factor.NewAdmin(v)
		return func() { _, _ = admin.Status(ctx, ann) }
	}

	// Where it is about one holding, the records hold as much of another kind,
	// so that opening them costs the same.
	withPIN := func(e *factortest.Engine) { ok(e.Admin.SetPIN(ctx, ann, rightPIN)) }
	onlyDevice := func(e *factortest.Engine) { e.Device(ann, uuid.New()) }
	withDevice := func(e *factortest.Engine) { withPIN(e); onlyDevice(e) }
	withApp := func(e *factortest.Engine) { withPIN(e); e.Authenticator(ann) }
	locked := func(e *factortest.Engine) {
		withPIN(e)
		for range 3 {
			if err := e.Verifier.VerifyPIN(ctx, ann, wrongPIN); !errors.Is(err, factor.ErrMismatch) {
				t.Fatal(err)
			}
		}
	}
	devices := func(n int) func(e *factortest.Engine) {
		return func(e *factortest.Engine) {
			withPIN(e)
			for range n {
				onlyDevice(e)
			}
		}
	}
	// issuing has a code issued, and tells which.
	issuing := func(kind factor.Kind, code *string) func(e *factortest.Engine) {
		return func(e *factortest.Engine) {
			withPIN(e)
			otp, err := e.Codes.IssueUnproven(ctx, ann, kind)
			ok(err)
			*code = otp.Code
		}
	}
	var code, other string
	withLive, otherLive := still(issuing(factor.KindAccount, &code), true), still(issuing(factor.KindLogin, &other), true)
	lockedPIN := still(locked, true)
	firstWrong, lastWrong := flip(code, 0), flip(code, len(code)-1)
	var firsts, lasts []string // turn about, so that neither has the better memory
	for range 200 {
		firsts, lasts = append(firsts, flip(code, 0)), append(lasts, flip(code, len(code)-1))
	}
	foreign, damaged := still(withPIN, true), still(withPIN, true)
	stores[foreign].record.Data = sealedForSomebodyElse(t)
	damage := bytes.Clone(stores[damaged].record.Data)
	damage[len(damage)-1] ^= 1
	stores[damaged].record.Data = damage

	const wrong = "000000"
	device, app := still(withDevice, true), still(withApp, true)
	return []timingPair{
		{name: "the same call twice", first: pin(still(withPIN, true), wrongPIN), second: pin(still(withPIN, true), wrongPIN)},
		{name: "PIN while locked: wrong; right", first: pin(lockedPIN, wrongPIN), second: pin(lockedPIN, rightPIN)},
		{name: "device code: wrong; no device", first: otp(device, factor.KindDeviceTOTP, wrong), second: otp(app, factor.KindDeviceTOTP, wrong)},
		{name: "authenticator code: wrong; no authenticator", first: otp(app, factor.KindTOTP, wrong), second: otp(device, factor.KindTOTP, wrong)},
		{name: "mailed code: last digit wrong; first digit wrong", first: otp(withLive, factor.KindAccount, lastWrong), second: otp(withLive, factor.KindAccount, firstWrong)},
		{name: "mailed code: wrong; none live", first: otp(withLive, factor.KindAccount, firstWrong), second: otp(otherLive, factor.KindAccount, firstWrong)},
		{name: "comparing 200 codes: last digit wrong; first digit wrong", first: compareCodes(code, lasts), second: compareCodes(code, firsts)},
		{name: "record that does not open: of another user; damaged", first: status(foreign), second: status(damaged)},
		{name: "opening alone: a device held; an authenticator held", first: pin(device, wrongPIN), second: pin(app, wrongPIN), differs: true},
		{name: "PIN, all but the hash: wrong; none set", first: pin(still(withPIN, true), wrongPIN), second: pin(still(onlyDevice, true), wrongPIN), differs: true},
		{name: "PIN, all but the hash: a record; no record", first: pin(still(withPIN, true), wrongPIN), second: pin(still(nil, true), wrongPIN), differs: true},
		{name: "device code: 1 device; 10 devices", first: otp(device, factor.KindDeviceTOTP, wrong), second: otp(still(devices(10), true), factor.KindDeviceTOTP, wrong), differs: true},
		{name: "PIN with Argon2id: wrong; none set", first: pin(still(withPIN, false), wrongPIN), second: pin(still(onlyDevice, false), wrongPIN), slow: true},
	}
}

// flip returns the code with one digit changed.
func flip(code string, i int) string {
	b := []byte(code)
	b[i] = '0' + (b[i]-'0'+1)%10
	return string(b)
}

// compareCodes returns a function that compares each of the given codes with a
// live one.
func compareCodes(live string, given []string) func() {
	c := account.Code{Digits: live}
	return func() {
		for _, digits := range given {
			if c.Matches(digits, account.Seal{}) {
				panic("equal")
			}
		}
	}
}

// sealedForSomebodyElse returns a record of the same size that another user's
// seal is on.
func sealedForSomebodyElse(t *testing.T) []byte {
	t.Helper()
	e, bob := factortest.New(t, nil), "bob"
	if err := e.Admin.SetPIN(t.Context(), bob, rightPIN); err != nil {
		t.Fatal(err)
	}
	record, err := e.Store.Load(t.Context(), bob)
	if err != nil {
		t.Fatal(err)
	}
	return record.Data
}
