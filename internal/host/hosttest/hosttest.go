// Package hosttest has what a host may call as package factor calls its own.
package hosttest

// A Verifier is a type of a host's.
type Verifier struct{}

// Observe calls f from a method that is called as one of factor's.
func Observe(f func()) { (&Verifier{}).observe(f) }

//go:noinline
func (*Verifier) observe(f func()) { f() }
