package linear

import (
	"math/rand/v2"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
)

const (
	maxDevices = 3
	digits     = 8 // of all codes; wrong ones have 6, so that none is right by chance
	period     = 30 * time.Second
	skew       = 1
)

// epoch is the clock at which a history starts. It is in the middle of a time step.
var epoch = time.Date(2026, 2, 3, 5, 5, 17, 0, time.UTC)

// limits are the bounds of a history, the same for all kinds.
var limits = []factor.Limit{
	{Tries: 5, Final: 8, Delay: time.Minute, MaxDelay: time.Hour},
	{Tries: 3, Final: 4, Delay: time.Minute, MaxDelay: time.Minute},
	{Tries: 2, Final: 4, Delay: time.Minute, MaxDelay: 90 * time.Second},
}

// ownLimits are bounds that one kind may have to itself.
var ownLimits = append(limits[:len(limits):len(limits)], factor.Limit{Tries: 1, Final: 6, Delay: time.Second, MaxDelay: 2 * time.Minute})

// optionsOf draws the options of a history, without the host's functions, and
// whether there is a Notify. Options that make calls wait are rare, or nothing else
// would happen.
func optionsOf(seed uint64, rng *rand.Rand) factor.Options {
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
	vary(&o, newRand(seed, 3000))
	if newRand(seed, 4000).IntN(2) == 0 {
		o.Notify = notifyNobody
	}
	return o
}

// vary draws the options that most histories leave alone, each in a few of them,
// from a separate stream, so that it changes no other draw.
func vary(o *factor.Options, rng *rand.Rand) {
	for _, set := range []func(){
		func() { o.Password = draw(rng, ownLimits...) },
		func() { o.PIN.Limit = draw(rng, ownLimits...) },
		func() { o.OTP.Limit = draw(rng, ownLimits...) },
		func() { o.TOTP.Limit = draw(rng, ownLimits...) },
		func() { o.OTP.AccountTTL = draw(rng, time.Minute, 10*time.Minute) },
		func() { o.OTP.LoginTTL = draw(rng, time.Minute, 5*time.Minute) },
		func() {
			o.ProofKinds = draw(rng, translate.Kinds(spec.CodeKinds), []factor.Kind{factor.KindAccount}, []factor.Kind{factor.KindRecovery, factor.KindAccount})
		},
		func() { o.Device.Max = draw(rng, 1, 2) },
		func() { o.Device.Grace = draw(rng, 30*time.Second, 15*time.Minute) },
		func() { o.Reset.Strikes = draw(rng, 1, 3) },
		func() { o.Reset.Authenticator = true },
	} {
		if rng.IntN(8) == 0 {
			set()
		}
	}
}
