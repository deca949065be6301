package translate

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/memstore"
)

func newVerifier(t *testing.T) *factor.Verifier {
	t.Helper()
	ring, err := factor.NewKeyring(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	v, err := factor.NewVerifier(memstore.New(), ring, &factor.Options{Wipe: func(context.Context, factor.Wipe) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// The library names its kinds where it refuses another one, and the specification's
// are the same.
func TestKindsAreTheLibrarys(t *testing.T) {
	v := NewViews(newVerifier(t))
	const none = factor.Kind("none")
	_, code := v.V.VerifyOTP(t.Context(), "user", "123456", none)
	for name, c := range map[string]struct {
		refusal error
		want    []spec.Kind
	}{
		"all":   {v.Admin.Unlock(t.Context(), "user", none), spec.KindsWhere(func(spec.KindRow) bool { return true })},
		"codes": {code, spec.CodeKinds},
	} {
		m := (*factor.MalformedError)(nil)
		if !errors.As(c.refusal, &m) {
			t.Fatalf("%s: %v", name, c.refusal)
		}
		named := strings.FieldsFunc(strings.TrimPrefix(m.Reason, "must be "), func(r rune) bool { return r == ' ' || r == ',' })
		named = slices.DeleteFunc(named, func(word string) bool { return word == "or" })
		var want []string
		for _, k := range c.want {
			want = append(want, k.String())
		}
		if !slices.Equal(named, want) {
			t.Errorf("%s: the library's kinds are %q, and the specification's %q", name, named, want)
		}
	}
	for _, k := range spec.Kinds {
		_, err := v.Codes.IssueUnproven(t.Context(), "user", factor.Kind(k.Name))
		if issued := err == nil; issued != k.Issued {
			t.Errorf("a code of kind %s: %v, and the specification says issued %v", k.Name, err, k.Issued)
		}
	}
}

// ruleless are the options that the specification does not read: what a hash costs, how
// often the store is asked, and what a host hears and sees.
var ruleless = []string{
	"Observe", "Now", "PIN.Deny", "PIN.Hash.MemoryKiB", "PIN.Hash.Time", "PIN.Hash.Threads", "PIN.Hash.Parallel", "PIN.Poll", "TOTP.Issuer",
}

// Options hands each option of the library to the specification, under its name.
// The specification has no others.
func TestOptionsAreTheLibrarys(t *testing.T) {
	var seen []string
	for path := range Fields(reflect.ValueOf(factor.Options{})) {
		seen = append(seen, path)
		if slices.Contains(ruleless, path) {
			continue
		}
		var o factor.Options
		field := at(reflect.ValueOf(&o).Elem(), path)
		set(t, path, field)
		got := at(reflect.ValueOf(Options(&o)), path)
		if !got.IsValid() {
			t.Errorf("the specification has no Options.%s: add it to internal/spec/options.go, or to ruleless if no rule reads it", path)
			continue
		}
		if !same(field, got) {
			t.Errorf("Options.%s is %v, and the specification's is %v: hand it over in Options of translate.go", path, field, got)
		}
	}
	for path := range Fields(reflect.ValueOf(spec.Options{})) {
		if !slices.Contains(seen, path) {
			t.Errorf("the specification has Options.%s, and the library does not: add it there", path)
		}
	}
	for _, path := range ruleless {
		if !slices.Contains(seen, path) {
			t.Errorf("there is no Options.%s: remove it from ruleless", path)
		}
	}
}

func at(v reflect.Value, path string) reflect.Value {
	for name := range strings.SplitSeq(path, ".") {
		if v = v.FieldByName(name); !v.IsValid() {
			return v
		}
	}
	return v
}

// set sets a field to what is no default.
func set(t *testing.T, path string, field reflect.Value) {
	t.Helper()
	switch field.Kind() {
	case reflect.Func:
		field.Set(reflect.MakeFunc(field.Type(), nil))
	case reflect.Bool:
		field.SetBool(true)
	case reflect.Int, reflect.Int64:
		field.SetInt(7)
	case reflect.String:
		field.SetString("SHA512")
	case reflect.Slice:
		field.Set(reflect.ValueOf([]factor.Kind{factor.KindTOTP}))
	default:
		t.Fatalf("Options.%s is a %s: say here how to set one", path, field.Kind())
	}
}

// same reports whether the specification was given the option.
func same(field, got reflect.Value) bool {
	switch field.Kind() {
	case reflect.Func:
		return got.Kind() == reflect.Bool && got.Bool()
	case reflect.Slice:
		kinds, ok := got.Interface().([]spec.Kind)
		return ok && reflect.DeepEqual(Kinds(kinds), field.Interface())
	}
	return got.Type() == field.Type() && got.Equal(field)
}
