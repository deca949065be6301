package factortest

import (
	"fmt"
	"time"

	"github.com/knowhave/factor"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
)

// An App computes codes as a device or an authenticator app does that was handed
// an Enrollment.
type App struct {
	Enrollment factor.Enrollment
	// Now is the app's own clock: that of the engine, unless a test has it run
	// ahead or behind.
	Now func() time.Time
}

// Code returns the code of the present time step. The engine accepts it once: for
// another one, turn the clock by Enrollment.Period.
//
// It panics if the Enrollment is not one that was handed out.
func (a *App) Code() string { return a.at(a.Now()) }

// WrongCode returns a well-formed code that is none of the app's within ten time
// steps of the present one, the most that factor.TOTPOptions.Skew allows. Each call
// returns the same one while the clock stands still.
func (a *App) WrongCode() string {
	right := make(map[string]bool)
	for step := -10; step <= 10; step++ {
		right[a.at(a.Now().Add(time.Duration(step)*a.Enrollment.Period))] = true
	}
	for n := 0; ; n++ {
		if wrong := fmt.Sprintf("%0*d", a.Enrollment.Digits, n); !right[wrong] {
			return wrong
		}
	}
}

func (a *App) at(t time.Time) string {
	e := a.Enrollment
	algorithm, known := map[string]otp.Algorithm{
		"SHA1": otp.AlgorithmSHA1, "SHA256": otp.AlgorithmSHA256, "SHA512": otp.AlgorithmSHA512,
	}[e.Algorithm]
	if !known || e.Period < time.Second {
		panic("factortest: App.Enrollment is not one that Enroll or Begin returned")
	}
	code, err := totp.GenerateCodeCustom(e.Secret, t, totp.ValidateOpts{
		Period: uint(e.Period / time.Second), Digits: otp.Digits(e.Digits), Algorithm: algorithm,
	})
	if err != nil {
		panic("factortest: App.Enrollment has no secret in base32")
	}
	return code
}
