package account_test

import (
	"crypto/sha256"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
)

// recoverySeed is the seed of the tables.
var recoverySeed = func() (seed account.RecoverySeed) {
	for i := range seed {
		seed[i] = byte(7 * i)
	}
	return seed
}()

// inAlphabet are the 32 characters of Crockford's base32, each at its value.
const inAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// readAsTyped reads a recovery code byte by byte, or returns "".
func readAsTyped(s string) string {
	code := ""
	for i := range len(s) {
		switch b := s[i]; {
		case b == '-' || b == ' ':
		case b == 'o' || b == 'O':
			code += "0"
		case b == 'i' || b == 'I' || b == 'l' || b == 'L':
			code += "1"
		case strings.IndexByte(inAlphabet, b) >= 0:
			code += string(b)
		case b >= 'A' && b <= 'Z' && strings.IndexByte(inAlphabet, b+32) >= 0:
			code += string(b + 32)
		default:
			return ""
		}
	}
	if len(s) > 64 || len(code) != 16 {
		return ""
	}
	return code
}

// grouped returns a code as it is shown.
func grouped(code string) string {
	if len(code) != 16 {
		return ""
	}
	return code[:4] + "-" + code[4:8] + "-" + code[8:12] + "-" + code[12:]
}

// hashOf returns the stored hash of a code.
func hashOf(salt [16]byte, code string) [8]byte {
	sum := sha256.Sum256([]byte(string(salt[:]) + code))
	return [8]byte(sum[:8])
}

// The shown codes come from the set, which keeps only 8 bytes of a salted hash of
// each code.
func TestRecoveryCodesAreAllOfTheirBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var seed account.RecoverySeed
		copy(seed[:], rapid.SliceOfN(rapid.Byte(), len(seed), len(seed)).Draw(t, "seed"))
		a := &account.Account{}
		shown := a.GenerateRecovery(seed)
		if len(seed) != 116 || len(shown) != 10 || a.Recovery.Salt != [16]byte(seed[:16]) || a.Recovery.Used != 0 {
			t.Fatalf("of %d bytes %d codes are made: %+v", len(seed), len(shown), a.Recovery)
		}
		for i, code := range shown {
			bits := new(big.Int).SetBytes(seed[16+10*i : 26+10*i])
			want := ""
			for at := 75; at >= 0; at -= 5 {
				want += string(inAlphabet[new(big.Int).Rsh(bits, uint(at)).Uint64()&31])
			}
			if code != grouped(want) {
				t.Fatalf("%x is shown as %s, want %s in groups of four", bits, code, want)
			}
			if got, want := a.Recovery.Hashes[i], hashOf(a.Recovery.Salt, want); got != want {
				t.Fatalf("of %s %x is kept, want %x", code, got, want)
			}
		}
	})
}

// The codes and hashes of a seed must not change: another release reads them.
func TestRecoveryCodesOfASeed(t *testing.T) {
	a := &account.Account{}
	shown := a.GenerateRecovery(recoverySeed)
	for i, want := range map[int]string{0: "e1vq-x1cc-jeda-3a5f 6c63f3b2cddf2922", 9: "wvpz-9yr2-1481-e7h5 5e440322257732d6"} {
		if got := fmt.Sprintf("%s %x", shown[i], a.Recovery.Hashes[i]); got != want {
			t.Errorf("code %d is %s, want %s", i, got, want)
		}
	}
}

