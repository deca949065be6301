package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxNesting is far more than a body of this API needs, and cheap to walk.
const maxNesting = 32

// parseJSON returns the one value in a text: nil, a bool, a json.Number, a string,
// a []any or a map[string]any.
//
// encoding/json alone is too lenient. Of two members with one name it takes the
// last, and it takes "PIN" and even "ſkip" for "pin" and "skip": a proxy or a log
// in front of it may have seen another request.
func parseJSON(text []byte) (any, error) {
	if !utf8.Valid(text) || !json.Valid(text) {
		return nil, &badInput{nil, "The body must be one JSON value in UTF-8, and nothing else."}
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber() // no number is too large
	return readValue(d, nil)
}

// readValue reads the value at a path of valid JSON. It refuses an object with a
// repeated name.
func readValue(d *json.Decoder, path []string) (any, error) {
	if len(path) > maxNesting {
		return nil, &badInput{nil, fmt.Sprintf("The body must not be nested more than %d levels deep.", maxNesting)}
	}
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return readMembers(d, path)
	case json.Delim('['):
		return readElements(d, path)
	}
	return token, nil
}

func readMembers(d *json.Decoder, path []string) (any, error) {
	members := map[string]any{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		name := token.(string)
		at := append(path, name)
		if _, twice := members[name]; twice {
			return nil, &badInput{pointer(at...), fmt.Sprintf("The member %s stands there twice.", quoted(name))}
		}
		if members[name], err = readValue(d, at); err != nil {
			return nil, err
		}
	}
	_, err := d.Token() // the end of the object
	return members, err
}

func readElements(d *json.Decoder, path []string) (any, error) {
	elements := []any{}
	for d.More() {
		element, err := readValue(d, append(path, strconv.Itoa(len(elements))))
		if err != nil {
			return nil, err
		}
		elements = append(elements, element)
	}
	_, err := d.Token() // the end of the array
	return elements, err
}

// longestName is the most bytes of a member's name that an answer repeats.
const longestName = 64

func quoted(name string) string { return fmt.Sprintf("%.*q", longestName, name) }

// pointer returns a JSON pointer (RFC 6901) to the innermost value on the path
// whose names are short enough.
func pointer(path ...string) *source {
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	text := ""
	for _, name := range path {
		if len(name) > longestName {
			break
		}
		text += "/" + escape.Replace(name)
	}
	return &source{Pointer: &text}
}
