package linear

import (
	"math/rand/v2"
	"time"

	"github.com/knowhave/factor"
)

const (
	maxDevices = 3
	digits     = 8 // of all codes; wrong ones have 6, so that none is right by chance
	period     = 30 * time.Second
	skew       = 1
)

// epoch is the clock at which a history starts. It is in the middle of a time step.
var epoch = time.Date(2026, 2, 3, 5, 5, 17, 0, time.UTC)

// limits are the bounds that a history may have, for all kinds alike.
var limits = []factor.Limit{
	{Tries: 5, Final: 8, Delay: time.Minute, MaxDelay: time.Hour},
	{Tries: 3, Final: 4, Delay: time.Minute, MaxDelay: time.Minute},
	{Tries: 2, Final: 4, Delay: time.Minute, MaxDelay: 90 * time.Second},
}

// optionsOf draws the options of a history, without the host's functions. What makes
// calls wait is rare, or nothing else would happen.
func optionsOf(rng *rand.Rand) factor.Options {
	l := draw(rng, limits...)
	o := factor.Options{
		Password: l,
		PIN:      factor.PINOptions{Limit: l},
		OTP:      factor.OTPOptions{Digits: digits, Limit: l},
		TOTP:     factor.TOTPOptions{Digits: digits, Period: period, Skew: skew, Limit: l},
		Device:   factor.DeviceOptions{Max: maxDevices},
		Reset:    factor.ResetOptions{Strikes: 2, ForgiveRepeats: rng.IntN(4) == 0},
	}
	if rng.IntN(5) == 0 {
		o.OTP.Interval = draw(rng, time.Second, time.Minute)
	}
	if rng.IntN(5) == 0 {
		o.Reset.Interval = draw(rng, time.Second, time.Minute)
	}
	if rng.IntN(5) == 0 {
		o.Reset.MinAge = draw(rng, time.Minute, 5*time.Minute)
	}
	return o
}
