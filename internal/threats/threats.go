// Package threats has one test for each attack that broke a similar library. It
// shows that the attack fails here, with any store.
//
// The numbers are those of the list in SECURITY.md. Every test takes an Env, so that
// each store, with and without the real PIN hash, runs the same tests.
package threats

import (
	"sync/atomic"
	"testing"

	"github.com/knowhave/factor"
)

// An Env is the environment of a test.
type Env struct {
	// NewStore returns an empty store that lives as long as t.
	NewStore func(t testing.TB) factor.Store
	// NewVerifier is factor.NewVerifier, or a variant with a cheap PIN hash.
	NewVerifier func(factor.Store, factor.Sealer, *factor.Options) (*factor.Verifier, error)
	// Cheap tells that a store call and a PIN hash take microseconds, so that tests
	// can try every combination instead of a sample.
	Cheap bool
	// Hashes counts the PIN hashes of this Env's verifiers. It is nil if they
	// cannot be counted.
	Hashes *atomic.Int64
}

// skips reports whether to leave out the ith of many combinations: without Cheap,
// all but one in many.
func (e Env) skips(i, oneIn int) bool { return !e.Cheap && i%oneIn > 0 }

// A threat is one of the list.
type threat struct {
	name string
	test func(t *testing.T, env Env)
}

var all = []threat{
	{"01ParallelRedemption", Threat01ParallelRedemption},
	{"02ParallelGuesses", Threat02ParallelGuesses},
	{"03StepReplay", Threat03StepReplay},
	{"04TextVariants", Threat04TextVariants},
	{"05UnlimitedPath", Threat05UnlimitedPath},
	{"06RenewedBudget", Threat06RenewedBudget},
	{"07ForgottenCount", Threat07ForgottenCount},
	{"08SecondPath", Threat08SecondPath},
	{"09UnprovenReset", Threat09UnprovenReset},
	{"10Mixups", Threat10Mixups},
	{"11LockedAnswer", Threat11LockedAnswer},
	{"12ProbedHoldings", Threat12ProbedHoldings},
	{"13LockAsWeapon", Threat13LockAsWeapon},
	{"14WeakSecrets", Threat14WeakSecrets},
	{"15PrintedSecrets", Threat15PrintedSecrets},
	{"16HashFlood", Threat16HashFlood},
	{"17ClientAddress", Threat17ClientAddress},
	{"18StaleWriter", Threat18StaleWriter},
	{"19BurntCode", Threat19BurntCode},
	{"20ClockJump", Threat20ClockJump},
	{"21RetiredKey", Threat21RetiredKey},
	{"22ErrorPath", Threat22ErrorPath},
	{"23LateWrite", Threat23LateWrite},
	{"24RefundingSweep", Threat24RefundingSweep},
	{"25ShelteringCode", Threat25ShelteringCode},
	{"26TrustedRequest", Threat26TrustedRequest},
	{"27OtherPurpose", Threat27OtherPurpose},
	{"28MinimumAge", Threat28MinimumAge},
	{"29ClocksApart", Threat29ClocksApart},
	{"30PassingFault", Threat30PassingFault},
	{"31CallingBack", Threat31CallingBack},
	{"32UndoingImport", Threat32UndoingImport},
	{"35OutlivingLock", Threat35OutlivingLock},
	{"36VisibleHoldings", Threat36VisibleHoldings},
	{"37ShelteringStale", Threat37ShelteringStale},
	{"38YoungProof", Threat38YoungProof},
	{"39LostNotices", Threat39LostNotices},
}

// Run runs every threat as a subtest.
func Run(t *testing.T, env Env) {
	for _, threat := range all {
		t.Run(threat.name, func(t *testing.T) { threat.test(t, env) })
	}
}
