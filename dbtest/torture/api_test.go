package torture

import (
	"context"
	"testing"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/memstore"
)

// The audit knows how long a code of each kind lives.
func TestCodesLiveAsLongAsTheAuditThinks(t *testing.T) {
	a, err := newAPI(memstore.New(), functions{wipe: func(context.Context, factor.Wipe) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range issuedKinds {
		ttl, known := ttls[k]
		first := time.Now().Truncate(time.Millisecond)
		otp, err := a.issuer.IssueUnproven(t.Context(), "user", k)
		last := time.Now()
		if err != nil {
			t.Fatal(err)
		}
		if !known || otp.ExpiresAt.Before(first.Add(ttl)) || otp.ExpiresAt.After(last.Add(ttl)) {
			t.Errorf("a %s code lives until %s, issued between %s and %s: say in ttls and newOptions how long it lives", k, otp.ExpiresAt, first, last)
		}
	}
}