// A code is read without regard to case, hyphens and blanks, o as 0, and i and l as 1.
func TestRecoveryCodesAreReadAsTheyAreTyped(t *testing.T) {
	const same = "0123-456j-kmnp-vwxy"
	long := strings.Repeat(" ", 64-16)
	for text, is := range map[string]bool{
		same: true, "0123456jkmnpvwxy": true, "0123456JKMNPVWXY": true, "0I23-456J-KmNp-vWxY": true, "oL23 456j kmnp vwxy": true, "Oi23--456j  kmnp -vwxy-": true,
		" " + same: true, same + " ": true, "0-1-2-3-4-5-6-j-k-m-n-p-v-w-x-y": true,
		long + "0123456jkmnpvwxy": true, "0123456jkmnpvwxy" + long: true,
		" " + long + "0123456jkmnpvwxy": false, "0123456jkmnpvwxy" + long + "-": false, // 65 bytes
		"": false, " ": false, "-": false, strings.Repeat("-", 64): false,
		"0123-456j-kmnp-vwx": false, "0123-456j-kmnp-vwxyz": false, "012345": false, "01234567": false,
		"u123-456j-kmnp-vwxy": false, "0123-456j-kmnp-vwxU": false,
		"0123\t456j-kmnp-vwxy": false, "0123-456j-kmnp-vwxy\n": false, "\x000123-456j-kmnp-vwxy": false, "0123_456j_kmnp_vwxy": false, "0123.456j.kmnp.vwxy": false,
		"0123–456j–kmnp–vwxy": false, "0123‑456j‑kmnp‑vwxy": false, "0123\u00a0456j\u00a0kmnp\u00a0vwxy": false, "\u200b0123-456j-kmnp-vwxy": false,
		"０123-456j-kmnp-vwxy": false, "0123-456j-kmnр-vwxy": false /* Cyrillic */, "0123-456j-\u212amnp-vwxy": false /* Kelvin */, "ı123-456j-kmnp-vwxy": false, "İ123-456j-kmnp-vwxy": false,
		"0123-456j-kmnp-vwx\xff": false, "0123-456j-kmnp-vw\xc3\xbf": false, "\xed\xa0\x80" + same: false,
	} {
		if got := account.IsRecoveryCode(text); got != is || got != (readAsTyped(text) != "") {
			t.Errorf("%q has the form of a recovery code: %v", text, got)
		}
	}
}

// spelled draws another way to type a code.
func spelled(t *rapid.T, code string) string {
	var b strings.Builder
	for _, c := range []byte(strings.ReplaceAll(code, "-", "")) {
		as := []byte{c, byte(strings.ToUpper(string(c))[0])}
		switch c {
		case '0':
			as = append(as, "oO"...)
		case '1':
			as = append(as, "iIlL"...)
		}
		b.WriteByte(rapid.SampledFrom(as).Draw(t, "as"))
		b.WriteString(rapid.SampledFrom([]string{"", "", "-", " ", "- "}).Draw(t, "between"))
	}
	return b.String()
}

// recoveryHistory records recovery codes independently of the rules.
type recoveryHistory map[string]account.Verdict // of each code of the set that there is

// A recovery code is right once, however it is typed, and stale for as long as its
// set lasts; before and after that it is wrong. Wrong ones are charged. A new set
// starts the count at zero; removing one does not.
func TestRecoveryCodesAreJudgedAsTheirHistorySays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, h, wrong := &account.Account{}, recoveryHistory{}, 0
		known := []string{"zzzz-zzzz-zzzz-zzzz", "0000-0000-0000-0000"}
		for range rapid.IntRange(1, 60).Draw(t, "acts") {
			switch rapid.SampledFrom([]string{"generate", "remove", "forget the count", "give", "give", "give", "give", "give", "give"}).Draw(t, "act") {
			case "generate":
				seed := recoverySeed
				seed[0], seed[20], seed[115] = rapid.Byte().Draw(t, "salt"), rapid.Byte().Draw(t, "first"), rapid.Byte().Draw(t, "last")
				h, wrong = recoveryHistory{}, 0
				for _, code := range a.GenerateRecovery(seed) {
					h[code] = account.Right
					known = append(known, code)
				}
			case "remove":
				a.RemoveRecovery()
				h = recoveryHistory{}
			case "forget the count":
				*a.Budget(account.KindRecovery), wrong = account.Budget{}, 0
			default:
				code := rapid.SampledFrom(known).Draw(t, "code")
				text := spelled(t, code)
				if readAsTyped(text) != strings.ReplaceAll(code, "-", "") {
					t.Fatalf("%q is %s in another spelling", text, code)
				}
				want := h[code]
				if wrong >= limit.Tries {
					want = account.Locked
				}
				found := a.JudgeCode(text, noPurpose, []account.Kind{account.KindRecovery}, rules, accounttest.Noon, nil)
				if len(found) != 1 || found[0].Verdict != want || found[0].Charged != (want == account.Wrong) || found[0].Kind != account.KindRecovery {
					t.Fatalf("%q is judged %+v, want %d", text, found, want)
				}
				switch want {
				case account.Right:
					h[code], wrong = account.Stale, 0
				case account.Wrong:
					wrong++
				}
			}
			left := 0
			for _, v := range h {
				if v == account.Right {
					left++
				}
			}
			a = accounttest.Clone(t, a)
			if a.RecoveryLeft() != left || a.Budget(account.KindRecovery).Wrong != wrong {
				t.Fatalf("%d are left and %d counted, want %d and %d", a.RecoveryLeft(), a.Budget(account.KindRecovery).Wrong, left, wrong)
			}
		}
	})
}

