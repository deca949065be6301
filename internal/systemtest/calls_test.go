package systemtest

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
)

// FuzzCalls calls one method of the public API, twice, with arbitrary arguments, at
// an arbitrary time, on a user with an arbitrary record. The answer, the record
// afterwards, the events and the calls of the store are always the specification's
// for the state in the record, and no error repeats a secret or the user.
func FuzzCalls(f *testing.F) {
	for op := range spec.OpCount {
		for _, c := range seedCalls() {
			f.Add(c.record, uint8(op), c.user, c.otp, c.password, c.pin, c.choices, c.at)
		}
	}
	f.Fuzz(func(t *testing.T, record []byte, method uint8, user, otp, password, pin string, choices uint64, at int64) {
		c := fuzzCall{seedCall{record, user, otp, password, pin, choices, at}}
		usable, ok := usableRecord(record, deviceID, c.purpose())
		if !ok {
			return
		}
		w := newFuzzWorld(t, c, usable)
		call, args := c.call(spec.Op(method%uint8(spec.OpCount)), w.state)
		for range 2 {
			w.try(call, args)
		}
	})
}

// A fuzzCall holds the arbitrary input and what is made of it.
type fuzzCall struct{ seedCall }

// now is within the years that time.Time counts from one.
func (c fuzzCall) now() time.Time {
	const years = 1900 * 365 * 24 * 3600 * 1000
	return time.UnixMilli(c.at % years).UTC()
}

func (c fuzzCall) bit(n int) bool { return c.choices>>n&1 == 1 }

// kinds are up to four, known and unknown ones.
func (c fuzzCall) kinds() []factor.Kind {
	of := slices.Concat([]factor.Kind{""}, translate.Kinds(spec.CodeKinds), []factor.Kind{factor.KindPIN, factor.KindPassword, "sms"})
	var all []factor.Kind
	for n := range 4 {
		if k := of[c.choices>>(4*n)&15%uint64(len(of))]; k != "" {
			all = append(all, k)
		}
	}
	return all
}

// device is none, the first or last enrolled one, or another.
func (c fuzzCall) device(s spec.State) spec.Name {
	enrolled := slices.IndexFunc(s.Devices[:], func(d spec.Device) bool { return d.ID == 0 })
	switch n := int(c.choices >> 16 & 3); {
	case n == 0:
		return 0
	case n < 3 && enrolled > 0:
		return s.Devices[(n-1)*(enrolled-1)].ID
	}
	return 1000
}

// purposes are those of the views. The last ones are malformed.
var purposes = [...][]string{{"pay"}, {"pay", "A 1", "2"}, {"pay", "A", "1 2"}, {"address", "ann@example.org"}, {}, {"pay", ""}}

// purpose is that of the view, or nil.
func (c fuzzCall) purpose() []string {
	n := int(c.choices >> 37 & 15)
	if n == 0 || n > len(purposes) {
		return nil
	}
	return purposes[n-1]
}

// options varies the options that change a rule.
func (c fuzzCall) options() factor.Options {
	var o factor.Options
	if c.bit(24) {
		o.OTP.Interval, o.Reset.Interval = time.Minute, time.Minute
	}
	if c.bit(25) {
		o.Reset.MinAge = time.Hour
	}
	if c.bit(26) {
		o.ProofKinds = []factor.Kind{factor.KindTOTP, factor.KindLogin}
	}
	if c.bit(41) {
		o.ProofKinds = append(o.ProofKinds, factor.KindRecovery)
	}
	o.OTP.Resend = c.bit(42)
	o.Reset.ForgiveRepeats = c.bit(27)
	if c.bit(28) {
		o.TOTP.Skew = -1
	}
	if c.bit(29) {
		o.Device.Max = 1
	}
	return o
}

// call makes an operation's call. Each reads its own arguments.
func (c fuzzCall) call(op spec.Op, s spec.State) (*spec.Call, *translate.Args) {
	args := &translate.Args{Kinds: c.kinds(), Kind: factor.Kind(c.pin)}
	call := &spec.Call{
		Op: op, User: c.user, OTP: c.otp, Password: c.password, PIN: c.pin, NewPIN: "2580",
		Kinds: translate.KindsOf(args.Kinds), Device: c.device(s), Timeout: time.Duration(c.choices >> 30 & 127 * uint64(time.Second)),
		OnView: c.purpose() != nil, Purpose: c.purpose(),
	}
	switch op {
	case spec.AdminSetPIN:
		call.NewPIN = c.pin
	case spec.IssueUnproven:
		if len(args.Kinds) > 0 {
			args.Kind = args.Kinds[0]
		}
		call.Kind = spec.KindNamed(string(args.Kind))
	case spec.Import:
		args.Import = factor.Import{PIN: &factor.ImportedPIN{Hash: c.password}}
		if c.bit(22) {
			args.Import.Authenticator = &factor.ImportedTOTP{URL: c.password}
		}
		if c.bit(23) {
			args.Import = factor.Import{Devices: []factor.ImportedDevice{
				{ID: deviceID(int(call.Device)), TOTP: factor.ImportedTOTP{Secret: c.password}},
			}}
		}
	}
	call.Host.Password, call.Host.Wipe = spec.No, spec.Yes
	if strings.HasPrefix(c.password, "right") {
		call.Host.Password = spec.Yes
	}
	if c.bit(20) {
		call.Host.Registered = spec.At(c.now())
	}
	if c.bit(21) {
		call.Host.Wipe = spec.Fails
	}
	call.Host.Notify = spec.Yes
	if c.bit(44) {
		call.Host.Notify = spec.Fails
	}
	return call, args
}

// discreet fails if a text repeats the user or a credential. It looks only for
// those that cannot be in the package's own text: six digits in a row, or something
// other than letters, digits and plain punctuation.
func (w *fuzzWorld) discreet(err error) {
	texts := w.written
	if err != nil {
		texts = append(texts, err.Error())
	}
	for _, secret := range append([]string{w.c.user, w.c.otp, w.c.password, w.c.pin}, w.c.purpose()...) {
		if !unlikeText.MatchString(secret) {
			continue
		}
		for _, text := range texts {
			if strings.Contains(text, secret) {
				w.Fatalf("an error repeats %q: %s", secret, text)
			}
		}
	}
}

var unlikeText = regexp.MustCompile(`[0-9]{6}|[^a-zA-Z0-9 .,:;()*_'+-]`)

var errFuzz = errors.New("made to fail")
