package torture

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
)

// Each call that was accepted is told under one ID, one that was cut off at most under one,
// and a wipe that was marked under one.
func TestAuditComparesWhatWasTold(t *testing.T) {
	say := func(id byte, a factor.Action) told {
		return told{ID: uuid.UUID{id}, User: sharedUser, Action: a}
	}
	set := say(1, factor.ActionPINSet)
	other := say(2, factor.ActionPINSet)
	marked := say(3, factor.ActionWipeMarked)
	removed := say(1, factor.ActionPINRemoved)
	for name, c := range map[string]struct {
		calls []*call
		wipes int
		told  []told
		want  string
	}{
		"once":                  {calls: life(said(setPIN, classOK)), told: []told{set}},
		"again":                 {calls: life(said(setPIN, classOK)), told: []told{set, set}},
		"under another ID":      {calls: life(said(setPIN, classOK)), told: []told{set, other}, want: "under 2 IDs, want 1 to 1"},
		"never":                 {calls: life(said(setPIN, classOK)), want: "under 0 IDs, want 1 to 1"},
		"cut off":               {calls: life(said(setPIN, classOpen))},
		"cut off, and told":     {calls: life(said(setPIN, classOpen)), told: []told{set}},
		"one of two":            {calls: life(said(setPIN, classOK), said(setPIN, classOpen)), told: []told{set, other}},
		"what did not happen":   {calls: life(said(setPIN, classMismatch)), told: []told{set}, want: "under 1 IDs, want 0 to 0"},
		"in other words":        {calls: life(said(setPIN, classOK)), told: []told{set, removed}, want: "said"},
		"a wipe":                {wipes: 1, told: []told{marked}},
		"a wipe nobody is told": {wipes: 1, want: "want 1 to 1"},
		"a wipe and Forget":     {calls: life(said(intent{Op: opForget}, classOpen)), wipes: 1},
	} {
		a := &auditor{toldBefore: map[uuid.UUID]bool{}, marked: map[string]int{sharedUser: c.wipes}}
		got := strings.Join(a.heard(unknownUser(sharedUser), c.told, c.calls), "\n")
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: the audit says %q, want %q", name, got, c.want)
		}
		if len(c.told) > 0 {
			if again := a.heard(unknownUser(sharedUser), c.told, c.calls); len(again) == 0 {
				t.Errorf("%s: told again in the next life, the audit says nothing", name)
			}
		}
	}
}
