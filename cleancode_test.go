package factor_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/knowhave/factor"
)

// FuzzCleanCode shows that cleaning twice is cleaning once, that letters and signs
// keep their order, and that cleaning invents no digit.
func FuzzCleanCode(f *testing.F) {
	for _, seed := range []string{"123 456", "１２３－４５６", "k7m2-q9xw-4d3f-zpt8", "\xff1", "12345O", "\u200b٣", "e\u0301-1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		got := factor.CleanCode(typed)
		if again := factor.CleanCode(got); again != got {
			t.Fatalf("%q becomes %q, and then %q", typed, got, again)
		}
		letters := func(s string) string {
			return strings.Map(func(r rune) rune {
				if unicode.IsLetter(r) || unicode.IsSymbol(r) && !unicode.Is(unicode.Dash, r) {
					return r
				}
				return -1
			}, s)
		}
		if letters(got) != letters(typed) {
			t.Fatalf("%q becomes %q", typed, got)
		}
		digits := func(s string) (n int) {
			for _, r := range s {
				if unicode.IsDigit(r) {
					n++
				}
			}
			return n
		}
		if digits(got) != digits(typed) || len(got) > len(typed) {
			t.Fatalf("%q becomes %q", typed, got)
		}
	})
}

// A form sends what a person typed. CleanCode makes a code of it, and leaves alone
// what is none.
func ExampleCleanCode() {
	for _, typed := range []string{" 123 456\n", "123-456", "１２３４５６", "12345O", "k7m2-q9xw-4d3f-zpt8"} {
		fmt.Println(factor.CleanCode(typed))
	}
	// Output:
	// 123456
	// 123456
	// 123456
	// 12345O
	// k7m2q9xw4d3fzpt8
}
