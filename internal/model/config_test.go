package model

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/translate"
)

// hosts are options that a config holds outside its Options.
var hosts = []string{"CheckPassword", "RegisteredAt", "Wipe", "Notify"}

// The model never tries the rule of an option that is the same in every run.
func TestEveryOptionIsDrawn(t *testing.T) {
	runs := rapid.Custom(drawConfig)
	constant := translate.Constant(300, func(seed uint64) *factor.Options {
		c := runs.Example(int(seed))
		return &c.opts
	})
	for _, path := range constant {
		if !slices.Contains(hosts, path) {
			t.Errorf("Options.%s is the same in every run: draw it in drawConfig, or in redraw if a host may change it later", path)
		}
	}
	for _, path := range hosts {
		if !slices.Contains(constant, path) {
			t.Errorf("Options.%s differs between runs, or does not exist: remove it from hosts", path)
		}
	}
}
