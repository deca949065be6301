package factor

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func policy(t testing.TB, o PINOptions) PINOptions {
	complete, err := Options{PIN: o}.complete()
	if err != nil {
		t.Fatal(err)
	}
	return complete.PIN
}

func TestPINPolicyAllows9340Of10000(t *testing.T) {
	o, allowed := policy(t, PINOptions{}), 0
	for n := range 10000 {
		if o.check(fmt.Sprintf("%04d", n)) == nil {
			allowed++
		}
	}
	if allowed != 9340 {
		t.Fatalf("%d of 10000 PINs pass, want 9340", allowed)
	}
}

// isRun says whether each digit follows the one before, up or down, on the way
// from the 0 over the 9 to the 2.
func isRun(pin string) bool {
	up, down := false, false
	for start := range 13 {
		asc, desc := true, true
		for i := range len(pin) {
			asc = asc && start+i <= 12 && int(pin[i]-'0') == (start+i)%10
			desc = desc && start-i >= 0 && int(pin[i]-'0') == (start-i)%10
		}
		up, down = up || asc, down || desc
	}
	return up || down
}

func TestPINPolicyIsLengthDifferentDigitsAndNoSeries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length := rapid.IntRange(4, 12).Draw(t, "length")
		o := PINOptions{Length: length, MinDistinct: rapid.IntRange(1, min(length, 10)).Draw(t, "distinct"), AllowSeries: rapid.Bool().Draw(t, "series")}
		start, step := rapid.IntRange(0, 12).Draw(t, "start"), rapid.SampledFrom([]int{-1, 0, 1, 9}).Draw(t, "step")
		var run strings.Builder
		for i := range length {
			fmt.Fprint(&run, (start+100+i*step)%10)
		}
		pin := rapid.OneOf(rapid.Just(run.String()), rapid.StringMatching(fmt.Sprintf("[0-9]{%d}", length)),
			rapid.StringMatching(fmt.Sprintf("[0-2]{%d}", length)), rapid.StringMatching("[0-9]{1,12}")).Draw(t, "pin")

		different := map[rune]bool{}
		for _, digit := range pin {
			different[digit] = true
		}
		want := len(pin) == length && len(different) >= o.MinDistinct && (o.AllowSeries || !isRun(pin))
		err := o.check(pin)
		if (err == nil) != want || err != nil && !errors.Is(err, ErrWeakPIN) {
			t.Fatalf("%v, allowed %v", err, want)
		}
		if err != nil && len(pin) > 2 && strings.Contains(err.Error(), pin) {
			t.Fatalf("the error repeats the PIN: %v", err)
		}
	})
}

func TestPINPolicyTable(t *testing.T) {
	for _, c := range []struct {
		length int
		pin    string
		reason string // part of it, empty: allowed
	}{
		{4, "2580", ""}, {4, "1233", ""}, {4, "1235", ""}, {4, "0129", ""}, {4, "9013", ""}, {4, "3210", "series"}, {4, "0192", ""},
		{4, "1234", "series"}, {4, "7890", "series"}, {4, "9012", "series"}, {4, "0987", "series"}, {4, "2109", "series"}, {4, "0123", "series"},
		{4, "1111", "different"}, {4, "1212", "different"}, {4, "1123", ""},
		{4, "258", "4 digits"}, {4, "25801", "4 digits"}, {4, "0", "4 digits"}, {4, "123456789012", "4 digits"},
		{5, "89012", "series"}, {5, "90123", ""}, {5, "21098", "series"}, {5, "43210", "series"}, {5, "32109", ""},
		{10, "0123456789", "series"}, {10, "3456789012", "series"}, {10, "9876543210", "series"}, {10, "2109876543", "series"}, {10, "4567890123", ""},
		{12, "012345678901", "series"}, {12, "123456789012", "series"}, {12, "210987654321", "series"}, {12, "234567890123", ""},
	} {
		err := policy(t, PINOptions{Length: c.length}).check(c.pin)
		var weak *WeakPINError
		if c.reason == "" && err != nil || c.reason != "" && (!errors.As(err, &weak) || !strings.Contains(weak.Reason, c.reason)) {
			t.Errorf("%s of %d digits: %v, want %q", c.pin, c.length, err, c.reason)
		}
	}
	if err := policy(t, PINOptions{AllowSeries: true}).check("1234"); err != nil {
		t.Errorf("a series where series are allowed: %v", err)
	}
	if err := policy(t, PINOptions{MinDistinct: 1}).check("1111"); err != nil {
		t.Errorf("one digit where one is enough: %v", err)
	}
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

// A new PIN of other than 1 to 12 ASCII digits is malformed; one that is
// well-formed is at worst weak.
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
