package model

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"pgregory.net/rapid"
)

// A given is an argument and what it is called in the log. The log must not
// show random codes, or rapid would take two runs of one failure for two
// failures.
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

// The devices that users enrol. They share the pool.
var devicePool = []uuid.UUID{
	uuid.MustParse("d0d0d0d0-0000-4000-8000-000000000000"),
	uuid.MustParse("d1d1d1d1-0000-4000-8000-000000000001"),
	uuid.MustParse("d2d2d2d2-0000-4000-8000-000000000002"),
	uuid.MustParse("d3d3d3d3-0000-4000-8000-000000000003"),
}

var (
	pinPool      = literal("2580", "4826", "135790", "2589", "580264")
	oddPins      = literal("1234", "0987", "9012", "8901", "2109", "1098", "1121", "6660", "6661", "666013", "666113", "111111", "345678", "25802")
	badUsers     = literal("", strings.Repeat("a", 256), "a\x00b", "\xffa")
	badPINs      = literal("258", "2580258025802", "25 0", "２５８０", "258O", " 2580")
	badOTPs      = literal("12345", "123456789", "12345a", "１２３４５６", " 123456", "123456\n", "-12345")
	badPasswords = literal(strings.Repeat("p", 1025))
)

// pick draws one of several, each as likely as the other; rapid's own
// SampledFrom prefers the first.
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

// drawUser draws one of the users, most often the first, or rarely a name that
// is malformed.
func (m *machine) drawUser(t *rapid.T) given {
	often := append(literal(m.names...), literal(m.names[0], m.names[0], m.names[0])...)
	return one(t, "user", often, 60, badUsers)
}

// someone says whether something is true of any user.
func (m *machine) someone(is func(u *user) bool) bool {
	for _, u := range m.users {
		if is(u) {
			return true
		}
	}
	return false
}

// drawUserWho draws mostly from the users of whom something is true.
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

// drawPIN draws a PIN that is given as proof.
func (m *machine) drawPIN(t *rapid.T, name string) given {
	often := pinPool
	if u := m.users[name]; u != nil && u.pin != "" {
		own := given{"the PIN " + u.pin, u.pin}
		often = append([]given{own, own, own}, pinPool...)
	}
	return one(t, "pin", often, 40, badPINs)
}

// drawNewPIN draws a PIN to be set.
func (m *machine) drawNewPIN(t *rapid.T) given {
	return one(t, "new pin", pinPool, 4, append(append(literal("", "258"), oddPins...), badPINs...))
}

func (m *machine) drawPassword(t *rapid.T, name string) given {
	own := given{"the password", passwordOf(name)}
	often := []given{own, own, {"a wrong password", "guess"}, {"Ann's password", passwordOf("Ann")}}
	return one(t, "password", often, 10, append(literal(faultyPassword, panicPassword), badPasswords...))
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
	other = literal("000000", "0000000", "00000000")
	add := func(to *[]given, text, label string, args ...any) {
		*to = append(*to, given{fmt.Sprintf("%q's %s", u.name, fmt.Sprintf(label, args...)), text})
	}
	for _, k := range kinds {
		if c := u.live[k]; c != nil {
			add(&fresh, c.text, "newest %s code", k)
			add(&fresh, c.text, "newest %s code", k)
		}
		for i, c := range u.spent[k] {
			add(&used, c.text, "used %s code %d", k, i)
		}
	}
	for i, c := range u.oldCodes[max(0, len(u.oldCodes)-12):] {
		add(&other, c.text, "%s code number %d of the last 12", c.kind, i)
	}
	steps := func(s *secret, label string) {
		for _, off := range []int64{0, 0, 1, -1} {
			add(&fresh, s.code(s.step(m.now)+off), "%s code %+d", label, off)
		}
		for _, off := range []int64{2, -2, 3, -3} {
			add(&other, s.code(s.step(m.now)+off), "%s code %+d", label, off)
		}
		if s.last != noStep {
			add(&used, s.code(s.last), "used %s code", label)
			add(&used, s.code(s.last-1), "%s code before the used one", label)
		}
	}
	for _, d := range u.devices {
		steps(d.secret, "device "+deviceName(d.id))
	}
	if u.auth != nil {
		steps(u.auth, "authenticator")
	}
	if u.pending != nil {
		steps(u.pending.secret, "pending authenticator")
	}
	for i, s := range u.oldSecrets[max(0, len(u.oldSecrets)-3):] {
		add(&other, s.code(s.step(m.now)), "code of secret %d of the last 3", i)
	}
	return fresh, used, other
}

// drawProof draws which credentials are given, and the credentials.
func (m *machine) drawProof(t *rapid.T, name string, patterns ...string) (factor.Credentials, string) {
	var proof factor.Credentials
	var labels []string
	for _, field := range strings.Fields(pick(t, "given", patterns...)) {
		var g given
		switch field {
		case "otp":
			g = m.drawCode(t, name)
			proof.OTP = g.text
		case "password":
			g = m.drawPassword(t, name)
			proof.Password = g.text
		case "pin":
			g = m.drawPIN(t, name)
			proof.PIN = g.text
		}
		labels = append(labels, field+" "+g.label)
	}
	return proof, "{" + strings.Join(labels, ", ") + "}"
}

// Patterns of credentials that are given. PINs are rare where hashing is slow.
func (m *machine) patterns() []string {
	if m.env.RarePINs {
		return []string{"otp", "password", "otp password", "", "otp", "password", "pin", "otp password", "otp password pin"}
	}
	return []string{"otp", "password", "pin", "otp pin", "otp password", "password pin", "otp password pin", ""}
}

// badFields lists the malformed fields of a call.
type badFields []string

func (b *badFields) check(field string, bad bool) {
	if bad {
		*b = append(*b, field)
	}
}

func (b *badFields) user(s string) {
	b.check("user", len(s) < 1 || len(s) > 255 || !utf8.ValidString(s) || strings.Contains(s, "\x00"))
}

func digitsOnly(s string, least, most int) bool {
	return len(s) >= least && len(s) <= most && strings.Trim(s, "0123456789") == ""
}

func (b *badFields) otp(s string)    { b.check("otp", !digitsOnly(s, 6, 8)) }
func (b *badFields) pin(s string)    { b.check("pin", !digitsOnly(s, 4, 12)) }
func (b *badFields) newPIN(s string) { b.check("pin", !digitsOnly(s, 1, 12)) }

func (b *badFields) password(m *machine, s string) {
	b.check("password", !m.cfg.passwords || len(s) < 1 || len(s) > 1024)
}

// proof checks the credentials that are given.
func (b *badFields) proof(m *machine, c factor.Credentials) {
	if c.OTP != "" {
		b.otp(c.OTP)
	}
	if c.Password != "" {
		b.password(m, c.Password)
	}
	if c.PIN != "" {
		b.pin(c.PIN)
	}
}

// refuse writes down the refusal if a field is malformed: nothing is touched.
func (b badFields) refuse(e *expectation) bool {
	for _, f := range b {
		e.answers = append(e.answers, "malformed, "+f)
	}
	return len(b) > 0
}

// noCredential writes down the refusal if no credential is given.
func noCredential(e *expectation, c factor.Credentials) bool {
	if c == (factor.Credentials{}) {
		e.answer("no credential")
		return true
	}
	return false
}
