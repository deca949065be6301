package account

import (
	"testing"
	"time"

	"github.com/knowhave/factor/internal/totp"
)

func TestWhatIsBoundIsTooNewUntilItsAge(t *testing.T) {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		at     time.Time
		minAge time.Duration
		young  bool
	}{
		"no MinAge": {noon.Add(time.Hour), 0, false}, "exactly of age": {noon.Add(-time.Hour), time.Hour, false}, "not quite": {noon.Add(-time.Hour + time.Millisecond), time.Hour, true},
		"just bound": {noon, time.Millisecond, true}, "ages ago": {time.UnixMilli(-1 << 55), 100 * 365 * 24 * time.Hour, false}, "ages ahead": {time.UnixMilli(1 << 55), 1, true},
	} {
		if got := tooNew(c.at, c.minAge, noon); got != c.young {
			t.Errorf("%s: young %v", name, got)
		}
	}
}

// A fingerprint tells proofs apart by code, PIN and, where there is a code, the
// time step of each device.
func TestFingerprintsAreOfOneProofAndStep(t *testing.T) {
	instant := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	a := &Account{Devices: []Device{{TOTP: TOTP{Key: totp.Key{Period: 30 * time.Second}}}, {TOTP: TOTP{Key: totp.Key{Period: 45 * time.Second}}}}}
	seen := map[string]string{}
	for _, c := range []struct {
		name, otp, pin string
		after          time.Duration
	}{
		{"code", "111111", "", 0}, {"other code", "111112", "", 0}, {"PIN", "", "111111", 0}, {"both", "111111", "2222", 0},
		{"split elsewhere", "1111112", "222", 0}, {"other PIN", "111111", "2223", 0}, {"next step", "111111", "", 30 * time.Second},
		{"next step of the other device", "111111", "", 45 * time.Second},
	} {
		got := string(a.fingerprint(c.otp, c.pin, instant.Add(c.after)))
		if len(got) != 16 {
			t.Errorf("%s: %d bytes", c.name, len(got))
		}
		if other, ok := seen[got]; ok {
			t.Errorf("%s is the same as %s", c.name, other)
		}
		seen[got] = c.name
	}
	if string(a.fingerprint("", "2580", instant)) != string(a.fingerprint("", "2580", instant.Add(time.Hour))) {
		t.Error("a PIN alone depends on the time")
	}
	if string(a.fingerprint("111111", "", instant)) != string(a.fingerprint("111111", "", instant.Add(29*time.Second))) {
		t.Error("a code depends on more than the steps")
	}
}

func TestSweepPutsAWipeOffForTwiceAsLongEachTime(t *testing.T) {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	w := Wipe{RetryAt: noon}
	for tries, minutes := range []int{1, 2, 4, 8, 16, 32, 60, 60, 60} {
		w.BackOff(noon)
		if got := w.RetryAt.Sub(noon); got != time.Duration(minutes)*time.Minute || w.Tries != tries+1 {
			t.Errorf("try %d: put off for %v, want %d min", w.Tries, got, minutes)
		}
	}
}
