package translate

import (
	"fmt"
	"iter"
	"reflect"
	"slices"

	"github.com/knowhave/factor"
)

// Fields yields the fields of a struct that are not structs themselves, with their
// paths, as in "OTP.Interval".
func Fields(v reflect.Value) iter.Seq2[string, reflect.Value] {
	return func(yield func(string, reflect.Value) bool) {
		for i := range v.NumField() {
			name, field := v.Type().Field(i).Name, v.Field(i)
			if field.Kind() != reflect.Struct {
				if !yield(name, field) {
					return
				}
				continue
			}
			for path, leaf := range Fields(field) {
				if !yield(name+"."+path, leaf) {
					return
				}
			}
		}
	}
}

// Constant draws options times times, and returns the paths of those that rules
// read and that are always the same. A random driver never tries the rules of
// these.
func Constant(times int, draw func(seed uint64) *factor.Options) []string {
	var constant []string
	first := map[string]string{}
	for seed := range uint64(times) {
		for path, field := range Fields(reflect.ValueOf(Options(draw(seed)))) {
			value := fmt.Sprint(field)
			if seed == 0 {
				first[path] = value
				constant = append(constant, path)
			}
			if value != first[path] {
				constant = slices.DeleteFunc(constant, func(p string) bool { return p == path })
			}
		}
	}
	return constant
}
