package totp

import (
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestCleanMakesACodeOfWhatAPersonTyped(t *testing.T) {
	for typed, want := range map[string]string{
		"": "", "123456": "123456", "000000": "000000",
		"123 456": "123456", "123-456": "123456", " 123456\r\n": "123456", "1 2 3 4 5 6": "123456", "\t123\u00a0456\v": "123456",
		"123\u2009456": "123456", "123\u3000456": "123456", "123\u2028456": "123456", // other blanks
		"123\u2010456": "123456", "123\u2011456": "123456", "123\u2013456": "123456", "123\u2014456": "123456", "123\u2212456": "123456", "123\uff0d456": "123456",
		"\ufeff123\u200b456\u200d": "123456", "\u200e\u202a123456\u202c": "123456", "123\u00ad456": "123456", "123\u2060456": "123456", "1\ufe0f23456": "123456",
		"１２３４５６": "123456", "１２３　４５６": "123456", "٠١٢٣٤٥٦٧٨٩": "0123456789", "۰۱۲۳۴۵۶۷۸۹": "0123456789", "०१२३४५६७८९": "0123456789", "๐๑๒๓๔๕๖๗๘๙": "0123456789",
		"𝟎𝟏𝟗𝟘𝟡𝟢𝟫𝟬𝟵𝟶𝟿": "01909090909",

		// What is no code does not become one.
		"12345O": "12345O", "l23456": "l23456", "Ⅷ23456": "Ⅷ23456", "²23456": "²23456", "①23456": "①23456", "½": "½", "一二三四五六": "一二三四五六",
		"123.456": "123.456", "123,456": "123,456", "123_456": "123_456", "+123456": "+123456", "123456\x00": "123456\x00", "1e5": "1e5", "Ａ12345": "Ａ12345",
		"12345\xff-6": "12345\xff-6", "\xe2-\x80\x8b": "\xe2-\x80\x8b",

		// The letters of a recovery code stay what they are.
		"k7m2-q9xw-4d3f-zpt8": "k7m2q9xw4d3fzpt8", "K7M2 Q9XW 4D3F ZPT8": "K7M2Q9XW4D3FZPT8", "OIL0 1": "OIL01",
	} {
		if got := Clean(typed); got != want {
			t.Errorf("%q becomes %q, want %q", typed, got, want)
		}
	}
}

// zeros are the digits 0 of Unicode 14, listed by Python's unicodedata; each is
// followed by 1 to 9.
const zeros = "0٠۰߀०০੦૦୦௦౦೦൦෦๐໐༠၀႐០᠐᥆᧐᪀᪐᭐᮰᱀᱐꘠꣐꤀꧐꧰꩐꯰０" +
	"\U000104a0\U00010d30\U00011066\U000110f0\U00011136\U000111d0\U000112f0\U00011450\U000114d0\U00011650\U000116c0\U00011730\U000118e0\U00011950" +
	"\U00011c50\U00011d50\U00011da0\U00016a60\U00016ac0\U00016b50\U0001d7ce\U0001d7d8\U0001d7e2\U0001d7ec\U0001d7f6\U0001e140\U0001e2f0\U0001e950\U0001fbf0"

func TestCleanKnowsTheDigitsOfAllScripts(t *testing.T) {
	for _, zero := range zeros {
		for value := range rune(10) {
			if got := Clean(string(zero + value)); got != string('0'+value) {
				t.Errorf("%U becomes %q, want %d", zero+value, got, value)
			}
		}
	}
	// Of the scripts that are newer, each has ten in a row, from 0 on.
	last := '9'
	for r := range rune(unicode.MaxRune + 1) {
		if !unicode.IsDigit(r) {
			if last != '9' {
				t.Fatalf("the digits before %U end with %c", r, last)
			}
			continue
		}
		got := Clean(string(r))
		if want := '0' + (last-'0'+1)%10; got != string(want) {
			t.Fatalf("%U becomes %q, want %c", r, got, want)
		}
		last = rune(got[0])
	}
}

// Every character is removed, is a digit, or stays.
func TestCleanTouchesNothingElse(t *testing.T) {
	removed := func(r rune) bool {
		return unicode.IsSpace(r) || unicode.In(r, unicode.Zs, unicode.Zl, unicode.Zp, unicode.Pd, unicode.Dash, unicode.Cf, unicode.Variation_Selector)
	}
	for r := range rune(unicode.MaxRune + 1) {
		if !utf8.ValidRune(r) {
			continue
		}
		want := string(r)
		switch {
		case unicode.IsLetter(r):
		case removed(r):
			want = ""
		case unicode.Is(unicode.Nd, r):
			continue
		}
		if got := Clean(string(r)); got != want {
			t.Fatalf("%U becomes %q, want %q", r, got, want)
		}
	}
}
