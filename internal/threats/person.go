package threats

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/rfc6238"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
)

var ctx = context.Background()

// otpKinds are the kinds of codes, and digitKinds those whose codes are digits. The
// others are recovery codes.
var (
	otpKinds   = translate.Kinds(spec.CodeKinds)
	digitKinds = translate.Kinds(spec.DigitKinds)
)

// mailedKinds are the kinds whose codes the library draws.
var mailedKinds = translate.Kinds(spec.IssuedKinds)

// allKinds are the kinds of credentials.
var allKinds = translate.Kinds(spec.KindsWhere(func(spec.KindRow) bool { return true }))

// A person is a user, with everything that the user knows and holds.
type person struct {
	w             *world
	id            string
	password, pin string
	device        uuid.UUID
	phone         generator // of the device
	app           generator // of the confirmed authenticator
	pending       generator // of the one that waits for its first code
	others        []generator
	paper         []string // unread recovery codes
	codes         map[factor.Kind]string
	purpose       []string // of the issued ones among codes
	issued        []string
	guesses       int
	given         factor.Credentials // of the next call
}

// stranger returns a registered user without a record.
func (w *world) stranger() *person {
	w.users++
	none := generator{period: 30 * time.Second, digits: 6}
	p := &person{
		phone: none, app: none, pending: none,
		w: w, id: fmt.Sprintf("person-%04d", w.users), password: "correct horse battery staple", pin: "2580",
		device: uuid.New(), codes: map[factor.Kind]string{},
	}
	w.host.register(p.id, p.password, w.clock.Now())
	return p
}

// person returns a user who holds one of everything: a password, a PIN, a device,
// an authenticator and recovery codes. Nothing is live, counted or used in the
// current step.
func (w *world) person() *person {
	w.t.Helper()
	p := w.pinless()
	must(w.t, w.Admin.SetPIN(ctx, p.id, p.pin))
	return p
}

// pinless returns a user who holds one of everything but a PIN, whose hash is slow.
func (w *world) pinless() *person {
	w.t.Helper()
	p := w.stranger()
	e, err := w.Devices.Enroll(ctx, p.id, p.device, factor.Credentials{})
	must(w.t, err)
	p.phone = newGenerator(e)
	p.begin()
	now := w.clock.Now()
	must(w.t, w.Auth.Confirm(ctx, p.id, p.pending.code(p.pending.step(now))))
	p.app = p.pending
	p.generate()
	w.clock.Turn(12 * p.phone.period) // Nothing that was accepted is in any window now.
	return p
}

// begin begins an authenticator.
func (p *person) begin() {
	p.w.t.Helper()
	e, err := p.w.Auth.Begin(ctx, p.id, factor.Credentials{Password: p.password})
	must(p.w.t, err)
	p.pending = newGenerator(e)
}

// generate generates recovery codes.
func (p *person) generate() {
	p.w.t.Helper()
	set, err := p.w.Recovery.Generate(ctx, p.id, factor.Credentials{Password: p.password})
	must(p.w.t, err)
	p.print(set)
}

// print replaces the written-down set of recovery codes.
func (p *person) print(set []factor.OTP) {
	p.paper = nil
	for _, o := range set {
		p.paper, p.issued = append(p.paper, o.Code), append(p.issued, o.Code)
	}
	delete(p.codes, factor.KindRecovery)
}

// right returns the right credential of a kind: for mailed codes the live one,
// issued if there is none, and for recovery codes the last one returned, or the
// next on the paper once that is deleted from codes.
func (p *person) right(kind factor.Kind) factor.Credentials {
	p.w.t.Helper()
	now := p.w.clock.Now()
	switch kind {
	case factor.KindPassword:
		return factor.Credentials{Password: p.password}
	case factor.KindPIN:
		return factor.Credentials{PIN: p.pin}
	case factor.KindTOTP:
		return factor.Credentials{OTP: p.app.code(p.app.step(now))}
	case factor.KindDeviceTOTP:
		return factor.Credentials{OTP: p.phone.code(p.phone.step(now))}
	}
	if p.codes[kind] == "" && kind == factor.KindRecovery {
		if len(p.paper) == 0 {
			p.generate()
		}
		p.codes[kind], p.paper = p.paper[0], p.paper[1:]
	}
	if p.codes[kind] == "" {
		p.issue(kind)
	}
	return factor.Credentials{OTP: p.codes[kind]}
}

