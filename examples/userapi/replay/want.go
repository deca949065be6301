package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
)

const (
	jsonType = "application/json"
	jsonAPI  = "application/vnd.api+json"
)

// A want is a documented answer.
type want struct {
	status int
	media  string // "": no body
	// members are all members of the body, by path, with the pattern of each value.
	members map[string]string
	header  []string // those that have to be there
}

var always = []string{"Request-Id", "Cache-Control"}

// noBody returns an answer without a body.
func noBody(status int) want { return want{status: status} }

// body returns an answer with a body.
func body(status int, media string, members map[string]string) want {
	return want{status: status, media: media, members: members}
}

// refused returns an answer with one error object. Its source is a JSON pointer, a
// query parameter as ?name, the name of a header, or "-" for none.
func refused(status int, code, source string) want {
	w := body(status, jsonAPI, map[string]string{
		"errors.0.id":          `^[0-9a-f-]{36}$`,
		"errors.0.links.about": `^https://.+#` + code + `$`,
		"errors.0.status":      `^` + strconv.Itoa(status) + `$`,
		"errors.0.code":        `^` + code + `$`,
		"errors.0.title":       `.`,
		"errors.0.detail":      `.`,
		"errors.0.meta.at":     instant,
	})
	switch {
	case source == "-":
	case source == "" || source[0] == '/':
		w.members["errors.0.source.pointer"] = exactly(source)
	case source[0] == '?':
		w.members["errors.0.source.parameter"] = exactly(source[1:])
	default:
		w.members["errors.0.source.header"] = exactly(source)
	}
	switch status {
	case http.StatusUnauthorized:
		w.header = append(w.header, "Www-Authenticate")
	case http.StatusMethodNotAllowed:
		w.header = append(w.header, "Allow")
	case http.StatusTooManyRequests:
		w.header = append(w.header, "Retry-After")
		w.members["errors.0.meta.until"] = instant
	}
	if code == "mismatch" {
		w.members["errors.0.meta.remaining"] = `^[0-9]+$`
	}
	return w
}

// instant matches times as the clients parse them: UTC with Z, and at most
// milliseconds.
const instant = `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$`

func exactly(text string) string { return "^" + regexp.QuoteMeta(text) + "$" }

// compare returns the members of an answer, or an error if it is not the wanted
// one.
func (w want) compare(got *http.Response, text []byte) (members map[string]string, err error) {
	if got.StatusCode != w.status || got.Header.Get("Content-Type") != w.media {
		return nil, fmt.Errorf("want status %d and the media type %q, which is %q", w.status, w.media, got.Header.Get("Content-Type"))
	}
	for _, name := range slices.Concat(always, w.header) {
		if got.Header.Get(name) == "" {
			return nil, fmt.Errorf("the header %s is missing", name)
		}
	}
	members = map[string]string{}
	if w.media == "" {
		if len(text) > 0 {
			return nil, errors.New("want no body")
		}
		return members, nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, err
	}
	flatten(value, "", members)
	if have, need := slices.Sorted(maps.Keys(members)), slices.Sorted(maps.Keys(w.members)); !slices.Equal(have, need) {
		return nil, fmt.Errorf("want the members %q, not %q", need, have)
	}
	for name, form := range w.members {
		if !regexp.MustCompile(form).MatchString(members[name]) {
			return nil, fmt.Errorf("%s is %q, want %s", name, members[name], form)
		}
	}
	return members, nil
}

// flatten maps the path of each value without parts to the value.
func flatten(value any, at string, into map[string]string) {
	deeper := func(name string) string {
		if at == "" {
			return name
		}
		return at + "." + name
	}
	switch value := value.(type) {
	case map[string]any:
		for name, part := range value {
			flatten(part, deeper(name), into)
		}
	case []any:
		for i, part := range value {
			flatten(part, deeper(strconv.Itoa(i)), into)
		}
	default:
		into[at] = fmt.Sprint(value)
	}
}
