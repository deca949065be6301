package translate

import (
	"github.com/knowhave/factor/internal/rfc6238"
	"github.com/knowhave/factor/internal/spec"
)

// Drawn is what the library drew at random, by name, and keys that were imported.
type Drawn struct {
	codes map[spec.Name]string
	keys  map[spec.Name][]byte
}

// NewDrawn returns an empty one.
func NewDrawn() *Drawn {
	return &Drawn{codes: map[spec.Name]string{}, keys: map[spec.Name][]byte{}}
}

// Issued notes an issued code.
func (d *Drawn) Issued(n spec.Name, code string) { d.codes[n] = code }

// Key notes a key, in base32.
func (d *Drawn) Key(n spec.Name, secret string) { d.keys[n] = rfc6238.Key(secret) }

// CodeOf returns the issued code of that name.
func (d *Drawn) CodeOf(n spec.Name) string { return d.codes[n] }

// At returns the code of a secret at a step.
func (d *Drawn) At(s spec.Secret, step int64) string {
	return rfc6238.Code(d.keys[s.Key], s.Algorithm.String(), int(s.Digits), step)
}

// Text is a code that somebody gives.
func (d *Drawn) Text(digits string) spec.Code { return text{d, digits} }

type text struct {
	drawn  *Drawn
	digits string
}

// Is implements spec.Code.
func (t text) Is(issued spec.Name) bool { return t.digits == t.drawn.codes[issued] }

// Recovers implements spec.Code. No recovery code is drawn yet.
func (t text) Recovers(spec.Name, int) bool { return false }

// Fits implements spec.Code.
func (t text) Fits(s spec.Secret, step int64) bool {
	return len(t.digits) == int(s.Digits) && t.drawn.At(s, step) == t.digits
}
