package spec

import (
	"fmt"
	"reflect"
	"strings"
)

// String prints the fields that are not zero.
func (s State) String() string { return nonzero(reflect.ValueOf(s)) }

// String prints the fields that are not zero.
func (v View) String() string { return nonzero(reflect.ValueOf(v)) }

// nonzero prints a value without its zero parts.
func nonzero(v reflect.Value) string {
	var parts []string
	add := func(name string, part reflect.Value) {
		if !part.IsZero() {
			parts = append(parts, name+":"+nonzero(part))
		}
	}
	switch {
	case v.Type() != reflect.TypeFor[State]() && v.Type() != reflect.TypeFor[View]() && v.Type().Implements(reflect.TypeFor[fmt.Stringer]()):
		return v.Interface().(fmt.Stringer).String()
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			add(v.Type().Field(i).Name, v.Field(i))
		}
	case v.Kind() == reflect.Array && v.Len() == int(KindCount) && v.Type().Elem() != reflect.TypeFor[Issued]():
		for i := range v.Len() {
			add(Kind(i).String(), v.Index(i))
		}
	case v.Kind() == reflect.Array:
		for i := range v.Len() {
			add(fmt.Sprint(i), v.Index(i))
		}
	default:
		return fmt.Sprint(v)
	}
	return "{" + strings.Join(parts, " ") + "}"
}
