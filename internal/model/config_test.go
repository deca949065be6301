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
	if !slices.Equal(constant, hosts) {
		t.Errorf("%q are the same in every run, want %q: draw the others in drawConfig or redraw", constant, hosts)
	}
}
