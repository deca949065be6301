package model

import (
	"context"
	"slices"
	"strings"

	"github.com/knowhave/factor"
	"pgregory.net/rapid"
)

func (m *machine) unlock(t *rapid.T) {
	name := m.drawUser(t)
	named := []factor.Kind{pick(t, "kind", kinds...)}
	switch pick(t, "kinds", "one", "one", "one", "one", "two", "all", "odd", "none") {
	case "two":
		named = append(named, pick(t, "second kind", kinds...))
	case "all":
		named = nil
	case "odd":
		named = append(named, factor.Kind(pick(t, "odd kind", "", "sms", "PIN")))
	case "none":
		named = []factor.Kind{}
	}
	o := m.do(func(ctx context.Context) error {
		return m.admin.Unlock(ctx, name.text, named...)
	}, "Admin.Unlock(%v, %#v)", name, named)

	e := &expectation{}
	defer m.compare(name.text, o, e)
	var bad badFields
	bad.check("kinds", unknownKinds(named, kinds))
	u, ok := m.hosts(e, name.text, bad)
	if !ok {
		return
	}
	e.stored("ok")
	if named == nil {
		named = kinds
	}
	for i, k := range named {
		u.zero(k)
		if u.record.present && !slices.Contains(named[:i], k) {
			e.event(factor.ActionUnlocked, k)
		}
	}
}

// unknownKinds reports whether a list of kinds is refused: it is empty and not
// nil, or holds another kind than those that are known.
func unknownKinds(asked, known []factor.Kind) bool {
	return asked != nil && len(asked) == 0 || slices.ContainsFunc(asked, func(k factor.Kind) bool { return !slices.Contains(known, k) })
}

// status compares what a user outside the machine's invariant has.
func (m *machine) status(t *rapid.T) {
	name := one(t, "user", literal("nobody", "aNN", "Ann "), 2, badUsers)
	var got factor.Status
	o := m.do(func(ctx context.Context) (err error) {
		got, err = m.admin.Status(ctx, name.text)
		return err
	}, "Admin.Status(%v)", name)

	e := &expectation{}
	defer m.compare(name.text, o, e)
	var bad badFields
	bad.user(name.text)
	if !bad.refuse(e) {
		e.unchanged("ok")
	}
	if statusText(got) != statusText(factor.Status{}) {
		m.t.Fatalf("%s: a status out of nothing:\n%s", o.label, statusText(got))
	}
}

func (m *machine) forget(t *rapid.T) {
	if !rare(t, "forget", 3) {
		return // or no user grows old
	}
	name := m.drawUser(t)
	o := m.do(func(ctx context.Context) error {
		return m.admin.Forget(ctx, name.text)
	}, "Admin.Forget(%v)", name)

	e := &expectation{}
	defer m.compare(name.text, o, e)
	var bad badFields
	bad.user(name.text)
	if bad.refuse(e) {
		return
	}
	u := m.users[name.text]
	if !m.sealed(u) && !m.finishWipe(e, o, u) {
		return
	}
	u.erase()
	e.stored("ok")
	e.event(factor.ActionForgotten, "")
}

func (m *machine) reseal(t *rapid.T) {
	name := m.drawUser(t)
	o := m.do(func(ctx context.Context) error {
		return m.admin.Reseal(ctx, name.text)
	}, "Admin.Reseal(%v)", name)

	e := &expectation{}
	defer m.compare(name.text, o, e)
	u, ok := m.hosts(e, name.text, nil)
	if !ok {
		return
	}
	e.stored("ok")
	if u.record.present {
		e.event(factor.ActionResealed, "")
	}
}

func (m *machine) listUsers(t *rapid.T) {
	after := pick(t, "after", "", "A", "Ann", "ann", "ann ", "b")
	stop := pick(t, "stop after", 1, 2, 3, 4)
	var got []string
	o := m.do(func(ctx context.Context) error {
		for user, err := range m.admin.Users(ctx, after) {
			if err != nil {
				return err
			}
			if got = append(got, user); len(got) == stop {
				break
			}
		}
		return nil
	}, "Admin.Users(%q)", after)
	var want []string
	for _, name := range m.names {
		if m.users[name].record.present && name > after && len(want) < stop {
			want = append(want, name)
		}
	}
	if !slices.Equal(got, want) {
		m.t.Fatalf("%s: %q, want %q", o.label, got, want)
	}
	e := &expectation{answers: []string{"ok"}}
	m.compare("", o, e)
}

// restarted stands for a new process: other options, or other keys.
func (m *machine) restarted(t *rapid.T) {
	switch pick(t, "new", "options", "options", "options", "options", "key", "key", "key, old ones dropped", "old keys back", "old keys back") {
	case "options":
		m.cfg.redraw(t)
	case "key":
		m.key++
	case "key, old ones dropped":
		m.key++
		m.oldest = m.key
	case "old keys back":
		m.oldest = 0
	}
	m.restart()
}

// rotate does what a host does that rotates its key: a new one, every record
// resealed, the old ones dropped.
func (m *machine) rotate(t *rapid.T) {
	m.key++
	m.restart()
	var failed []string
	for _, name := range m.names {
		u := m.users[name]
		o := m.do(func(ctx context.Context) error { return m.admin.Reseal(ctx, name) }, "Admin.Reseal(%q)", name)
		if m.sealed(u) {
			failed = append(failed, name)
		} else if o.err != nil {
			m.t.Fatalf("%s: %s", o.label, describe(o.err))
		}
		m.settle()
	}
	if len(failed) == 0 {
		m.oldest = m.key
	}
	m.restart()
	t.Logf("key rotated, not resealed: %s", strings.Join(failed, ", "))
}
