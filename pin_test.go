package factor

import (
	"errors"
	"strings"
	"testing"
)

func policy(t testing.TB, o PINOptions) PINOptions {
	complete, err := Options{PIN: o}.complete()
	if err != nil {
		t.Fatal(err)
	}
	return complete.PIN
}

func TestPINDenyRefusesFurtherPINs(t *testing.T) {
	asked := []string{}
	o := policy(t, PINOptions{Deny: func(pin string) bool { asked = append(asked, pin); return pin == "2580" }})
	if err := o.check("2580"); !errors.Is(err, ErrWeakPIN) {
		t.Errorf("a denied PIN: %v", err)
	}
	if err := o.check("2581"); err != nil {
		t.Errorf("another one: %v", err)
	}
	if err := o.check("1234"); !errors.Is(err, ErrWeakPIN) || len(asked) != 2 {
		t.Errorf("a series: %v, asked for %v", err, asked)
	}

	o.Deny = func(pin string) bool { panic("no use for " + pin) }
	if err := o.check("2580"); err == nil || errors.Is(err, ErrWeakPIN) || strings.Contains(err.Error(), "2580") {
		t.Errorf("a panic is %v, want a fault without the PIN", err)
	}
}

// A new PIN of other than 1 to 12 ASCII digits is malformed; a well-formed one is
// at worst weak.
func TestNewPINIsMalformedBeforeItIsWeak(t *testing.T) {
	o := policy(t, PINOptions{})
	for pin, malformed := range map[string]bool{
		"": true, "1234567890123": true, "12a4": true, " 258": true, "2580 ": true, "٢٥٨٠": true, "２": true, "-258": true, "25\x00": true,
		"2": false, "258": false, "123456789012": false, "2580": false,
	} {
		err := checkNewPIN(pin)
		var detail *MalformedError
		if (err != nil) != malformed || malformed && (!errors.As(err, &detail) || detail.Field != "pin") {
			t.Errorf("%q: %v, malformed %v", pin, err, malformed)
		}
		if err := o.check(pin); !malformed && err != nil && !errors.Is(err, ErrWeakPIN) {
			t.Errorf("%q: %v, want weak", pin, err)
		}
	}
}
