package dbtest

import (
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/linear"
	"github.com/knowhave/factor/internal/pinhash"
	"github.com/knowhave/factor/internal/race"
	"github.com/knowhave/factor/internal/threats"
	"github.com/knowhave/factor/storetest"
)

// A Suite is what a store has to pass that is no SQL database: the contract,
// histories of several clients, and the threats that a store has a part in.
type Suite struct {
	// New returns an empty store, which is gone with the test. It may be called from
	// any goroutine, and several of its stores are used at once.
	New func(testing.TB) factor.Store
	// Contract, if set, is used instead of New by storetest, for a store that is a
	// storetest.Interrupter.
	Contract func(*testing.T) factor.Store
	// Histories is how many are checked.
	Histories int
}

// Run runs each part as a subtest. Under the race detector it runs the contract only:
// what the detector sees in the others it sees on the engines too.
func (s Suite) Run(t *testing.T) {
	t.Run("contract", func(t *testing.T) {
		open := s.Contract
		if open == nil {
			open = func(t *testing.T) factor.Store { return s.New(t) }
		}
		storetest.Run(t, open)
	})
	if race.Enabled {
		t.Skip("run the histories and threats without the race detector")
	}
	t.Run("histories", func(t *testing.T) {
		store := s.New(t)
		clients := linearStore{
			open: func(*testing.T) func(linear.Pace) factor.Store {
				return func(linear.Pace) factor.Store { return store }
			},
			free: true, workers: 8, brief: true, pins: 2,
		}
		clients.check(t, 1, s.Histories, 1).judge(t)
	})
	t.Run("threats", func(t *testing.T) {
		env := threats.Env{
			NewStore:    func(t testing.TB) factor.Store { return forBubbles(t, s.New) },
			NewVerifier: cheapVerifier,
		}
		for _, threat := range byTheStore {
			t.Run(threat.name, func(t *testing.T) { threat.test(t, env) })
		}
	})
}

// cheapVerifier is factor.NewVerifier with a PIN hash that takes no time: the store
// has no part in it.
func cheapVerifier(s factor.Store, k factor.Sealer, o *factor.Options) (*factor.Verifier, error) {
	v, err := factor.NewVerifier(s, k, o)
	if err == nil {
		pinhash.Cheapen(v, nil)
	}
	return v, err
}

// byTheStore are the threats that a store has a part in: what it lets happen at
// once, keeps, or brings back. The others see the same answers from every store
// that keeps the contract, so one of them is enough for these.
var byTheStore = []struct {
	name string
	test func(*testing.T, threats.Env)
}{
	{"01ParallelRedemption", threats.Threat01ParallelRedemption},
	{"02ParallelGuesses", threats.Threat02ParallelGuesses},
	{"27OtherPurpose", threats.PurposesAtOnce},
	{"07ForgottenCount", threats.Threat07ForgottenCount},
	{"18StaleWriter", threats.Threat18StaleWriter},
	{"24RefundingSweep", threats.Threat24RefundingSweep},
	{"39LostNotices", threats.Threat39LostNotices},
}
