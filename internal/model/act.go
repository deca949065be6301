package model

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
	"pgregory.net/rapid"
)

// An act is a call that the machine is about to make.
type act struct {
	*machine
	spec.Call
	args   translate.Args
	view   view
	labels []string // the arguments, without random parts
	fault  error    // the error of a failing host function, nil for a panic
}

func (m *machine) act(op spec.Op, name given) *act {
	v := m.drawView(m.t, name.text)
	return &act{
		machine: m, Call: spec.Call{Op: op, User: name.text, OnView: v.on, Purpose: v.parts},
		view: v, labels: []string{name.String()},
	}
}

// label adds to the log entry.
func (a *act) label(format string, args ...any) *act {
	a.labels = append(a.labels, fmt.Sprintf(format, args...))
	return a
}

// make makes the call and compares its effects with the specification. It reports
// whether the call returned nil.
func (a *act) make() bool {
	a.t.Helper()
	a.last++
	a.Draws, a.Code = a.last, a.drawn.Text(a.OTP)
	a.Notice = noticesOf(a.last)
	a.host.mail.says(&a.Host)
	a.Host.Password, a.Host.Denies, a.Host.Wipe = says(a.User, a.Password), denies(a.NewPIN), a.host.wipes()
	o := a.do(fmt.Sprintf("%s%s(%s)", a.view, a.Op, strings.Join(a.labels, ", ")), &a.Call, &a.args)

	u := a.users[a.User]
	if u == nil {
		u = &user{name: a.User} // a name that is malformed
	}
	next, want := a.expected(u)
	if want.Answer.Err != spec.Unsealed {
		a.answered(o, want)
	} else if !errors.Is(o.Err, factor.ErrUnsealed) {
		a.t.Fatalf("%s: answered %q of a record that does not open", o.label, describe(o.Err))
	}
	a.told(o, u, want.Events)
	a.notified(o, u, o.notices, want.Tells)
	a.touched(o, u, want)
	a.learn(o, u, next)
	a.stored(o, u, next)
	return o.Err == nil
}

// expected returns the specification's outcome.
func (a *act) expected(u *user) (spec.State, spec.Outcome) {
	if a.sealed(u) {
		return a.cfg.spec.Unopened(u.state, a.time(), spec.Unsealed, &a.Call)
	}
	return a.cfg.spec.Run(u.state, a.time(), &a.Call)
}

// answered compares the answer.
func (a *act) answered(o *observed, out spec.Outcome) {
	a.t.Helper()
	want, asked := out.Answer, out.AskedPassword || out.AskedRegistered
	got, ok := o.Answer()
	if !ok || got != want {
		a.t.Fatalf("%s: answered %q, %+v, want %s, %+v", o.label, describe(o.Err), got, want.Err, want)
	}
	var malformed *factor.MalformedError
	fields := a.cfg.spec.Malformed(&a.Call)
	if errors.As(o.Err, &malformed) && !slices.Contains(fields, malformed.Field) {
		a.t.Fatalf("%s: %s is malformed, want one of %q", o.label, malformed.Field, fields)
	}
	switch {
	case want.Err == spec.HostFault && asked && a.fault != nil && !errors.Is(o.Err, a.fault):
		a.t.Fatalf("%s: %q does not wrap the fault of the host", o.label, describe(o.Err))
	case want.Err == spec.WipePending && a.host.wipeMode == "error" && !errors.Is(o.Err, errWipe):
		a.t.Fatalf("%s: %q does not wrap the fault of Wipe", o.label, describe(o.Err))
	}
}

// told compares the events.
func (m *machine) told(o *observed, u *user, want []spec.Event) {
	m.t.Helper()
	var got []spec.Event
	for _, e := range o.events {
		if e.User != u.name || !e.At.Equal(m.now) || e.At.Location() != time.UTC {
			m.t.Fatalf("%s: event %s of user %q at %s, now is %s", o.label, e.Action, e.User, e.At, m.now)
		}
		if a, ok := translate.Error(e.Err); !ok || a.Err != spec.Action(e.Action).Err() {
			m.t.Fatalf("%s: event %s carries the error %q", o.label, e.Action, describe(e.Err))
		}
		got = append(got, translate.Event(e))
	}
	if !slices.Equal(got, want) {
		m.t.Fatalf("%s: events\n\t%+v\nwant\n\t%+v", o.label, got, want)
	}
}

