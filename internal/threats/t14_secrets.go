package threats

import (
	"encoding/base32"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// Threat14WeakSecrets offers empty, short and guessable secrets, and options
// that would make weak ones: all are refused, and what the library makes is
// long, different each time and keeps its zeros.
func Threat14WeakSecrets(t *testing.T, env Env) {
	t.Run("keys", func(t *testing.T) {
		for _, n := range []int{0, 1, 16, 24, 31, 32, 33, 64} {
			if _, err := factor.NewKeyring(make([]byte, n)); err == nil {
				t.Fatalf("a key of %d bytes was taken", n)
			}
			if _, err := factor.NewKeyring([]byte(strings.Repeat("k", 32)), make([]byte, n)); err == nil {
				t.Fatalf("an old key of %d bytes was taken", n)
			}
		}
		if _, err := factor.NewKeyring(nil); err == nil {
			t.Fatal("no key was taken")
		}
		if _, err := env.NewVerifier(env.NewStore(t), nil, nil); err == nil {
			t.Fatal("no sealer was taken")
		}
	})
	t.Run("options", func(t *testing.T) { weakenOptions(t, env) })
	t.Run("credentials", func(t *testing.T) { offerEmpty(t, env) })
	t.Run("PINs", func(t *testing.T) { offerWeakPINs(t, env) })
	t.Run("recovery codes", func(t *testing.T) { inspectRecovery(t, env) })
	t.Run("made here", func(t *testing.T) { inspectMade(t, env) })
}

// weakenOptions tries options below what NIST SP 800-63B-4 and OWASP ask for.
func weakenOptions(t *testing.T, env Env) {
	weak := map[string]func(o *factor.Options){
		"5 digits":                func(o *factor.Options) { o.OTP.Digits = 5 },
		"TOTP of 5 digits":        func(o *factor.Options) { o.TOTP.Digits = 5 },
		"negative digits":         func(o *factor.Options) { o.OTP.Digits = -6 },
		"codes for 11 minutes":    func(o *factor.Options) { o.OTP.AccountTTL = 11 * time.Minute },
		"logins for 11 minutes":   func(o *factor.Options) { o.OTP.LoginTTL = 11 * time.Minute },
		"steps of 3 minutes":      func(o *factor.Options) { o.TOTP.Period = 3 * time.Minute },
		"skew 11":                 func(o *factor.Options) { o.TOTP.Skew = 11 },
		"MD5":                     func(o *factor.Options) { o.TOTP.Algorithm = "MD5" },
		"PINs of 3 digits":        func(o *factor.Options) { o.PIN.Length = 3 },
		"101 tries":               func(o *factor.Options) { o.Password.Final = 101 },
		"no final lock":           func(o *factor.Options) { o.PIN.Limit.Final = -1 },
		"final not above tries":   func(o *factor.Options) { o.OTP.Limit = factor.Limit{Tries: 10, Final: 10} },
		"negative tries":          func(o *factor.Options) { o.TOTP.Limit.Tries = -1 },
		"delays that shrink":      func(o *factor.Options) { o.Password = factor.Limit{Delay: time.Hour, MaxDelay: time.Minute} },
		"a hash of 1 MiB":         func(o *factor.Options) { o.PIN.Hash = factor.HashOptions{MemoryKiB: 1024, Time: 2} },
		"a hash in one pass":      func(o *factor.Options) { o.PIN.Hash = factor.HashOptions{MemoryKiB: 19456, Time: 1} },
		"negative strikes":        func(o *factor.Options) { o.Reset.Strikes = -1 },
		"PIN as a kind of code":   func(o *factor.Options) { o.ProofKinds = []factor.Kind{factor.KindPIN} },
		"an unknown kind of code": func(o *factor.Options) { o.ProofKinds = []factor.Kind{"sms"} },
	}
	for name, weaken := range weak {
		var o factor.Options
		weaken(&o)
		if _, err := env.NewVerifier(env.NewStore(t), newKeyring(t, 1), &o); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// offerEmpty gives nothing as a credential, to users who hold nothing.
func offerEmpty(t *testing.T, env Env) {
	w := newWorld(t, env, nil)
	for _, p := range []*person{w.stranger(), w.person()} {
		for _, kind := range otpKinds {
			_, err := w.V.VerifyOTP(ctx, p.id, "", kind)
			mustBe(t, err, factor.ErrMalformed)
			if kind == factor.KindTOTP || kind == factor.KindDeviceTOTP {
				// The code of the empty secret.
				empty := generator{period: 30 * time.Second, digits: 6}
				_, err = w.V.VerifyOTP(ctx, p.id, empty.code(empty.step(w.clock.Now())), kind)
				mustBe(t, err, factor.ErrMismatch)
			}
		}
		mustBe(t, w.V.VerifyPIN(ctx, p.id, ""), factor.ErrMalformed)
		mustBe(t, w.V.VerifyPassword(ctx, p.id, ""), factor.ErrMalformed)
		mustBe(t, w.Auth.Confirm(ctx, p.id, ""), factor.ErrMalformed)
		mustBe(t, w.Admin.SetPIN(ctx, p.id, ""), factor.ErrMalformed)
		mustBe(t, w.PINs.Set(ctx, p.id, "", p.right(factor.KindPassword)), factor.ErrMalformed)
		w.clock.Turn(time.Hour) // Past the window of a registration.
		for _, j := range provers {
			err := j.call(ctx, w.process, p, "", factor.Credentials{})
			if !errors.Is(err, factor.ErrNoCredential) {
				t.Fatalf("%s answered %v to no credential", j.name, err)
			}
		}
	}
}

func offerWeakPINs(t *testing.T, env Env) {
	w := newWorld(t, env, func(o *factor.Options) {
		o.PIN.Deny = func(pin string) bool { return pin == "1379" }
	})
	p := w.person()
	for _, pin := range []string{"0000", "1111", "1122", "1212", "1234", "7890", "9012", "0987", "2109", "1379", "135", "13579"} {
		mustBe(t, w.Admin.SetPIN(ctx, p.id, pin), factor.ErrWeakPIN)
		mustBe(t, w.PINs.Set(ctx, p.id, pin, p.wrong(factor.KindPassword)), factor.ErrWeakPIN)
	}
	if n := w.wrong(p.id, factor.KindPassword); n != 0 {
		t.Fatalf("a weak PIN cost its proof: %d", n)
	}
	must(t, w.V.VerifyPIN(ctx, p.id, p.pin))
}

// inspectMade looks at the codes and secrets that the library makes.
func inspectMade(t *testing.T, env Env) {
	w := newWorld(t, env, func(o *factor.Options) { o.Device.Max = 100 })
	p := w.person()
	var secrets, codes []string
	zeros := 0
	for range 40 {
		e, err := w.Devices.Enroll(ctx, p.id, uuid.New(), p.right(factor.KindPassword))
		must(t, err)
		raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(e.Secret, "="))
		if err != nil || len(raw) < 20 {
			t.Fatalf("a secret of %d bytes, %v; want 20", len(raw), err)
		}
		if slices.Contains(secrets, e.Secret) {
			t.Fatal("a secret was made twice")
		}
		secrets = append(secrets, e.Secret)
	}
	for range 400 {
		o := p.issue(factor.KindLogin)
		if len(o.Code) != 6 || strings.Trim(o.Code, "0123456789") != "" {
			t.Fatalf("a code of %d characters", len(o.Code))
		}
		if o.Code[0] == '0' {
			zeros++
		}
		codes = append(codes, o.Code)
	}
	slices.Sort(codes)
	if n := len(slices.Compact(codes)); n < 390 || zeros == 0 {
		t.Fatalf("%d different codes of 400, %d with a leading zero", n, zeros)
	}
}

// inspectRecovery looks at many recovery codes: each has 16 characters of Crockford's
// alphabet, which all stand in each place, and none is made twice.
func inspectRecovery(t *testing.T, env Env) {
	w := newWorld(t, env, nil)
	p := w.stranger()
	all := map[string]bool{}
	var places [16]map[byte]bool
	const sets = 120
	for range sets {
		set, err := w.Recovery.Generate(ctx, p.id, p.right(factor.KindPassword))
		must(t, err)
		if len(set) != 10 {
			t.Fatalf("a set of %d codes, want 10", len(set))
		}
		for _, o := range set {
			bare := strings.ReplaceAll(o.Code, "-", "")
			if len(o.Code) != 19 || len(bare) != 16 || strings.Trim(bare, "0123456789abcdefghjkmnpqrstvwxyz") != "" || o.Kind != factor.KindRecovery || !o.ExpiresAt.IsZero() {
				t.Fatalf("a code of %d characters, %v", len(o.Code), o)
			}
			all[bare] = true
			for i := range bare {
				if places[i] == nil {
					places[i] = map[byte]bool{}
				}
				places[i][bare[i]] = true
			}
		}
	}
	if len(all) != 10*sets {
		t.Fatalf("%d different codes of %d", len(all), 10*sets)
	}
	for i, seen := range places { // One is missing in one of 10^13 runs.
		if len(seen) != 32 {
			t.Fatalf("%d different characters in place %d, want 32", len(seen), i)
		}
	}
}
