package model

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
	"pgregory.net/rapid"
)

var errNotify = errors.New("model: mail is down")

// A letterbox tells how the host's Notify behaves.
type letterbox struct {
	mode string      // ok, error or panic
	deaf spec.Action // of which it fails, whatever the mode is
}

func (h *host) notify(ctx context.Context, n factor.Notice) error {
	h.note(func(o *observed) {
		o.notices = append(o.notices, n)
		if _, ok := ctx.Deadline(); !ok || ctx.Err() != nil {
			o.complain("Notify was called without a deadline, or with a context that is over")
		}
	})
	switch {
	case h.mail.mode == "panic":
		panic(errPanic)
	case h.mail.mode == "error", spec.Action(n.Event.Action) == h.mail.deaf:
		return errNotify
	}
	return nil
}

// says sets Notify's behaviour for the specification.
func (l letterbox) says(host *spec.Host) {
	host.Notify, host.Deaf = spec.Fails, l.deaf
	if l.mode == "ok" {
		host.Notify = spec.Yes
	}
}

// breakNotify changes how the host's Notify behaves from now on.
func (m *machine) breakNotify(t *rapid.T) {
	m.host.mail = letterbox{mode: pick(t, "notify", "ok", "ok", "error", "panic")}
	if rare(t, "one action fails", 3) {
		m.host.mail.deaf = pick(t, "deaf", spec.Action(factor.ActionPINSet), spec.Action(factor.ActionWipeDone), spec.Action(factor.ActionWipeMarked))
	}
	m.t.Logf("notify: %+v", m.host.mail)
}

// flood repeats things that a user should hear of, while mail is mostly down, so
// that more notices come than can wait, and then sweeps.
func (m *machine) flood(t *rapid.T) {
	if !m.cfg.notify {
		return
	}
	if m.host.mail.mode == "ok" && !rare(t, "mail works", 3) {
		m.breakNotify(t)
	}
	name := literal(pick(t, "user", m.names...))[0]
	for range pick(t, "times", 3, 5, 9, 10) {
		for _, op := range pick(t, "acts", [][]spec.Op{{spec.AdminSetPIN, spec.AdminRemovePIN}, {spec.AdminSetPIN}, {spec.AdminSetPIN, spec.AdminRemovePIN, spec.Forfeit}}...) {
			if op == spec.Forfeit && !m.cfg.guard {
				continue
			}
			a := m.act(op, name)
			if op == spec.AdminSetPIN {
				a.NewPIN = m.cfg.goodPIN()
			}
			a.make()
		}
	}
	m.check()
	for range pick(t, "sweeps", 0, 1, 2, 4) {
		m.moveTo(t)
		m.sweep(t)
	}
}

// goodPIN returns a PIN within the policy.
func (c *config) goodPIN() string { return "829904615"[:c.spec.PIN.Length] }

// notified compares the arguments of Notify. An ID is random, and fixed from then
// on.
func (m *machine) notified(o *observed, u *user, got []factor.Notice, want []spec.Notice) {
	m.t.Helper()
	if len(got) != len(want) {
		m.t.Fatalf("%s: told\n\t%+v\nwant\n\t%+v", o.label, got, want)
	}
	for i, n := range got {
		e := n.Event
		as := spec.Notice{ID: want[i].ID, At: translate.At(e.At), Action: spec.Action(e.Action), Kind: spec.KindNamed(string(e.Kind)), Device: translate.DeviceName(e.Device)}
		if as != want[i] || e.User != u.name || e.Err != nil || e.Remaining != 0 || !e.Until.IsZero() {
			m.t.Fatalf("%s: told of %q\n\t%+v\nwant\n\t%+v", o.label, u.name, n, want[i])
		}
		m.sameNotice(o, want[i].ID, n.ID)
	}
}

