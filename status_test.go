package factor

import (
	"math/bits"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
)

// used holds a bit for each recovery code that was used.
func used(a *account.Account) uint16 {
	if a.Recovery == nil {
		return 0
	}
	return a.Recovery.Used
}

// Status names what is held and counted, and no secret.
func TestStatusSaysWhatIsHeldAndCounted(t *testing.T) {
	o, err := Options{Password: judgeLimit, PIN: PINOptions{Limit: judgeLimit}}.complete()
	if err != nil {
		t.Fatal(err)
	}
	rules := o.rules()
	rapid.Check(t, func(t *rapid.T) {
		a := accounttest.Any(accounttest.Around(accounttest.Noon)).Draw(t, "account")
		s := statusOf(a, "user", &rules, accounttest.Noon)
		waits := a.Pending != nil && a.Pending.ExpiresAt.After(accounttest.Noon) && !a.Pending.ExpiresAt.After(accounttest.Noon.Add(16*time.Minute))
		if s.PIN != (a.PIN != nil) || s.Authenticator != (a.Authenticator != nil) || s.AuthenticatorPending != waits || len(s.Devices) != len(a.Devices) {
			t.Fatalf("holds %+v", s)
		}
		if unused := 10 - bits.OnesCount16(used(a)); a.Recovery == nil && s.RecoveryCodes != 0 || a.Recovery != nil && s.RecoveryCodes != unused {
			t.Fatalf("%d recovery codes are left, want %d", s.RecoveryCodes, unused)
		}
		if s.WipePending != (a.Guard.Wipe != nil && !a.Guard.Wipe.Done) {
			t.Fatalf("wipe %+v, pending %v", s.Wipe, s.WipePending)
		}
		for i, d := range a.Devices {
			if s.Devices[i] != (Device{d.ID, d.EnrolledAt, d.UsedAt}) {
				t.Fatalf("device %d is %+v", i, s.Devices[i])
			}
		}
		var live []Kind
		var budgets []Budget
		for i, k := range kinds {
			isLive := func(c account.Code) bool {
				left := c.ExpiresAt.Sub(accounttest.Noon)
				return left > 0 && left <= rules.TTL(account.Kind(k))+time.Minute
			}
			if c := a.Codes(account.Kind(k)); c != nil && slices.ContainsFunc(c.Live, isLive) {
				live = append(live, k)
			}
			b, l := a.Budgets[i], rules.Limit(account.Kind(k))
			if b.Wrong == 0 {
				continue
			}
			left := b.Until.Sub(accounttest.Noon)
			shown := Budget{Kind: k, Wrong: b.Wrong, Locked: b.Wrong >= l.Final || left > 0 && left <= l.MaxDelay+time.Minute}
			if shown.Locked && b.Wrong < l.Final {
				shown.Until = accounttest.Noon.Add(min(left, l.MaxDelay))
			}
			budgets = append(budgets, shown)
		}
		if !reflect.DeepEqual(s.Live, live) || !reflect.DeepEqual(s.Budgets, budgets) {
			t.Fatalf("live %v, counted %+v; want %v, %+v", s.Live, s.Budgets, live, budgets)
		}
		switch w := a.Guard.Wipe; {
		case w == nil:
			if s.Wipe != nil || s.Strikes != a.Guard.Strikes {
				t.Fatalf("%d strikes, wipe %v", s.Strikes, s.Wipe)
			}
		case *s.Wipe != (Wipe{w.ID, "user", w.At, WipeReason(w.Reason)}) || s.Strikes != 4:
			t.Fatalf("%d strikes, wipe %v", s.Strikes, s.Wipe)
		}
	})
	if s := statusOf(&account.Account{}, "user", &rules, accounttest.Noon); !reflect.DeepEqual(s, Status{Devices: []Device{}}) {
		t.Errorf("without a record: %+v", s)
	}
	if s := statusOf(&account.Account{Guard: account.Guard{Wipe: &account.Wipe{ID: uuid.Max}}}, "user", &rules, accounttest.Noon); s.Wipe == nil || s.Wipe.ID != uuid.Max {
		t.Errorf("wiped: %+v", s)
	}
}
