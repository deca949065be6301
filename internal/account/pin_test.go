package account

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPINPolicyAllows9340Of10000(t *testing.T) {
	o, allowed := PINRules{Length: 4, MinDistinct: 3}, 0
	for n := range 10000 {
		if o.Weak(fmt.Sprintf("%04d", n)) == "" {
			allowed++
		}
	}
	if allowed != 9340 {
		t.Fatalf("%d of 10000 PINs pass, want 9340", allowed)
	}
}

// isRun reports whether each digit follows the one before, up or down, on the way
// from 0 over 9 to 2.
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
		o := PINRules{Length: length, MinDistinct: rapid.IntRange(1, min(length, 10)).Draw(t, "distinct"), AllowSeries: rapid.Bool().Draw(t, "series")}
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
		reason := o.Weak(pin)
		if (reason == "") != want {
			t.Fatalf("%q, allowed %v", reason, want)
		}
		if len(pin) > 2 && strings.Contains(reason, pin) {
			t.Fatalf("the reason repeats the PIN: %s", reason)
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
		got := PINRules{Length: c.length, MinDistinct: 3}.Weak(c.pin)
		if (got == "") != (c.reason == "") || !strings.Contains(got, c.reason) {
			t.Errorf("%s of %d digits: %q, want %q", c.pin, c.length, got, c.reason)
		}
	}
	if reason := (PINRules{Length: 4, MinDistinct: 3, AllowSeries: true}).Weak("1234"); reason != "" {
		t.Errorf("a series where series are allowed: %s", reason)
	}
	if reason := (PINRules{Length: 4, MinDistinct: 1}).Weak("1111"); reason != "" {
		t.Errorf("one digit where one is enough: %s", reason)
	}
}