// sameNotice checks that a notice has its ID, and no other the same one.
func (m *machine) sameNotice(o *observed, name spec.Name, id uuid.UUID) {
	m.t.Helper()
	before, known := m.notices[name]
	owner, taken := m.noticeOf[id]
	if id == uuid.Nil || known && before != id || taken && owner != name {
		m.t.Fatalf("%s: a notice has the ID %s, had it before as %s: %v, and another has it: %v", o.label, id, before, known, taken && owner != name)
	}
	m.notices[name], m.noticeOf[id] = id, name
}

// A telling is what a Sweep must have told to all users together, and reported.
type telling struct {
	notices map[string][]spec.Notice // by user
	order   []string                 // the users, one for each call of Notify
	failed  int                      // in a row
	says    map[string]said
}

// said is what the errors of a Sweep report about a user.
type said struct{ wipe, unopened, untold, dropped bool }

func newTelling() *telling {
	return &telling{notices: map[string][]spec.Notice{}, says: map[string]said{}}
}

func (all *telling) add(user string, out spec.Outcome) {
	all.notices[user], all.failed = out.Tells, out.Failed
	for range out.Tells {
		all.order = append(all.order, user)
	}
	all.says[user] = said{wipe: out.Answer.Err == spec.WipePending, untold: out.Untold, dropped: out.Dropped > 0}
}

// sweptNotices compares what a Sweep told and reported.
func (m *machine) sweptNotices(o *observed, want *telling) {
	m.t.Helper()
	var order []string
	of := map[string][]factor.Notice{}
	for _, n := range o.notices {
		order = append(order, n.Event.User)
		of[n.Event.User] = append(of[n.Event.User], n)
	}
	if !slices.Equal(order, want.order) || o.wipedAfterNotice {
		m.t.Fatalf("%s: told notices of %q, want %q; then wiped: %v", o.label, order, want.order, o.wipedAfterNotice)
	}
	for _, name := range m.names {
		m.notified(o, m.users[name], of[name], want.notices[name])
		if got := m.saidOf(o, name); got != want.says[name] {
			m.t.Fatalf("%s: says of %q %+v, want %+v: %v", o.label, name, got, want.says[name], o.Err)
		}
	}
}

// saidBy returns what one error of a Sweep reports.
func (m *machine) saidBy(o *observed, of *factor.UserError) said {
	m.t.Helper()
	one := said{wipe: errors.Is(of, factor.ErrWipePending), unopened: errors.Is(of, factor.ErrUnsealed)}
	for _, leaf := range leaves(of.Err) {
		one.dropped = one.dropped || errors.Is(leaf, factor.ErrNoticesDropped)
		one.untold = one.untold || !one.wipe && !one.unopened && !errors.Is(leaf, factor.ErrNoticesDropped)
	}
	if m.cfg.notify && one.untold && m.host.mail.mode == "error" && !errors.Is(of, errNotify) {
		m.t.Fatalf("%s: %q does not wrap the fault of Notify", o.label, of)
	}
	return one
}

// saidOf returns what the errors of a Sweep report about a user.
func (m *machine) saidOf(o *observed, user string) (all said) {
	m.t.Helper()
	joined, _ := o.Err.(interface{ Unwrap() []error })
	if joined == nil {
		return all
	}
	for _, err := range joined.Unwrap() {
		of, ok := err.(*factor.UserError)
		if !ok {
			m.t.Fatalf("%s: %v is about no user", o.label, err)
		}
		if of.User != user {
			continue
		}
		one := m.saidBy(o, of)
		all = said{all.wipe || one.wipe, all.unopened || one.unopened, all.untold || one.untold, all.dropped || one.dropped}
	}
	return all
}

// noticesOf names the first notice of a call.
func noticesOf(call spec.Name) spec.Name { return call << 16 }

// hears reports whether the host took any of the notices.
func (m *machine) hears(notices []spec.Notice) bool {
	return m.host.mail.mode == "ok" && slices.ContainsFunc(notices, func(n spec.Notice) bool { return n.Action != m.host.mail.deaf })
}

// leaves returns the joined errors.
func leaves(err error) (all []error) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	for _, e := range joined.Unwrap() {
		all = append(all, leaves(e)...)
	}
	return all
}
