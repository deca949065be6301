package account

import (
	"testing"
	"time"

	"github.com/knowhave/factor/internal/totp"
)

// A fingerprint tells proofs apart by code, PIN and, where there is a code, the time
// step of each key that the code is judged against.
func TestFingerprintsAreOfOneProofAndStep(t *testing.T) {
	every := func(period time.Duration) TOTP { return TOTP{Key: totp.Key{Period: period}} }
	a := &Account{
		Devices:       []Device{{TOTP: every(30 * time.Second)}, {TOTP: every(45 * time.Second)}},
		Authenticator: &Authenticator{TOTP: every(40 * time.Second)},
	}
	seen := map[string]string{}
	for _, c := range []struct {
		name, otp, pin string
		after          time.Duration
	}{
		{"code", "111111", "", 0}, {"other code", "111112", "", 0}, {"PIN", "", "111111", 0}, {"both", "111111", "2222", 0},
		{"split elsewhere", "1111112", "222", 0}, {"other PIN", "111111", "2223", 0}, {"next step", "111111", "", 30 * time.Second},
		{"next step of the other device", "111111", "", 45 * time.Second}, {"next step of the authenticator", "111111", "", 40 * time.Second},
	} {
		got := string(a.fingerprint(c.otp, c.pin, true, noon.Add(c.after)))
		if len(got) != 16 {
			t.Errorf("%s: %d bytes", c.name, len(got))
		}
		if other, ok := seen[got]; ok {
			t.Errorf("%s is the same as %s", c.name, other)
		}
		seen[got] = c.name
	}
	if string(a.fingerprint("", "2580", true, noon)) != string(a.fingerprint("", "2580", true, noon.Add(time.Hour))) {
		t.Error("a PIN alone depends on the time")
	}
	if string(a.fingerprint("111111", "", true, noon)) != string(a.fingerprint("111111", "", true, noon.Add(29*time.Second))) {
		t.Error("a code depends on more than the steps")
	}
	if string(a.fingerprint("111111", "", false, noon.Add(30*time.Second))) != string(a.fingerprint("111111", "", false, noon.Add(44*time.Second))) {
		t.Error("a code depends on the step of an authenticator that proves nothing")
	}
}

func TestSweepPutsAWipeOffForTwiceAsLongEachTime(t *testing.T) {
	w := Wipe{RetryAt: noon}
	for tries, minutes := range []int{1, 2, 4, 8, 16, 32, 60, 60, 60} {
		w.BackOff(noon)
		if got := w.RetryAt.Sub(noon); got != time.Duration(minutes)*time.Minute || w.Tries != tries+1 {
			t.Errorf("try %d: put off for %v, want %d min", w.Tries, got, minutes)
		}
	}
}
