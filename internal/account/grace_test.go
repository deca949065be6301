package account_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
)

func TestGraceHasBothItsEnds(t *testing.T) {
	const grace = 5 * time.Minute
	for _, c := range []struct {
		name       string
		registered time.Time
		inside     bool
	}{
		{"now", accounttest.Noon, true},
		{"exactly the grace ago", accounttest.Noon.Add(-grace), true},
		{"a millisecond more", accounttest.Noon.Add(-grace - time.Millisecond), false},
		{"exactly a minute ahead", accounttest.Noon.Add(time.Minute), true},
		{"a millisecond more ahead", accounttest.Noon.Add(time.Minute + time.Millisecond), false},
		{"now in another time zone", accounttest.Noon.In(time.FixedZone("", 12*3600)), true},
		{"never", time.Time{}, false},
		{"never, in another time zone", time.Time{}.In(time.FixedZone("", 3600)), false},
		{"ages ago", time.Date(-9999, 1, 1, 0, 0, 0, 0, time.UTC), false},
		{"ages ahead", time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), false},
		{"beyond what a Duration holds", time.Unix(1<<60, 0), false},
		{"as far back", time.Unix(-1<<60, 0), false},
	} {
		if got := account.InGrace(c.registered, grace, accounttest.Noon); got != c.inside {
			t.Errorf("%s: inside %v", c.name, got)
		}
	}
	if account.InGrace(time.Time{}, 100*365*24*time.Hour, time.Time{}) {
		t.Error("the zero time is inside")
	}
}

// A device may enrol again without a proof if it has shown no code, was not
// imported, and was enrolled since a minute before the user registered.
func TestWhatMayEnrolAgain(t *testing.T) {
	const ms = time.Millisecond
	enrolled := func(change func(d *account.Device)) (*account.Account, *account.Device) {
		a := &account.Account{}
		a.Enroll(uuid.UUID{1}, totpOf("phone"), rules, accounttest.Noon)
		change(&a.Devices[0])
		return a, &a.Devices[0]
	}
	for _, c := range []struct {
		name   string
		change func(d *account.Device)
		unseen bool
	}{
		{"just enrolled", func(*account.Device) {}, true},
		{"with a step", func(d *account.Device) { d.LastStep = 0 }, false},
		{"used", func(d *account.Device) { d.UsedAt = accounttest.Noon }, false},
	} {
		if a, d := enrolled(c.change); a.Unseen(d) != c.unseen {
			t.Errorf("%s: unseen %v", c.name, a.Unseen(d))
		}
	}
	a := &account.Account{}
	if _, err := a.Import(account.Holdings{Devices: []account.Device{{ID: uuid.UUID{1}, TOTP: totpOf("phone")}}}, rules, 1); err != nil || a.Unseen(&a.Devices[0]) {
		t.Errorf("an imported device is unseen: %v", err)
	}
	_, d := enrolled(func(*account.Device) {})
	for registered, since := range map[time.Duration]bool{0: true, time.Minute: true, time.Minute + ms: false, -time.Hour: true} {
		if d.EnrolledSince(accounttest.Noon.Add(registered)) != since {
			t.Errorf("registered %s after: since %v", registered, !since)
		}
	}
}
