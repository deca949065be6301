package spec

import (
	"fmt"
	"strings"
	"unicode/utf8"
	"unique"
)

// A Purpose is what an issued code is for: all the parts of a view's purpose, each
// with its length, so that different parts never have the same Purpose. The zero
// Purpose is that of calls without a view. It is a handle, to keep a State small.
type Purpose struct{ parts unique.Handle[string] }

// PurposeOf returns the purpose of these parts.
func PurposeOf(parts ...string) Purpose {
	if len(parts) == 0 {
		return Purpose{}
	}
	var all strings.Builder
	for _, part := range parts {
		fmt.Fprintf(&all, "%d:%s,", len(part), part)
	}
	return Purpose{unique.Make(all.String())}
}

func (p Purpose) String() string {
	if p == (Purpose{}) {
		return "nothing"
	}
	return p.parts.Value()
}

// purpose returns the purpose of the call's view. Only issued codes have one.
func (c *Call) purpose() Purpose {
	if !c.OnView {
		return Purpose{}
	}
	return PurposeOf(c.Purpose...)
}

// purposeful reports whether the call is on no view, or on one with a well-formed
// purpose. Every call is checked, even one that ignores the purpose.
func (c *Call) purposeful() bool {
	if !c.OnView {
		return true
	}
	for _, part := range c.Purpose {
		if len(part) < 1 || len(part) > 255 || !utf8.ValidString(part) {
			return false
		}
	}
	return len(c.Purpose) > 0
}
