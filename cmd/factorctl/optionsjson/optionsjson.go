// Package optionsjson reads and writes the fields of factor.Options, except
// functions, as JSON:
//
//	{
//	  "password": {"tries": 5, "delay": "1m", "maxDelay": "1h", "final": 100},
//	  "pin": {"length": 6, "hash": {"memoryKiB": 47104, "time": 1}},
//	  "proofKinds": ["device-totp", "account"]
//	}
//
// Names are those of the Go fields, in upper or lower case. Durations are texts in
// the form of time.ParseDuration. Fields that are left out have their defaults.
//
// A service that reads its Options from such a file, or writes them to one when it
// starts, shares its limits with factorctl.
package optionsjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"github.com/knowhave/factor"
)

// Unmarshal reads Options. Its error names each field that is unknown, given twice,
// or of another type. It does not check bounds: factor.NewVerifier does.
func Unmarshal(text []byte) (*factor.Options, error) {
	var o factor.Options
	d := json.NewDecoder(bytes.NewReader(text))
	var whole json.RawMessage
	if err := d.Decode(&whole); err != nil {
		return nil, notJSON(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("options: there is text after the object: remove it")
	}
	var r reader
	r.object("options", whole, reflect.ValueOf(&o).Elem())
	if len(r.failed) > 0 {
		return nil, errors.Join(r.failed...)
	}
	return &o, nil
}

// notJSON tells where a text stops being JSON without quoting it: it may be a key
// given in place of the options.
func notJSON(err error) error {
	if wrong, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("options: not JSON, from byte %d on", wrong.Offset)
	}
	return fmt.Errorf("options: not JSON: %w", err)
}

// Marshal writes the fields that are neither zero nor functions.
func Marshal(o *factor.Options) ([]byte, error) {
	text, err := json.MarshalIndent(object(reflect.ValueOf(o).Elem()), "", "  ")
	if err != nil {
		return nil, err
	}
	return append(text, '\n'), nil
}

var duration = reflect.TypeFor[time.Duration]()

// A reader collects the errors of the fields it cannot read.
type reader struct{ failed []error }

func (r *reader) fail(path, format string, args ...any) {
	r.failed = append(r.failed, fmt.Errorf("%s %s", path, fmt.Sprintf(format, args...)))
}

// object reads the members of a JSON object into the fields of a struct.
func (r *reader) object(path string, text json.RawMessage, into reflect.Value) {
	d := json.NewDecoder(bytes.NewReader(text))
	if start, _ := d.Token(); start != json.Delim('{') {
		r.fail(path, "must be an object")
		return
	}
	seen := map[string]bool{}
	for d.More() {
		name, _ := d.Token()
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			r.fail(path, "is not JSON: %v", err)
			return
		}
		field, ok := fieldOf(into.Type(), name.(string))
		at := path + "." + name.(string)
		switch {
		case !ok:
			r.fail(at, "is unknown: use the names of the fields of factor.Options")
		case seen[field.Name]:
			r.fail(at, "is given twice")
		case field.Type.Kind() == reflect.Func:
			r.fail(at, "is a function: leave it out, or build a factorctl of your own that sets it")
		default:
			r.value(at, value, into.FieldByIndex(field.Index))
		}
		seen[field.Name] = true
	}
}

// fieldOf returns the field of a name, in upper or lower case.
func fieldOf(of reflect.Type, name string) (reflect.StructField, bool) {
	return of.FieldByNameFunc(func(field string) bool { return strings.EqualFold(field, name) })
}

// value reads one value.
func (r *reader) value(path string, text json.RawMessage, into reflect.Value) {
	switch {
	case string(text) == "null":
		r.fail(path, "must not be null: leave it out for the default")
	case into.Kind() == reflect.Struct:
		r.object(path, text, into)
	case into.Type() == duration:
		r.duration(path, text, into)
	default:
		if err := json.Unmarshal(text, into.Addr().Interface()); err != nil {
			r.fail(path, "must be %s", described(into.Type()))
		}
	}
}

func (r *reader) duration(path string, text json.RawMessage, into reflect.Value) {
	var written string
	if err := json.Unmarshal(text, &written); err != nil {
		r.fail(path, `must be a duration in quotes, such as "90s" or "5m"`)
		return
	}
	d, err := time.ParseDuration(written)
	if err != nil {
		r.fail(path, `must be a duration such as "90s" or "5m", not %q`, written)
		return
	}
	into.SetInt(int64(d))
}

// described returns the JSON form of a type, for an error text.
func described(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text in quotes"
	case reflect.Slice:
		return "a list of texts in quotes"
	case reflect.Uint8:
		return "a whole number, 0 to 255"
	case reflect.Uint32:
		return "a whole number, 0 to 4294967295"
	default:
		return "a whole number"
	}
}

// object returns a struct's JSON object, without zero fields and functions.
func object(v reflect.Value) map[string]any {
	members := map[string]any{}
	for field, value := range v.Fields() {
		name := lowered(field.Name)
		switch {
		case value.IsZero() || value.Kind() == reflect.Func:
		case value.Kind() == reflect.Struct:
			members[name] = object(value)
		case value.Type() == duration:
			members[name] = time.Duration(value.Int()).String()
		default:
			members[name] = value.Interface()
		}
	}
	return members
}

// lowered returns a field's JSON name: Max is max, and PIN is pin.
func lowered(name string) string {
	upper := 0
	for upper < len(name) && name[upper] >= 'A' && name[upper] <= 'Z' {
		upper++
	}
	if upper > 1 && upper < len(name) {
		upper-- // the last one starts the next word
	}
	return strings.ToLower(name[:upper]) + name[upper:]
}
