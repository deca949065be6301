package threats

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/knowhave/factor"
)

// Threat04TextVariants tries other texts of a right code, before and after it was
// used: only the ASCII digits themselves are the code, and only once. A recovery code is
// one code, however it is typed.
func Threat04TextVariants(t *testing.T, env Env) {
	for _, kind := range digitKinds {
		t.Run(string(kind), func(t *testing.T) {
			w := newWorld(t, env, onlyKind(kind))
			p := w.person()
			code := p.rightWithLeadingZero(kind)
			tryVariants(t, w, p, kind, code)
			must(t, verifyOTP.call(ctx, w.process, p, kind, factor.Credentials{OTP: code}))
			tryVariants(t, w, p, kind, code)
			mustBe(t, verifyOTP.call(ctx, w.process, p, kind, factor.Credentials{OTP: code}), factor.ErrMismatch)
		})
	}
	t.Run("recovery", func(t *testing.T) { spellRecovery(t, env) })
	t.Run("pin and user", func(t *testing.T) {
		w := newWorld(t, env, nil)
		p := w.person()
		for _, text := range append(variants(p.pin), "") {
			mustBe(t, w.V.VerifyPIN(ctx, p.id, text), factor.ErrMalformed)
			if text != "" {
				mustBe(t, w.Guard.Prove(ctx, p.id, factor.Credentials{PIN: text}), factor.ErrMalformed)
			}
		}
		mustBe(t, w.V.VerifyPIN(ctx, p.id, "0"+p.pin), factor.ErrMismatch)
		mustBe(t, w.V.VerifyPIN(ctx, p.id, p.pin+"0"), factor.ErrMismatch)
		if n := w.wrong(p.id, factor.KindPIN); n != 2 {
			t.Fatalf("%d charged, want 2: malformed PINs cost nothing, wrong ones do", n)
		}
		w.unlock(p.id)
		for _, user := range []string{p.id + " ", " " + p.id, strings.ToUpper(p.id), p.id + "\t", p.id + "\u00a0", p.id + "\u200b"} {
			if err := w.V.VerifyPIN(ctx, user, p.pin); !errors.Is(err, factor.ErrMismatch) {
				t.Fatalf("the PIN of another spelling of the user was answered %v", err)
			}
		}
		for _, user := range []string{"", p.id + "\x00", "\xff" + p.id, strings.Repeat("a", 256)} {
			mustBe(t, w.V.VerifyPIN(ctx, user, p.pin), factor.ErrMalformed)
		}
	})
	t.Run("fuzzed", func(t *testing.T) {
		w := newWorld(t, env, nil)
		p := w.person()
		p.issue(factor.KindAccount)
		rapid.Check(t, func(rt *rapid.T) { fuzzedText(rt, w.V, p) })
	})
}

// fuzzedText draws a text close to a live account code, and fails if it is
// accepted.
func fuzzedText(rt *rapid.T, v *factor.Verifier, p *person) {
	code := p.codes[factor.KindAccount]
	text := []rune(code)
	for range rapid.IntRange(1, 3).Draw(rt, "changes") {
		i := rapid.IntRange(0, len(text)).Draw(rt, "place")
		r := rapid.Rune().Draw(rt, "rune")
		switch rapid.IntRange(0, 2).Draw(rt, "change") {
		case 0:
			text = append(text[:i:i], append([]rune{r}, text[i:]...)...)
		case 1:
			if i < len(text) {
				text[i] = r
			}
		case 2:
			if i < len(text) {
				text = append(text[:i:i], text[i+1:]...)
			}
		}
	}
	_, err := v.VerifyOTP(ctx, p.id, string(text), factor.KindAccount)
	if err != nil && len(text) > 4 && strings.Contains(err.Error(), string(text)) {
		rt.Fatalf("an error repeats what was given: %v", err)
	}
	if err == nil && string(text) == code {
		p.issue(factor.KindAccount)
		return
	}
	if err == nil {
		rt.Fatalf("%q was accepted for another code", string(text))
	}
	p.w.unlock(p.id)
}

// tryVariants tries the variants of code at every method that takes it.
func tryVariants(t *testing.T, w *world, p *person, kind factor.Kind, code string) {
	t.Helper()
	for _, j := range takers(kind) {
		for _, text := range variants(code) {
			err := j.call(ctx, w.process, p, kind, factor.Credentials{OTP: text})
			m, ok := errors.AsType[*factor.MalformedError](err)
			if !ok || m.Field != "otp" {
				t.Fatalf("%s answered %q with %v, want a MalformedError of otp", j.name, text, err)
			}
		}
	}
	if n := w.wrong(p.id, kind); n != 0 {
		t.Fatalf("%d charged for malformed codes, want 0", n)
	}
	for n, text := range []string{"0" + code, code + "0", "00" + code, "0" + code + "0"} {
		mustBe(t, verifyOTP.call(ctx, w.process, p, kind, factor.Credentials{OTP: text}), factor.ErrMismatch)
		if wrong := w.wrong(p.id, kind); wrong != n+1 {
			t.Fatalf("%d charged after %d codes of the wrong length", wrong, n+1)
		}
	}
	w.unlock(p.id)
}

// variants returns texts that a lenient reader takes for the digits, none of
// them well-formed.
func variants(digits string) []string {
	other := func(zero rune) string {
		return strings.Map(func(r rune) rune { return zero + r - '0' }, digits)
	}
	vs := []string{
		other('\u0660'), other('\u06f0'), other('\u0966'), other('\uff10'), other('\U0001d7ce'), // digits of other scripts
		digits[:2] + " " + digits[2:], digits[:2] + "-" + digits[2:], digits[:2] + "\u00a0" + digits[2:],
		digits[:3], strings.Repeat(digits, 4), "0x" + digits, digits + ".0", digits + "e0", "'" + digits + "'",
		other('\uff10')[:3] + digits[1:],
	}
	for _, extra := range []string{" ", "\t", "\n", "\r\n", "\x00", "\u00a0", "\u2003", "\u200b", "\ufeff", "+", "-", "\xff"} {
		vs = append(vs, digits+extra, extra+digits)
	}
	return vs
}

// rightWithLeadingZero returns a right code that begins with 0, and moves the
// clock or issues codes until there is one.
func (p *person) rightWithLeadingZero(kind factor.Kind) string {
	p.w.t.Helper()
	for {
		delete(p.codes, kind)
		if code := p.right(kind).OTP; code[0] == '0' {
			return code
		}
		p.w.clock.Turn(p.phone.period)
	}
}
