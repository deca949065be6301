package dbtest

import (
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/threats"
)

// Notices are kept by swaps, so a store has a part in them. The servers have this one
// with all the others.
func TestThreat39LostNoticesOnSQLite(t *testing.T) {
	env := threats.Env{NewStore: sqliteEngine.storeForBubbles, NewVerifier: factor.NewVerifier}
	threats.Threat39LostNotices(t, env)
}
