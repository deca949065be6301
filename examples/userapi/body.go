package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/knowhave/factor"
)

// An object is a JSON object in a request's body. Its methods take members out of
// it, and end refuses what is left: of a mistyped {"pim":"8299","skip":true} only
// the skip would count. A null member counts as absent.
type object struct {
	path    []string // from the top of the body
	members map[string]any
	known   []string  // the names that were taken
	parts   []*object // the objects that were taken
	err     error     // of the first member that was of the wrong type
}

// readBody reads the JSON object in a body. A null body is an empty object. At the
// top level the body may also hold JSON:API's members jsonapi and meta, which mean
// nothing here.
func readBody(r *http.Request) (*object, error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, unread(err)
	}
	value, err := parseJSON(text)
	if err != nil {
		return nil, err
	}
	body := newObject(value, nil)
	body.parts = []*object{body.ignored("jsonapi"), body.ignored("meta")}
	return body, body.err
}

// unread returns the error for a body that could not be read.
func unread(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return errTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errTooSlow
	default:
		return &badInput{nil, "The body did not arrive as a whole."}
	}
}

// newObject returns the object of a value. A null has no members; if the value has
// another type, end returns an error.
func newObject(value any, path []string) *object {
	o := &object{path: path}
	members, ok := value.(map[string]any)
	if !ok && value != nil {
		o.err = &badInput{pointer(path...), "The value must be an object."}
	}
	o.members = members
	return o
}

// take takes a member out. It returns nil if the member is null or absent.
func (o *object) take(name string) any {
	value := o.members[name]
	delete(o.members, name)
	o.known = append(o.known, name)
	return value
}

// refuse keeps the first error about a member.
func (o *object) refuse(name, reason string) {
	if o.err == nil {
		o.err = &badInput{pointer(append(o.path, name)...), reason}
	}
}

// object takes a member that is an object. An absent one has no members.
func (o *object) object(name string) *object {
	part := newObject(o.take(name), append(slices.Clip(o.path), name))
	o.parts = append(o.parts, part)
	return part
}

// ignored takes a member that is an object with any content.
func (o *object) ignored(name string) *object {
	part := newObject(o.members[name], append(slices.Clip(o.path), name))
	delete(o.members, name)
	part.members = nil
	return part
}

// has reports whether a member is present, not null and not yet taken.
func (o *object) has(name string) bool { return o.members[name] != nil }

// text takes a member that is a string, "" if absent.
func (o *object) text(name string) string {
	value := o.take(name)
	text, ok := value.(string)
	if !ok && value != nil {
		o.refuse(name, "The value must be a string.")
	}
	// encoding/json replaces half a surrogate pair by U+FFFD, so different
	// passwords would become equal.
	if strings.ContainsRune(text, utf8.RuneError) {
		o.refuse(name, "The value must be whole Unicode characters, and not U+FFFD.")
	}
	return text
}

// digits takes a member that is a string of ASCII digits of one of the lengths. It
// leaves an empty one to factor.
func (o *object) digits(name string, lengths ...int) string {
	text := o.text(name)
	strange := strings.ContainsFunc(text, func(r rune) bool { return r < '0' || '9' < r })
	if text != "" && (strange || !slices.Contains(lengths, len(text))) {
		o.refuse(name, "The value must be "+strings.Trim(strings.ReplaceAll(fmt.Sprint(lengths), " ", " or "), "[]")+" ASCII digits.")
	}
	return text
}

// flag takes a member that is true or false.
func (o *object) flag(name string) bool {
	value := o.take(name)
	flag, ok := value.(bool)
	if !ok && value != nil {
		o.refuse(name, "The value must be true or false.")
	}
	return flag
}

// kinds takes a member that is a list of allowed kinds.
func (o *object) kinds(name string, allowed []factor.Kind) (kinds []factor.Kind) {
	value := o.take(name)
	elements, ok := value.([]any)
	for _, element := range elements {
		text, isText := element.(string)
		kinds = append(kinds, factor.Kind(text))
		ok = ok && isText && slices.Contains(allowed, factor.Kind(text))
	}
	if !ok && value != nil {
		o.refuse(name, fmt.Sprintf("The value must be a list of some of %q.", allowed))
	}
	return kinds
}

// end returns an error if a member had the wrong type or is unknown.
func (o *object) end() error {
	if o.err != nil {
		return o.err
	}
	if len(o.members) > 0 {
		name := slices.Sorted(maps.Keys(o.members))[0]
		return &badInput{pointer(append(o.path, name)...),
			fmt.Sprintf("No member is called %s here, but: %s.", quoted(name), strings.Join(o.known, ", "))}
	}
	for _, part := range o.parts {
		if err := part.end(); err != nil {
			return err
		}
	}
	return nil
}
