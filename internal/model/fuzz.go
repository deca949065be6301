package model

import (
	"testing"

	"pgregory.net/rapid"
)

// Fuzz returns what Run does as the body of a fuzz target: each input is the
// choices of one run, whose options, calls and times follow from it.
func Fuzz(env Env) func(*testing.T, []byte) {
	run := rapid.MakeFuzz(func(t *rapid.T) {
		m := newMachine(t, env)
		t.Repeat(m.actions())
	})
	return func(t *testing.T, choices []byte) {
		// Zeros behind the choices finish the call that they end in, and then
		// the run: cut off in its middle it could not be compared.
		run(t, append(choices[:len(choices):len(choices)], make([]byte, 1<<15)...))
	}
}
