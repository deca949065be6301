package model

import (
	"fmt"
	"strings"

	"github.com/knowhave/factor/internal/spec"
	"pgregory.net/rapid"
)

// A given is an argument with its label for the log. The log must not show random
// codes, or rapid would take two runs of one failure for two failures.
type given struct{ label, text string }

// String returns the label.
func (g given) String() string { return g.label }

// GoString returns the label.
func (g given) GoString() string { return g.label }

func literal(texts ...string) []given {
	var gs []given
	for _, s := range texts {
		gs = append(gs, given{fmt.Sprintf("%.12q", s), s})
	}
	return gs
}

// The devices that users enrol, by name. They share the pool.
var devicePool = []spec.Name{1, 2, 3, 4}

func deviceName(n spec.Name) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint("D", n)
}

var (
	pinPool  = literal("2580", "4826", "135790", "2589", "580264")
	oddPins  = literal("1234", "0987", "9012", "8901", "2109", "1098", "1121", "6660", "6661", "666013", "666113", "111111", "345678", "25802")
	badUsers = literal("", strings.Repeat("a", 256), "a\x00b", "\xffa")
	badPINs  = literal("258", "2580258025802", "25 0", "２５８０", "258O", " 2580")
	badOTPs  = literal("12345", "123456789", "12345a", "１２３４５６", " 123456", "123456\n", "-12345",
		"0000-0000-0000-000", "0000-0000-0000-00000", "u000-0000-0000-0000", "0000_0000_0000_0000", "0000–0000–0000–0000", "0000\u00a00000-0000-0000",
		"00000000\t00000000", "00000000000000\u212a", strings.Repeat("-", 49)+"0000000000000000", strings.Repeat(" ", 16))
	badPasswords = literal(strings.Repeat("p", 1025))
)

// pick draws one of several with equal probability; rapid's SampledFrom prefers the
// first.
func pick[T any](t *rapid.T, label string, of ...T) T {
	return rapid.Custom(func(t *rapid.T) T {
		n := 0
		for range 10 {
			n *= 2
			if rapid.Bool().Draw(t, "bit") {
				n++
			}
		}
		return of[n*len(of)/1024]
	}).Draw(t, label)
}

// rare is true one time in n.
func rare(t *rapid.T, label string, n int) bool {
	return rapid.Custom(func(t *rapid.T) bool {
		odds := make([]bool, n)
		odds[n-1] = true
		return pick(t, "odds", odds...)
	}).Draw(t, label)
}

// one draws from the first list, and rarely, one time in n, from the second.
func one(t *rapid.T, label string, often []given, n int, rarely []given) given {
	if len(rarely) > 0 && rare(t, "odd "+label, n) {
		often = rarely
	}
	return pick(t, label, often...)
}

// drawUser draws one of the users, most often the first, or rarely a malformed
// name.
func (m *machine) drawUser(t *rapid.T) given {
	often := append(literal(m.names...), literal(m.names[0], m.names[0], m.names[0])...)
	return one(t, "user", often, 60, badUsers)
}

// someone reports whether is holds for any user.
func (m *machine) someone(is func(u *user) bool) bool {
	for _, u := range m.users {
		if is(u) {
			return true
		}
	}
	return false
}

// drawUserWho draws mostly from the users for whom is holds.
func (m *machine) drawUserWho(t *rapid.T, is func(u *user) bool) given {
	var who []string
	for _, name := range m.names {
		if is(m.users[name]) {
			who = append(who, name)
		}
	}
	if len(who) == 0 || rare(t, "any user", 4) {
		return m.drawUser(t)
	}
	return pick(t, "user", literal(who...)...)
}

// drawPIN draws a PIN to give as proof.
func (m *machine) drawPIN(t *rapid.T, name string) given {
	often := pinPool
	if u := m.users[name]; u != nil && u.state.PIN.Digits != "" {
		own := given{"the PIN " + u.state.PIN.Digits, u.state.PIN.Digits}
		often = append([]given{own, own, own}, pinPool...)
	}
	return one(t, "pin", often, 40, badPINs)
}

// drawNewPIN draws a PIN to set.
func (m *machine) drawNewPIN(t *rapid.T) given {
	return one(t, "new pin", pinPool, 4, append(append(literal("", "258"), oddPins...), badPINs...))
}

func (m *machine) drawPassword(t *rapid.T, name string) given {
	own := given{"the password", passwordOf(name)}
	often := []given{own, own, {"a wrong password", "guess"}, {"Ann's password", passwordOf("Ann")}}
	return one(t, "password", often, 10, append(literal(faultyPassword, panicPassword, bcryptPassword, bcryptPassword), badPasswords...))
}

// drawCode draws a code of any sort: right, wrong, used, superseded, expired, of
// another kind, another device or another user.
func (m *machine) drawCode(t *rapid.T, name string) given {
	of := name
	if m.users[of] == nil || rare(t, "of another user", 12) {
		of = pick(t, "whose code", m.names...)
	}
	return m.drawCodeOf(t, m.users[of])
}

// drawCodeOf draws one of a user's codes: half of them are likely to be right,
// a quarter is used, and a quarter is anything else.
func (m *machine) drawCodeOf(t *rapid.T, u *user) given {
	fresh, used, other := m.codesOf(u)
	from := pick(t, "sort of code", fresh, other, used, fresh)
	if len(from) == 0 {
		from = other
	}
	return one(t, "code", from, 40, badOTPs)
}