// A user without recovery codes has none that is right, not even one of an empty
// set.
func TestNoRecoveryCodeIsRightWhereThereIsNone(t *testing.T) {
	const code = "0123456jkmnpvwxy"
	for name, a := range map[string]*account.Account{
		"none":             {},
		"a set of zeros":   {Recovery: &account.Recovery{}},
		"another salt":     {Recovery: &account.Recovery{Salt: [16]byte{1}, Hashes: [10][8]byte{3: hashOf([16]byte{2}, code)}}},
		"the grouped code": {Recovery: &account.Recovery{Salt: [16]byte{1}, Hashes: [10][8]byte{3: hashOf([16]byte{1}, "0123-456j-kmnp-vwxy")}}},
	} {
		before := accounttest.Clone(t, a)
		if got := verdictOf(a, account.KindRecovery, code, rules, accounttest.Noon); got != account.Wrong {
			t.Errorf("%s: verdict %d", name, got)
		}
		*a.Budget(account.KindRecovery) = account.Budget{}
		sameAccount(t, a, before)
	}
	held := &account.Account{Recovery: &account.Recovery{Salt: [16]byte{1}, Hashes: [10][8]byte{3: hashOf([16]byte{1}, code)}}}
	if got := verdictOf(held, account.KindRecovery, "0123-456J-KMNP-VWXY", rules, accounttest.Noon); got != account.Right || held.Recovery.Used != 1<<3 {
		t.Errorf("the code that is kept: verdict %d, used %b", got, held.Recovery.Used)
	}
}

// Recovery codes are no issued codes: they do not expire, and voiding and a wipe
// leave them.
func TestRecoveryCodesLast(t *testing.T) {
	a := &account.Account{}
	shown := a.GenerateRecovery(recoverySeed)
	kept := *a.Recovery
	for name, act := range map[string]func(){
		"tidying":  func() { a.Tidy(accounttest.Noon.Add(99 * 365 * 24 * time.Hour)) },
		"voiding":  func() { a.VoidCodes(rules, accounttest.Noon) },
		"a wipe":   func() { a.MarkWipe([16]byte{1}, account.ReasonStrikes, accounttest.Noon) },
		"an issue": func() { a.Issue(account.KindLogin, noPurpose, "000001", rules, accounttest.Noon) },
	} {
		if act(); a.Recovery == nil || *a.Recovery != kept || a.RecoveryLeft() != 10 || a.Empty() {
			t.Errorf("%s leaves %+v", name, a.Recovery)
		}
	}
	if got := verdictOf(a, account.KindRecovery, shown[0], rules, accounttest.Noon.Add(99*365*24*time.Hour)); got != account.Right {
		t.Errorf("years later: verdict %d", got)
	}
	if a.Codes(account.KindRecovery) != nil {
		t.Error("recovery codes are issued")
	}
}

// The sizes of a set of recovery codes and of a purpose in a record.
func TestWhatRecoveryCodesAndAPurposeTake(t *testing.T) {
	size := func(change func(a *account.Account)) int {
		return len(written(with(func(a *account.Account) { a.Guard.HoldUntil = accounttest.Noon; change(a) })))
	}
	code := func(s account.Seal) func(a *account.Account) {
		return func(a *account.Account) {
			a.Codes(account.KindAccount).Live = []account.Code{{Digits: "012345", Seal: s, ExpiresAt: accounttest.Noon}}
		}
	}
	set := &account.Recovery{Hashes: [10][8]byte{9: {7: 1}}}
	if got := size(func(a *account.Account) { a.Recovery = set }) - size(func(*account.Account) {}); got != 98 {
		t.Errorf("recovery codes take %d bytes, want 98", got)
	}
	if got := size(code(account.Seal{1})) - size(code(account.Seal{})); got != 16 {
		t.Errorf("a purpose takes %d bytes, want 16", got)
	}
}