// touched compares the calls of the store and of the host's functions.
func (m *machine) touched(o *observed, u *user, want spec.Outcome) {
	m.t.Helper()
	for user, n := range o.touched {
		if user != u.name {
			m.t.Fatalf("%s: %d store calls for another user %q", o.label, n, user)
		}
	}
	loads, swaps := 0, 0
	if want.Touch >= spec.Load {
		loads = 1
	}
	if want.Touch == spec.Swap {
		swaps = 1
	}
	if m.hears(want.Tells) { // what the host took is taken out
		loads, swaps = loads+1, swaps+1
	}
	asked := wipesIn(want.Events)
	if o.loads[u.name] < loads || o.swaps[u.name] < swaps ||
		asked == 0 && (o.loads[u.name] != loads || o.swaps[u.name] != swaps) {
		m.t.Fatalf("%s: %d loads and %d swaps, want %d and %d (answer %q)",
			o.label, o.loads[u.name], o.swaps[u.name], loads, swaps, describe(o.Err))
	}
	if len(o.wipes) != asked {
		m.t.Fatalf("%s: Wipe was called %d times, want %d", o.label, len(o.wipes), asked)
	}
	if o.passwords != count(want.AskedPassword) || o.asked != count(want.AskedRegistered) {
		m.t.Fatalf("%s: CheckPassword was called %d times and RegisteredAt %d times, want %d and %d",
			o.label, o.passwords, o.asked, count(want.AskedPassword), count(want.AskedRegistered))
	}
	for _, c := range o.complaints {
		m.t.Fatalf("%s: %s", o.label, c)
	}
}

// wipesIn counts the calls of Options.Wipe.
func wipesIn(events []spec.Event) int {
	n := 0
	for _, e := range events {
		if e.Action.EndsWipe() {
			n++
		}
	}
	return n
}

func count(once bool) int {
	if once {
		return 1
	}
	return 0
}

// learnCode records the live code: a new one, or the earlier one sent again.
func (a *act) learnCode(o *observed, u *user, live spec.Name) {
	a.t.Helper()
	switch code := o.OTP.Code; {
	case live != a.Draws:
		if want := a.drawn.CodeOf(live); code != want {
			a.t.Fatalf("%s: the code is not the live one", o.label)
		}
	case !allDigits(code, a.cfg.spec.OTP.Digits):
		a.t.Fatalf("%s: the code is not %d digits", o.label, a.cfg.spec.OTP.Digits)
	default:
		a.drawn.Issued(live, code)
		u.codes = append(u.codes, live)
	}
}

// learnRecovery records a set of recovery codes: ten different ones in the shown
// form.
func (a *act) learnRecovery(o *observed, u *user, set spec.Name) {
	a.t.Helper()
	seen := map[string]bool{}
	for _, shown := range o.Recovery {
		code, ok := spec.RecoveryCode(shown.Code)
		if !ok || seen[code] || shown.Code != spell(code, "shown") || shown.Kind != factor.KindRecovery || !shown.ExpiresAt.IsZero() {
			a.t.Fatalf("%s: a recovery code of kind %q, that expires at %s, of %d characters, is one: %v, given before: %v",
				o.label, shown.Kind, shown.ExpiresAt, len(shown.Code), ok, seen[code])
		}
		seen[code] = true
	}
	if len(seen) != spec.RecoveryCodes || set != a.Draws {
		a.t.Fatalf("%s: %d recovery codes", o.label, len(seen))
	}
	a.drawn.Recovery(set, o.Recovery)
	u.sets = append(u.sets, set)
}

