package factortest

import (
	"fmt"
	"time"

	"github.com/knowhave/factor"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
)

// An App computes codes from an Enrollment, as a device or an authenticator app
// does.
type App struct {
	Enrollment factor.Enrollment
	// Now is the app's clock: the engine's, unless a test makes it run ahead or
	// behind.
	Now func() time.Time
}

// Code returns the code of the current time step. The engine accepts it once; turn
// the clock by Enrollment.Period for another one.
//
// Code panics if the Enrollment is not one that Enroll or Begin returned.
func (a *App) Code() string { return a.at(a.Now()) }

// WrongCode returns a well-formed code that the app does not show within ten time
// steps of the current one, the most that factor.TOTPOptions.Skew allows. It
// returns the same code while the clock stands still.
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