// codesOf lists the codes of a user that may be tried.
func (m *machine) codesOf(u *user) (fresh, used, other []given) {
	other = literal("000000", "0000000", "00000000", "0000-0000-0000-0000", "zzzz zzzz zzzz zzzz")
	add := func(to *[]given, text, label string, args ...any) {
		*to = append(*to, given{fmt.Sprintf("%q's %s", u.name, fmt.Sprintf(label, args...)), text})
	}
	m.addIssued(u, func(text, label string) { add(&fresh, text, "%s", label) }, func(text, label string) { add(&used, text, "%s", label) })
	for i, n := range u.codes[max(0, len(u.codes)-12):] {
		add(&other, m.drawn.CodeOf(n), "code number %d of the last 12", i)
	}
	steps := func(s spec.Secret, label string) {
		now := s.Step(m.time())
		for _, off := range []int64{0, 0, 1, -1} {
			add(&fresh, m.drawn.At(s, now+off), "%s code %+d", label, off)
		}
		for _, off := range []int64{2, -2, 3, -3} {
			add(&other, m.drawn.At(s, now+off), "%s code %+d", label, off)
		}
		if s.Last != spec.NoStep {
			add(&used, m.drawn.At(s, s.Last), "used %s code", label)
			add(&used, m.drawn.At(s, s.Last-1), "%s code before the used one", label)
		}
	}
	for _, d := range u.devices() {
		steps(d.Secret, "device "+deviceName(d.ID))
	}
	if u.state.Authenticator.Key != 0 {
		steps(u.state.Authenticator, "authenticator")
	}
	if u.state.Waiting.Secret.Key != 0 {
		steps(u.state.Waiting.Secret, "waiting authenticator")
	}
	for i, s := range u.secrets[max(0, len(u.secrets)-3):] {
		add(&other, m.drawn.At(s, s.Step(m.time())), "code of secret %d of the last 3", i)
	}
	codes := m.recoveryOf(u)
	fresh = append(fresh, codes[:min(3, len(codes))]...)
	for n := range spec.RecoveryCodes {
		if r := u.state.Recovery; r.Used&(1<<n) != 0 {
			add(&used, m.drawn.RecoveryCodeOf(r.Set, n), "used recovery code %d", n)
		}
	}
	for i, set := range u.sets[max(0, len(u.sets)-2):] {
		add(&other, m.drawn.RecoveryCodeOf(set, 9-i), "recovery code of set %d of the last 2", i)
	}
	return fresh, used, other
}

// addIssued adds the issued codes of a user that are live, each twice, and those that were.
func (m *machine) addIssued(u *user, fresh, used func(text, label string)) {
	for _, k := range spec.IssuedKinds {
		c := u.state.Codes(k)
		for _, live := range c.Live {
			if live.Code != 0 {
				label := fmt.Sprintf("%slive %s code", viewOf(live.For), k)
				fresh(m.drawn.CodeOf(live.Code), label)
				fresh(m.drawn.CodeOf(live.Code), label)
			}
		}
		for i, spent := range c.Stale {
			if spent.Code != 0 {
				used(m.drawn.CodeOf(spent.Code), fmt.Sprintf("%sused %s code %d", viewOf(spent.For), k, i))
			}
		}
	}
}

// recoveryOf lists the user's unused recovery codes, each in another spelling.
func (m *machine) recoveryOf(u *user) (codes []given) {
	r := u.state.Recovery
	for n := range spec.RecoveryCodes {
		if r.Set != 0 && r.Used&(1<<n) == 0 {
			how := spellings[(len(u.sets)+n)%len(spellings)]
			codes = append(codes, given{fmt.Sprintf("%q's recovery code %d, %s", u.name, n, how), spell(m.drawn.RecoveryCodeOf(r.Set, n), how)})
		}
	}
	return codes
}

// spellings are the ways in which people type a recovery code.
var spellings = []string{"shown", "bare", "upper", "blanks", "lookalikes", "as long as can be"}

func spell(code, how string) string {
	switch how {
	case "shown":
		return code[:4] + "-" + code[4:8] + "-" + code[8:12] + "-" + code[12:]
	case "upper":
		return strings.ToUpper(code[:8]) + "--" + code[8:]
	case "blanks":
		return "  " + code[:3] + " " + code[3:] + "- "
	case "lookalikes":
		return strings.NewReplacer("0", "O", "1", "l").Replace(code[:8]) + strings.NewReplacer("0", "o", "1", "I").Replace(code[8:])
	case "as long as can be":
		return strings.Repeat("- ", 24) + code
	}
	return code
}

// devices are those that the user has.
func (u *user) devices() []spec.Device {
	n := 0
	for n < spec.MaxDevices && u.state.Devices[n].ID != 0 {
		n++
	}
	return u.state.Devices[:n]
}

// drawProof draws a combination of credentials, and the credentials.
func (m *machine) drawProof(t *rapid.T, c *spec.Call, patterns ...string) (label string) {
	var labels []string
	for _, field := range strings.Fields(pick(t, "given", patterns...)) {
		var g given
		switch field {
		case "otp":
			g = m.drawCode(t, c.User)
			c.OTP = g.text
		case "password":
			g = m.drawPassword(t, c.User)
			c.Password = g.text
		case "pin":
			g = m.drawPIN(t, c.User)
			c.PIN = g.text
		}
		labels = append(labels, field+" "+g.label)
	}
	return "{" + strings.Join(labels, ", ") + "}"
}

// patterns returns combinations of credentials. PINs are rare if hashing is slow.
func (m *machine) patterns() []string {
	if m.env.RarePINs {
		return []string{"otp", "password", "otp password", "", "otp", "password", "pin", "otp password", "otp password pin"}
	}
	return []string{"otp", "password", "pin", "otp pin", "otp password", "password pin", "otp password pin", ""}
}
