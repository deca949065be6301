package factor

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// The status names what is held and counted, and nothing of what is secret.
func TestStatusSaysWhatIsHeldAndCounted(t *testing.T) {
	o, err := Options{Password: judgeLimit, PIN: PINOptions{Limit: judgeLimit}}.complete()
	if err != nil {
		t.Fatal(err)
	}
	limits := map[Kind]Limit{KindPassword: judgeLimit, KindPIN: judgeLimit, KindLogin: o.OTP.Limit, KindAccount: o.OTP.Limit, KindTOTP: o.TOTP.Limit, KindDeviceTOTP: o.TOTP.Limit}
	rapid.Check(t, func(t *rapid.T) {
		a := genAccount(genAround(noon)).Draw(t, "account")
		s := a.status("user", &o, noon)
		waits := a.pending != nil && a.pending.expiresAt.After(noon) && !a.pending.expiresAt.After(noon.Add(15*time.Minute))
		if s.PIN != (a.pin != nil) || s.Authenticator != (a.authenticator != nil) || s.AuthenticatorPending != waits || len(s.Devices) != len(a.devices) {
			t.Fatalf("holds %+v", s)
		}
		if s.WipePending != (a.reset.wipe != nil && !a.reset.wipe.done) {
			t.Fatalf("wipe %+v, pending %v", s.Wipe, s.WipePending)
		}
		for i, d := range a.devices {
			if s.Devices[i] != (Device{d.id, d.enrolledAt, d.usedAt}) {
				t.Fatalf("device %d is %+v", i, s.Devices[i])
			}
		}
		var live []Kind
		var budgets []Budget
		for i, k := range []Kind{KindPassword, KindPIN, KindLogin, KindAccount, KindTOTP, KindDeviceTOTP} {
			if c := map[Kind]codes{KindLogin: a.loginCodes, KindAccount: a.accountCodes}[k]; c.live != nil {
				ttl := map[Kind]time.Duration{KindLogin: 10 * time.Minute, KindAccount: 5 * time.Minute}[k]
				if left := c.live.expiresAt.Sub(noon); left > 0 && left <= ttl+time.Minute {
					live = append(live, k)
				}
			}
			b, l := a.budgets[i], limits[k]
			if b.wrong == 0 {
				continue
			}
			left := b.until.Sub(noon)
			shown := Budget{Kind: k, Wrong: b.wrong, Locked: b.wrong >= l.Final || left > 0 && left <= l.MaxDelay}
			if shown.Locked && b.wrong < l.Final {
				shown.Until = b.until
			}
			budgets = append(budgets, shown)
		}
		if !reflect.DeepEqual(s.Live, live) || !reflect.DeepEqual(s.Budgets, budgets) {
			t.Fatalf("live %v, counted %+v; want %v, %+v", s.Live, s.Budgets, live, budgets)
		}
		switch w := a.reset.wipe; {
		case w == nil:
			if s.Wipe != nil || s.Strikes != a.reset.strikes {
				t.Fatalf("%d strikes, wipe %v", s.Strikes, s.Wipe)
			}
		case *s.Wipe != (Wipe{w.id, "user", w.at, w.reason}) || s.Strikes != 4:
			t.Fatalf("%d strikes, wipe %v", s.Strikes, s.Wipe)
		}
	})
	if s := (&account{}).status("user", &o, noon); !reflect.DeepEqual(s, Status{Devices: []Device{}}) {
		t.Errorf("without a record: %+v", s)
	}
	if s := (&account{reset: reset{wipe: &wipe{id: uuid.Max}}}).status("user", &o, noon); s.Wipe == nil || s.Wipe.ID != uuid.Max {
		t.Errorf("wiped: %+v", s)
	}
}