// learn records random values.
func (a *act) learn(o *observed, u *user, next spec.State) {
	a.t.Helper()
	if o.Made() != "" && !a.Op.Row().Makes {
		a.t.Fatalf("%s: handed something out", o.label)
	}
	if otp := o.OTP; otp.Code != "" {
		a.learnCode(o, u, next.Codes(spec.KindNamed(string(otp.Kind))).Of(a.view.purpose()).Code)
	}
	if len(o.Recovery) > 0 {
		a.learnRecovery(o, u, next.Recovery.Set)
	}
	if o.Enrollment.Secret != "" {
		u.secrets = append(u.secrets, a.enrolled(o, next))
	}
	for _, w := range o.wipes {
		a.wiped(o, u, w, next)
	}
}

// wiped checks the argument of Wipe. Its ID is random, and fixed from then on.
func (m *machine) wiped(o *observed, u *user, got factor.Wipe, next spec.State) {
	m.t.Helper()
	want := u.state.Wipe
	if want.Stage != spec.Pending {
		want = next.Wipe
	}
	if _, known := m.wipes[want.ID]; !known {
		m.wipes[want.ID] = got.ID
	}
	if got.ID != m.wipes[want.ID] || got.ID == uuid.Nil || got.User != u.name ||
		translate.At(got.At) != want.At || string(got.Reason) != want.Reason.String() {
		m.t.Fatalf("%s: Wipe was told %q, %s, %s, the marked ID: %v; want %q, %s, %s", o.label,
			got.User, got.Reason, got.At, got.ID == m.wipes[want.ID], u.name, want.Reason, want.At.Time())
	}
}

// stored compares the written state, and moves on to it.
func (m *machine) stored(o *observed, u *user, next spec.State) {
	m.t.Helper()
	r, written := o.written[u.name]
	if !written {
		if next != u.state {
			m.t.Fatalf("%s: nothing was written, and what is kept changed", o.label)
		}
		return
	}
	if r.IsZero() == next.Stored {
		m.t.Fatalf("%s: wrote a record: %v, want one: %v", o.label, !r.IsZero(), next.Stored)
	}
	if due := translate.At(r.Due); due != next.Due() {
		m.t.Fatalf("%s: %q is due at %s, want %s", o.label, u.name, r.Due, next.Due().Time())
	}
	u.state, u.due, u.key = next, next.Due(), m.key
}

// describe names what an error matches.
func describe(err error) string {
	a, ok := translate.Error(err)
	if !ok {
		return fmt.Sprintf("no answer: %v", err)
	}
	return a.Err.String()
}

func allDigits(s string, n int) bool { return len(s) == n && strings.Trim(s, "0123456789") == "" }

// check is the invariant: every user's status is the specification's, and reading
// it writes nothing.
func (m *machine) check() {
	m.t.Helper()
	for _, name := range m.names {
		m.compareStatus(m.users[name])
	}
}

func (m *machine) compareStatus(u *user) {
	m.t.Helper()
	o := newObserved(fmt.Sprintf("Status(%q)", u.name))
	m.host.watch(o)
	o.Result = m.views.Do(m.t.Context(), &spec.Call{Op: spec.Status, User: u.name}, nil)
	m.host.watch(newObserved(""))
	want := m.cfg.spec.View(u.state, m.time())
	wipe := want.WipeID
	if m.sealed(u) {
		want, wipe = spec.View{}, 0
	}
	want.WipeID = 0
	if got := translate.View(o.Status); got != want || errors.Is(o.Err, factor.ErrUnsealed) != m.sealed(u) || (o.Err != nil) != m.sealed(u) {
		m.t.Fatalf("%s is %q\n%s\nwant\n%s\nat %s", o.label, describe(o.Err), got, want, m.now)
	}
	if w := o.Status.Wipe; w != nil && (w.ID != m.wipes[wipe] || w.User != u.name) {
		m.t.Fatalf("%s: the wipe has another ID than Options.Wipe was told, or user", o.label)
	}
	if o.loads[u.name] != 1 || len(o.touched) != 1 || sum(o.swaps) != 0 || len(o.events) != 0 {
		m.t.Fatalf("%s: %v loads, %v swaps, %d events", o.label, o.loads, o.swaps, len(o.events))
	}
}

// pickKind draws a kind.
func pickKind(t *rapid.T) spec.Kind {
	return pick(t, "kind", spec.KindsWhere(func(spec.KindRow) bool { return true })...)
}
