package factor

// RandomCode draws a code as OTPIssuer does.
func RandomCode(digits int) string {
	code, err := randomCode(digits)
	if err != nil {
		panic(err)
	}
	return code
}

// TurnsTaken returns how many users' turns are held or waited for.
func TurnsTaken(v *Verifier) int {
	return v.turns.locks.Keys() + v.pinTurns.locks.Keys() + v.passwordTurns.locks.Keys()
}

// Watched returns how many users are waited for in PINs.Wait.
func Watched(v *Verifier) int { return v.waiters.Keys() }
