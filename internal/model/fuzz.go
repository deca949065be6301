package model

import (
	"testing"

	"pgregory.net/rapid"
)

// Fuzz returns Run as the body of a fuzz target: an input is the choices of one
// run, which determine its options, calls and times.
func Fuzz(env Env) func(*testing.T, []byte) {
	run := rapid.MakeFuzz(func(t *rapid.T) {
		m := newMachine(t, env)
		t.Repeat(m.actions())
	})
	return func(t *testing.T, choices []byte) {
		// Zeros after the choices finish the current call and then the run: a run
		// that ends midway could not be compared.
		run(t, append(choices[:len(choices):len(choices)], make([]byte, 1<<15)...))
	}
}
