package explore

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/translate"
)

// An operation is one call of the public API, with its arguments.
type operation struct {
	name   string
	method string // the exported method, as in "PINs.Set"
	run    func(c *caller) answer
	// judges holds the kinds that it may charge, each at most once.
	judges []factor.Kind
	// clears holds the kinds whose count it may set back.
	clears []factor.Kind
	// spends is the one one-time credential by which it is accepted, if only one
	// is: an issued code by its kind, payment, device, older (of the device), totp
	// or recovery.
	spends string
	guards bool // may be a strike
	mends  bool // may set the strikes back
	binds  bool // binds a PIN or a device
	reads  bool // changes nothing
	waits  bool // lets time pass
}

// shares reports whether the operation may share a swap: it does no slow work, and
// checks or makes a code.
func (o *operation) shares() bool {
	switch o.method {
	case "Verifier.VerifyOTP", "OTPIssuer.IssueUnproven":
		return true
	}
	return false
}

// A caller is an operation's side of a call.
type caller struct {
	ctx  context.Context
	p    *process
	held held
	pos  int // tells what this operation makes from what another makes
}

// pin is the PIN that this caller sets.
func (c *caller) pin() string { return newPINs[c.pos] }

// device is the ID that this caller enrols.
func (c *caller) device() uuid.UUID { return uuid.UUID{0: 0xd0, 15: byte(c.pos + 1)} }

// newPINs are set by the operations, in order.
var newPINs = [...]string{"4071", "6193", "7350"}

// oldDevice is enrolled in the starting states with a device, and sharedDevice in
// none.
var (
	oldDevice    = uuid.UUID{0: 0xdd, 15: 1}
	secondDevice = uuid.UUID{0: 0xdd, 15: 2}
	sharedDevice = uuid.UUID{0: 0xdd, 15: 9}
)

// An answer is an operation's result, in a form that is equal for equal answers:
// text leaves out random codes and secrets.
type answer struct {
	text  string
	err   error
	match factor.Match
	made  *credential // that was handed out
	count int
}

// A credential is a code that somebody holds, with its use.
type credential struct {
	name string
	use  use
	code string
}

// A use is the kind that a code is tried as, or asPending.
type use factor.Kind

const (
	asPIN    = use(factor.KindPIN)
	asDevice = use(factor.KindDeviceTOTP)
	asTOTP   = use(factor.KindTOTP)

	asRecovery = use(factor.KindRecovery)

	asPending = use("pending") // the first code of an authenticator that waits
	asPayment = use("payment") // an account code for the purpose of that name
	asAnother = use("another") // one for yet another purpose
)

func said(err error) answer { return saying("ok", err) }

func saying(value string, err error) answer {
	if err != nil {
		value = err.Error()
	}
	return answer{text: value, err: err}
}

func matched(m factor.Match, err error) answer {
	a := saying(fmt.Sprintf("ok %s %x", m.Kind, m.Device[:]), err)
	a.match = m
	return a
}

func (c *caller) issued(o factor.OTP, err error) answer {
	a := saying(fmt.Sprintf("ok %s until %s", o.Kind, o.ExpiresAt), err)
	if err == nil {
		a.made = &credential{c.made("code"), use(o.Kind), o.Code}
	}
	return a
}

// recovered lets the first code stand for all of a set.
func (c *caller) recovered(codes []factor.OTP, err error) answer {
	a := saying(fmt.Sprintf("ok %d codes", len(codes)), err)
	if err == nil {
		a.made = &credential{c.made("recovery code"), asRecovery, codes[0].Code}
	}
	return a
}

func (c *caller) enrolled(e factor.Enrollment, err error) answer {
	a := saying(fmt.Sprintf("ok %x %s %d %s", e.Device[:], e.Period, e.Digits, e.Algorithm), err)
	if err == nil {
		a.made = &credential{c.made("secret"), asDevice, totpCode(e.Secret, 0)}
		if e.Device == uuid.Nil {
			a.made.use = asPending
		}
	}
	return a
}

func (c *caller) made(what string) string { return fmt.Sprintf("%c's %s", 'a'+c.pos, what) }

// users lists all there are.
func (c *caller) users() answer {
	var all []string
	var failed error
	for u, err := range c.p.Admin.Users(c.ctx, "") {
		if err != nil {
			failed = err
			break
		}
		all = append(all, u)
	}
	return saying(strings.Join(all, " "), failed)
}

func (c *caller) sweep() answer {
	n, err := c.p.Admin.Sweep(c.ctx)
	a := saying(fmt.Sprintf("ok %d", n), err)
	a.count = n
	return a
}

func (c *caller) status() answer {
	s, err := c.p.Admin.Status(c.ctx, user)
	return saying("ok "+translate.Describe(s), err)
}
