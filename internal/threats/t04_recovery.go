package threats

import (
	"strings"
	"testing"

	"github.com/knowhave/factor"
)

// typed returns the ways in which a person may type a recovery code: case, hyphens and
// blanks do not count, and letters that look like digits are these.
func typed(code string) []string {
	bare := strings.ReplaceAll(code, "-", "")
	lookalike := strings.NewReplacer("0", "o", "1", "l").Replace
	return []string{
		code, bare, strings.ToUpper(code), strings.ReplaceAll(code, "-", " "), " " + code + "  ", "--" + code + "--",
		strings.Join(strings.Split(bare, ""), "-"), strings.Join(strings.Split(strings.ToUpper(bare), ""), " "),
		lookalike(code), strings.ToUpper(lookalike(bare)), strings.ReplaceAll(code, "1", "i"), strings.ReplaceAll(code, "1", "I"),
		strings.ReplaceAll(code, "0", "O"), code + strings.Repeat(" ", 64-len(code)),
	}
}

// mistyped returns texts that a lenient reader takes for the code, none of them
// well-formed.
func mistyped(code string) []string {
	bare := strings.ReplaceAll(code, "-", "")
	wide := strings.Map(func(r rune) rune {
		if r == '-' {
			return r
		}
		return r - '!' + '\uff01'
	}, code)
	texts := []string{
		wide, wide[:3] + code[1:], bare[:15], bare + "0", "0" + bare, code[:4], code + code, "", strings.Repeat("-", 16), strings.Repeat(" ", 16),
		bare[:15] + "u", bare[:15] + "U", "u" + bare[1:], code + strings.Repeat(" ", 65-len(code)), strings.Repeat("-", 49) + bare, "'" + code + "'", "0x" + bare,
		bare[:15] + "\u00b9", strings.Replace(code, code[:1], code[:1]+"\u0301", 1),
	}
	for _, blank := range []string{"\t", "\n", "\r\n", "\x00", "\u00a0", "\u2003", "\u200b", "\ufeff", "\u2010", "\u2011", "\u2013", "\u2212", "\u00ad", "_", ".", "+", "\xff"} {
		texts = append(texts, code+blank, blank+code, strings.ReplaceAll(code, "-", blank), bare[:8]+blank+bare[8:])
	}
	for _, likeO := range []string{"\u043e", "\u041e", "\u03bf", "\uff2f", "\u0130", "\u0131", "\u212a"} { // of other scripts; the last is the sign of Kelvin
		texts = append(texts, likeO+bare[1:], bare[:15]+likeO)
	}
	return texts
}

// withLookalikes returns an unused recovery code with a 0 and a 1 in it.
func (p *person) withLookalikes() string {
	p.w.t.Helper()
	for {
		delete(p.codes, factor.KindRecovery)
		if code := p.right(factor.KindRecovery).OTP; strings.Contains(code, "0") && strings.Contains(code, "1") {
			return code
		}
	}
}

// spellRecovery types recovery codes in all the ways in which they may be typed, one after
// the other and at once: each is the same code, and works once in one of them. What is not
// one of these ways is malformed everywhere, and costs nothing.
func spellRecovery(t *testing.T, env Env) {
	w := newWorld(t, env, onlyKind(factor.KindRecovery))
	p := w.person()
	ways := len(typed("0000-0000-0000-0000"))
	for first := range ways {
		code := p.withLookalikes()
		must(t, verifyOTP.call(ctx, w.process, p, factor.KindRecovery, factor.Credentials{OTP: typed(code)[first]}))
		for _, text := range typed(code) {
			mustBeStale(t, verifyAny.call(ctx, w.process, p, factor.KindRecovery, factor.Credentials{OTP: text}))
		}
	}
	code := p.withLookalikes()
	for _, text := range mistyped(code) {
		for _, j := range takers(factor.KindRecovery) {
			if text != "" || j.name == verifyOTP.name {
				mustBe(t, j.call(ctx, w.process, p, factor.KindRecovery, factor.Credentials{OTP: text}), factor.ErrMalformed)
			}
		}
	}
	mustCountAll(t, p, nil)
	other := w.start(nil)
	answers := atOnce(64, func(i int) error {
		return verifyOTP.call(ctx, []*process{w.process, other}[i%2], p, factor.KindRecovery, factor.Credentials{OTP: typed(code)[i%ways]})
	})
	if n, stale := count(answers, nil), count(answers, factor.ErrMismatch); n != 1 || stale != 63 {
		t.Fatalf("%d of 64 spellings of one code were accepted, and %d refused, want 1 and 63", n, stale)
	}
	mustCountAll(t, p, nil)
}
