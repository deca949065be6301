package bench

import (
	"context"
	"crypto/rand"
	"crypto/sha1"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/rfc6238"
	"github.com/knowhave/factor/memstore"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
)

const alice = "alice"

// start is when the clocks of all measurements stand.
var start = time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)

// totpOptions are those of the devices.
var totpOptions = totp.ValidateOpts{Period: 30, Skew: 1, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}

// checked is a user with an enrolled device, and a clock.
type checked struct {
	v      *factor.Verifier
	now    time.Time
	secret string
}

func newChecked(tb testing.TB, store factor.Store) *checked {
	c := &checked{now: start}
	c.v = newVerifier(tb, store, &factor.Options{
		Now:          func() time.Time { return c.now },
		RegisteredAt: func(context.Context, string) (time.Time, error) { return start, nil },
		Observe:      func(context.Context, factor.Event) {},
	})
	enrolled, err := factor.NewDeviceTOTPEnroller(c.v).Enroll(context.Background(), alice, uuid.New(), factor.Credentials{})
	if err != nil {
		tb.Fatal(err)
	}
	c.secret = enrolled.Secret
	return c
}

func newKeyring(tb testing.TB) *factor.Keyring {
	tb.Helper()
	key := make([]byte, 32)
	key[0] = 1
	ring, err := factor.NewKeyring(key)
	if err != nil {
		tb.Fatal(err)
	}
	return ring
}

func newVerifier(tb testing.TB, store factor.Store, opts *factor.Options) *factor.Verifier {
	tb.Helper()
	v, err := factor.NewVerifier(store, newKeyring(tb), opts)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// codeOf is the code of a device's secret at a time.
func codeOf(secret string, at time.Time) string {
	return rfc6238.Secret{Base32: secret}.At(at)
}

// codeAt is the device's code at a time.
func (c *checked) codeAt(at time.Time) string { return codeOf(c.secret, at) }

// right verifies a right code after the other, each in a step of its own.
func (c *checked) right(n int) time.Duration {
	codes := make([]string, n)
	for i := range codes {
		codes[i] = c.codeAt(c.now.Add(time.Duration(i+1) * 30 * time.Second))
	}
	began := time.Now()
	for _, code := range codes {
		c.now = c.now.Add(30 * time.Second)
		// Once in a million, the next step has the same code and is spent by it.
		if _, err := c.v.VerifyOTP(context.Background(), alice, code, factor.KindDeviceTOTP); err != nil && !errors.Is(err, factor.ErrMismatch) {
			panic(err)
		}
	}
	return time.Since(began)
}

// wrong verifies wrong codes. What keeps the kind from locking is not timed.
func (c *checked) wrong(n int) (took time.Duration) {
	const inARow = 4 // the fifth would lock
	for done := 0; done < n; done += inARow {
		c.now = c.now.Add(10 * time.Minute)
		wrong, right := c.codeAt(c.now.Add(time.Hour)), c.codeAt(c.now)
		began := time.Now()
		for range inARow {
			_, _ = c.v.VerifyOTP(context.Background(), alice, wrong, factor.KindDeviceTOTP)
		}
		took += time.Since(began)
		_, _ = c.v.VerifyOTP(context.Background(), alice, right, factor.KindDeviceTOTP)
	}
	return took
}

// missed is the bare check of a code that is none of the three in the window.
func (c *checked) missed(n int) time.Duration {
	wrong := c.codeAt(start.Add(time.Hour))
	began := time.Now()
	for range n {
		_, _ = totp.ValidateCustom(wrong, c.secret, start, totpOptions)
	}
	return time.Since(began)
}

func TestTarget1TheCheckItself(t *testing.T) {
	c := newChecked(t, memstore.New())
	rounds, operations := scale(101, 3), scale(4000, 40)
	measured.add(1, "`VerifyOTP`, right device code, against a bare `totp.ValidateCustom` that misses", "≤ 0.9",
		timeRatio(rounds, operations, c.right, c.missed).String())
	measured.add(1, "`VerifyOTP`, wrong device code, against the same", "≤ 1.1",
		timeRatio(rounds, operations, c.wrong, c.missed).String())
	measured.add(1, "of the first, the cryptography alone", "", timeRatio(rounds, operations, newFloor(t, 2).do, c.missed).String())
	measured.add(1, "of the second, the cryptography alone", "", timeRatio(rounds, operations, newFloor(t, 3).do, c.missed).String())
	measured.add(1, "allocations of `VerifyOTP`, right device code", "≤ 15", fmt.Sprint(c.allocations(func(at time.Time) string { return c.codeAt(at) })))
	measured.add(1, "allocations of `VerifyOTP`, wrong device code", "≤ 15", fmt.Sprint(c.allocations(func(at time.Time) string { return c.codeAt(at.Add(time.Hour)) })))
}

// A floor is what a check cannot do without: it opens and seals a record, draws a
// nonce and a version, and hashes for each step that it looks at. There is no
// account in it, no rule, no store, no turn and no answer.
type floor struct {
	keys          *factor.Keyring
	label, sealed []byte
	steps         int
}

func newFloor(tb testing.TB, steps int) *floor {
	f := &floor{keys: newKeyring(tb), label: []byte("factor record of " + alice), steps: steps}
	sealed, err := f.keys.Encrypt(make([]byte, 128), f.label) // what an account with one device is padded to
	must(err)
	f.sealed = sealed
	return f
}

func (f *floor) do(n int) time.Duration {
	var version [8]byte
	var block [72]byte // of the key, and the step or the hash behind it
	began := time.Now()
	for range n {
		plain, err := f.keys.Decrypt(f.sealed, f.label)
		must(err)
		for range 2 * f.steps {
			sum := sha1.Sum(block[:])
			copy(block[64:], sum[:])
		}
		_, err = f.keys.Encrypt(plain, f.label)
		must(err)
		_, _ = rand.Read(version[:])
	}
	return time.Since(began)
}

// allocations is how many one verification of such a code makes.
func (c *checked) allocations(code func(at time.Time) string) float64 {
	const runs = 4 // a fifth wrong code would lock
	var codes []string
	for i := range runs + 1 { // AllocsPerRun has one run before those that it counts
		codes = append(codes, code(c.now.Add(time.Duration(i+1)*10*time.Minute)))
	}
	return testing.AllocsPerRun(runs, func() {
		c.now = c.now.Add(10 * time.Minute)
		_, _ = c.v.VerifyOTP(context.Background(), alice, codes[0], factor.KindDeviceTOTP)
		codes = codes[1:]
	})
}

func BenchmarkVerifyOTP(b *testing.B) {
	c := newChecked(b, memstore.New())
	b.ReportAllocs()
	c.right(b.N)
}
