package translate

import (
	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/rfc6238"
	"github.com/knowhave/factor/internal/spec"
)

// Drawn maps names to what the library drew at random, and to imported keys.
type Drawn struct {
	codes map[spec.Name]string
	keys  map[spec.Name][]byte
	sets  map[spec.Name][]string // of recovery codes, as spec.RecoveryCode reads them
}

// NewDrawn returns an empty Drawn.
func NewDrawn() *Drawn {
	return &Drawn{codes: map[spec.Name]string{}, keys: map[spec.Name][]byte{}, sets: map[spec.Name][]string{}}
}

// Issued notes an issued code.
func (d *Drawn) Issued(n spec.Name, code string) { d.codes[n] = code }

// Key notes a key, in base32.
func (d *Drawn) Key(n spec.Name, secret string) { d.keys[n] = rfc6238.Key(secret) }

// Recovery notes a set of recovery codes.
func (d *Drawn) Recovery(n spec.Name, codes []factor.OTP) {
	for _, shown := range codes {
		code, _ := spec.RecoveryCode(shown.Code)
		d.sets[n] = append(d.sets[n], code)
	}
}

// RecoveryCodeOf returns the n-th code of a set, in lower case and without hyphens.
func (d *Drawn) RecoveryCodeOf(set spec.Name, n int) string { return d.sets[set][n] }

// CodeOf returns the issued code of that name.
func (d *Drawn) CodeOf(n spec.Name) string { return d.codes[n] }

// At returns the code of a secret at a step.
func (d *Drawn) At(s spec.Secret, step int64) string {
	return rfc6238.Code(d.keys[s.Key], s.Algorithm.String(), int(s.Digits), step)
}

// Text returns a code that somebody gives.
func (d *Drawn) Text(given string) spec.Code {
	recovery, _ := spec.RecoveryCode(given)
	return text{d, given, recovery}
}

type text struct {
	drawn    *Drawn
	digits   string
	recovery string // empty unless it has the form
}

// Is implements spec.Code.
func (t text) Is(issued spec.Name) bool { return t.digits == t.drawn.codes[issued] }

// Recovers implements spec.Code.
func (t text) Recovers(set spec.Name, n int) bool {
	return t.recovery != "" && t.recovery == t.drawn.sets[set][n]
}

// Fits implements spec.Code.
func (t text) Fits(s spec.Secret, step int64) bool {
	return len(t.digits) == int(s.Digits) && t.drawn.At(s, step) == t.digits
}
