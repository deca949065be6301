package model

import (
	"fmt"
	"slices"
	"strings"

	"github.com/knowhave/factor/internal/spec"
	"pgregory.net/rapid"
)

// A view is the Verifier, or what For returned.
type view struct {
	on    bool
	parts []string
}

// purposes are the views' purposes. They are few, so that codes are issued and
// judged for the same ones, and some are the same parts joined otherwise, with or
// without blanks.
var purposes = [][]string{
	{"pay", "A 1", "2"}, {"pay", "A", "1 2"}, {"pay", "A1", "2"}, {"pay", "A", "12"}, {"pay A 1 2"}, {"address", "ann@example.org"},
}

var badPurposes = [][]string{nil, {}, {""}, {"pay", ""}, {"", "pay"}, {strings.Repeat("x", 256)}, {"pay", "\xff"}}

// viewOf is the view for a purpose, no view for none.
func viewOf(p spec.Purpose) view {
	i := slices.IndexFunc(purposes, func(parts []string) bool { return spec.PurposeOf(parts...) == p })
	if i < 0 {
		return view{}
	}
	return view{true, purposes[i]}
}

func (v view) purpose() spec.Purpose {
	if !v.on {
		return spec.Purpose{}
	}
	return spec.PurposeOf(v.parts...)
}

func (v view) String() string {
	if !v.on {
		return ""
	}
	return fmt.Sprintf("For(%.40q).", v.parts)
}

// GoString returns what String does, for the log.
func (v view) GoString() string { return v.String() }

// drawView draws the view for a call about a user: mostly the Verifier or a view
// for which a code of the user is live, and rarely one with a malformed purpose.
func (m *machine) drawView(t *rapid.T, name string) view {
	if m.fixed != nil {
		return *m.fixed
	}
	views := []view{{}, {}, {}, {}, {true, pick(t, "purpose", purposes...)}}
	if u := m.users[name]; u != nil {
		for _, k := range spec.IssuedKinds {
			for _, code := range u.state.Codes(k).Live {
				if v := viewOf(code.For); v.on {
					views = append(views, v)
				}
			}
		}
	}
	if rare(t, "odd purpose", 60) {
		return view{true, pick(t, "purpose", badPurposes...)}
	}
	return pick(t, "view", views...)
}

// fix makes the following calls on one well-formed view.
func (m *machine) fix(v view) (release func()) {
	m.fixed = &v
	return func() { m.fixed = nil }
}

// drawPurpose draws a view that is well-formed, or none.
func drawPurpose(t *rapid.T) view {
	views := []view{{}, {}}
	for _, parts := range purposes {
		views = append(views, view{true, parts})
	}
	return pick(t, "view", views...)
}