// issue issues a code without proof, and remembers it as the live one.
func (p *person) issue(kind factor.Kind) factor.OTP {
	p.w.t.Helper()
	o, err := p.w.Codes.IssueUnproven(ctx, p.id, kind)
	must(p.w.t, err)
	p.codes[kind] = o.Code
	p.issued = append(p.issued, o.Code)
	return o
}

// issueFor issues a code for a purpose, without proof.
func (p *person) issueFor(kind factor.Kind, purpose ...string) factor.OTP {
	p.w.t.Helper()
	o, err := p.w.on(purpose).Codes.IssueUnproven(ctx, p.id, kind)
	must(p.w.t, err)
	p.issued = append(p.issued, o.Code)
	return o
}

// wrong returns a new well-formed credential of a kind that is wrong for every kind
// of its form.
func (p *person) wrong(kind factor.Kind) factor.Credentials {
	p.guesses++
	switch kind {
	case factor.KindPassword:
		return factor.Credentials{Password: fmt.Sprintf("incorrect horse %d", p.guesses)}
	case factor.KindPIN:
		n := p.guesses % 625 // Four digits from 5 to 9, like no year, length or PIN of ours.
		return factor.Credentials{PIN: fmt.Sprint(5555 + n%5 + n/5%5*10 + n/25%5*100 + n/125*1000)}
	}
	if kind == factor.KindRecovery {
		return factor.Credentials{OTP: fmt.Sprintf("%04d-wr0n-gc0d-e000", p.guesses)}
	}
	code := fmt.Sprintf("%06d", (p.guesses*7919)%1000000)
	for _, g := range slices.Concat(p.others, []generator{p.phone, p.app, p.pending}) {
		if g.near(code, p.w.clock.Now()) {
			return p.wrong(kind)
		}
	}
	if slices.Contains(p.issued, code) {
		return p.wrong(kind)
	}
	return factor.Credentials{OTP: code}
}

// secrets returns everything that no error and no log may show.
func (p *person) secrets() []string {
	var s []string
	for _, v := range append(p.issued, p.id, p.password, p.pin, p.phone.secret, p.app.secret, p.pending.secret,
		p.given.OTP, p.given.Password, p.given.PIN) {
		if v != "" {
			s = append(s, v)
		}
	}
	return s
}

// both returns a and b in one.
func both(a, b factor.Credentials) factor.Credentials {
	if b.OTP != "" {
		a.OTP = b.OTP
	}
	if b.Password != "" {
		a.Password = b.Password
	}
	if b.PIN != "" {
		a.PIN = b.PIN
	}
	return a
}

// A generator makes the codes of a TOTP secret, as a phone does. It shares no
// code with the library.
type generator struct {
	secret    string
	period    time.Duration
	digits    int
	algorithm string
}

func newGenerator(e factor.Enrollment) generator {
	return generator{e.Secret, e.Period, e.Digits, e.Algorithm}
}

// step returns the RFC 6238 time step of an instant.
func (g generator) step(at time.Time) int64 { return at.Unix() / int64(g.period/time.Second) }

// code returns the code of a step.
func (g generator) code(step int64) string {
	return rfc6238.Secret{Base32: g.secret, Algorithm: g.algorithm, Digits: g.digits}.Code(step)
}

// near reports whether code is that of a step in or close to the widest window.
func (g generator) near(code string, at time.Time) bool {
	if g.secret == "" {
		return false
	}
	for step := g.step(at) - 12; step <= g.step(at)+12; step++ {
		if g.code(step) == code {
			return true
		}
	}
	return false
}

// matches returns the steps, among those from first to last, whose code it is.
func (g generator) matches(code string, first, last int64) []int64 {
	var steps []int64
	for step := first; step <= last; step++ {
		if g.code(step) == code {
			steps = append(steps, step)
		}
	}
	return steps
}
