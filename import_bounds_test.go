package factor

import (
	"testing"
	"time"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
)

// The shortest and the longest time step may be imported, and no last step means
// that none was accepted, not the first of all.
func TestImportedSecretKeepsItsPeriodAndNoStepOfItsOwn(t *testing.T) {
	for period, kept := range map[time.Duration]time.Duration{0: 30 * time.Second, time.Second: time.Second, 2 * time.Minute: 2 * time.Minute} {
		s, err := ImportedTOTP{Secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", Period: period}.read("field", accounttest.Noon)
		if err != nil || s.Period != kept || s.LastStep != account.NoStep {
			t.Errorf("a period of %v: %+v, %v", period, s, err)
		}
	}
}
