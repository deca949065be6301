package translate

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"github.com/knowhave/factor/internal/spec"
)

// The specification's operations are the library's exported methods that take a
// context.
func TestOperationsAreTheMethods(t *testing.T) {
	views := reflect.ValueOf(NewViews(newVerifier(t))).Elem()
	var methods []string
	for i := range views.NumField() {
		view := views.Field(i).Type()
		for j := range view.NumMethod() {
			if m := view.Method(j); m.Type.NumIn() > 1 && m.Type.In(1) == reflect.TypeFor[context.Context]() {
				methods = append(methods, view.Elem().Name()+"."+m.Name)
			}
		}
	}
	names := spec.NamesWhere(func(spec.Operation) bool { return true })
	slices.Sort(methods)
	slices.Sort(names)
	if !slices.Equal(methods, names) {
		t.Errorf("the methods are\n%q\nand the operations\n%q", methods, names)
	}
}

func TestDeviceNames(t *testing.T) {
	for _, n := range []spec.Name{0, 1, 255, 1 << 40} {
		if got := DeviceName(DeviceID(n)); got != n {
			t.Errorf("device %d became %d", n, got)
		}
	}
	if DeviceName([16]byte{1}) != NoDevice {
		t.Error("an ID of somebody else's is one of ours")
	}
}
