package model

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/translate"
)

// hosts are said by the config, and not by its options.
var hosts = []string{"CheckPassword", "RegisteredAt", "Wipe", "Notify"}

// An option that is the same in every run is one whose rule the model never tries.
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
