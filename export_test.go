package factor

// LocksHeld returns how many users' locks are held or waited for.
func LocksHeld(v *Verifier) int {
	return v.loop.Keys() + v.hashing.Keys() + v.passwords.Keys()
}

// Watched returns how many users are waited for in PINs.Wait.
func Watched(v *Verifier) int { return v.waiters.Keys() }
