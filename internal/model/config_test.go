package model

import (
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/knowhave/factor/internal/translate"
)

// An option that is the same in every run is one whose rule the model never tries.
func TestEveryOptionIsDrawn(t *testing.T) {
	drawn := map[string]map[string]bool{}
	runs := rapid.Custom(drawConfig)
	for seed := range 300 {
		c := runs.Example(seed)
		note(drawn, "Options", reflect.ValueOf(translate.Options(&c.opts)))
	}
	// The host's functions are said by the config and not by its options.
	for _, function := range []string{"CheckPassword", "RegisteredAt", "Wipe"} {
		delete(drawn, "Options."+function)
	}
	for path, values := range drawn {
		if len(values) < 2 {
			t.Errorf("%s is always the same: draw it in drawConfig or redraw", path)
		}
	}
}

// note adds the values of the fields that are no structs.
func note(drawn map[string]map[string]bool, path string, v reflect.Value) {
	if v.Kind() == reflect.Struct {
		for i := range v.NumField() {
			note(drawn, path+"."+v.Type().Field(i).Name, v.Field(i))
		}
		return
	}
	if drawn[path] == nil {
		drawn[path] = map[string]bool{}
	}
	drawn[path][fmt.Sprint(v)] = true
}
