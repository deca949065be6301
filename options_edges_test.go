package factor

import (
	"strings"
	"testing"
	"time"
)

// A span without a bound of its own may be a hundred years and no longer, so that
// no time that it is added to overflows.
func TestSpansAreBoundedByAHundredYears(t *testing.T) {
	const century = 876_000 * time.Hour
	for name, set := range map[string]func(*Options, time.Duration){
		"Password.MaxDelay": func(o *Options, d time.Duration) { o.Password.MaxDelay = d },
		"OTP.Interval":      func(o *Options, d time.Duration) { o.OTP.Interval = d },
		"Device.Grace":      func(o *Options, d time.Duration) { o.Device.Grace = d },
		"Reset.Interval":    func(o *Options, d time.Duration) { o.Reset.Interval = d },
		"Reset.MinAge":      func(o *Options, d time.Duration) { o.Reset.MinAge = d },
	} {
		var within, beyond Options
		set(&within, century)
		set(&beyond, century+time.Millisecond)
		if _, err := within.complete(); err != nil {
			t.Errorf("%s of a hundred years: %v", name, err)
		}
		if _, err := beyond.complete(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s of more: %v", name, err)
		}
	}
}
