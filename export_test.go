package factor

// LocksHeld returns the number of users whose locks are held or awaited.
func LocksHeld(v *Verifier) int {
	return v.loop.Keys() + v.hashing.Keys() + v.passwords.Keys()
}

// Watched returns the number of users in PINs.Wait.
func Watched(v *Verifier) int { return v.waiters.Keys() }
