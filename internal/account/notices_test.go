package account_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
)

// Of more than 16 notices the oldest goes that has a newer one of the same action
// and kind, or else the oldest of all.
func TestSixteenNoticesWait(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var n account.Notices
		var want []account.Notice
		dropped, retry := 0, time.Time{}
		for i := range rapid.IntRange(0, 40).Draw(t, "notices") {
			added := accounttest.Notice(accounttest.Around(accounttest.Noon)).Draw(t, "notice")
			added.ID = uuid.UUID{byte(i + 1)}
			n.Add(added)
			if soon := added.At.Add(time.Minute); i == 0 || soon.Before(retry) {
				retry = soon
			}
			if want = append(want, added); len(want) > 16 {
				goes := 0
				for i := len(want) - 1; i >= 0; i-- {
					for _, newer := range want[i+1:] {
						if newer.Action == want[i].Action && newer.Kind == want[i].Kind {
							goes = i
						}
					}
				}
				want = slices.Delete(want, goes, goes+1)
				dropped++
			}
			if !slices.Equal(n.Waiting, want) || n.Dropped != dropped || n.Tries != 0 || !n.RetryAt.Equal(retry) {
				t.Fatalf("after %d: %+v, want %v, %d dropped", i+1, n, want, dropped)
			}
		}
	})
}

// A single event outlasts repeated ones.
func TestRepeatedActsPushOutNoOther(t *testing.T) {
	var n account.Notices
	set := account.Notice{ID: uuid.UUID{1}, Action: "pin-set", Kind: account.KindPIN}
	n.Add(set)
	for i := range 100 {
		n.Add(account.Notice{ID: uuid.UUID{2, byte(i)}, Action: []string{"enrolled", "revoked"}[i%2], Kind: account.KindDeviceTOTP})
	}
	if n.Waiting[0] != set || n.Waiting[15].ID != (uuid.UUID{2, 99}) || n.Dropped != 85 {
		t.Fatalf("%+v", n)
	}
}

func TestEachActionIsANotice(t *testing.T) {
	for _, action := range account.NoticeActions {
		for _, k := range append([]account.Kind{""}, account.Kinds[:]...) {
			want := action != "verified" || k == account.KindRecovery
			if got := account.IsNotice(action, k); got != want {
				t.Errorf("%s of %q: %v", action, k, got)
			}
		}
	}
	for _, action := range []string{"", "refused", "forgotten", "imported", "unlocked", "issued", "wipe-failed"} {
		if account.IsNotice(action, account.KindRecovery) {
			t.Errorf("%s is a notice", action)
		}
	}
}

// The first wait is a minute, each further one twice as long, up to an hour, and a
// new notice starts over. Told notices go, and the last one ends the wait.
func TestNoticesAreToldUntilTheyAre(t *testing.T) {
	var n account.Notices
	one, two := account.Notice{ID: uuid.UUID{1}, At: accounttest.Noon}, account.Notice{ID: uuid.UUID{2}, At: accounttest.Noon}
	now := accounttest.Noon
	if n.Due(now) {
		t.Error("nothing is due")
	}
	n.Add(one)
	for _, minutes := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60} {
		wait := minutes * time.Minute
		if before := now.Add(wait - time.Millisecond); n.Due(before) || !n.Due(now.Add(wait)) {
			t.Fatalf("%v after the last: due %v a millisecond before, %v then", wait, n.Due(before), n.Due(now.Add(wait)))
		}
		now = now.Add(wait)
		n.PutOff(now)
	}
	n.Add(two)
	if !n.RetryAt.Equal(accounttest.Noon.Add(time.Minute)) || n.Tries != 0 {
		t.Errorf("a new notice: %+v", n)
	}
	if n.Told(nil) || n.Told([]uuid.UUID{{3}}) || !n.Told([]uuid.UUID{{3}, one.ID}) || len(n.Waiting) != 1 || n.RetryAt.IsZero() {
		t.Errorf("one is told: %+v", n)
	}
	if n.Dropped = 2; !n.Told([]uuid.UUID{two.ID}) || !n.Due(now) || n.TakeDropped() != 2 || n.TakeDropped() != 0 {
		t.Errorf("all are told, and two were dropped: %+v", n)
	}
	if n.PutOff(now); n.Due(now) || !n.RetryAt.IsZero() || n.Tries != 0 {
		t.Errorf("nothing waits: %+v", n)
	}
}

// A new notice ends a longer wait than its own, and postpones nothing: a stream of
// notices keeps no other from being told.
func TestANewNoticePutsNothingOff(t *testing.T) {
	var n account.Notices
	n.Add(account.Notice{ID: uuid.UUID{1}, At: accounttest.Noon})
	for _, later := range []time.Duration{59 * time.Second, 2 * time.Minute} {
		n.Add(account.Notice{ID: uuid.UUID{2}, At: accounttest.Noon.Add(later)})
		if !n.RetryAt.Equal(accounttest.Noon.Add(time.Minute)) {
			t.Errorf("%v later another one: %+v", later, n)
		}
	}
	n.PutOff(accounttest.Noon.Add(5 * time.Minute))
	n.Add(account.Notice{ID: uuid.UUID{3}, At: accounttest.Noon.Add(6 * time.Minute)})
	if !n.RetryAt.Equal(accounttest.Noon.Add(7*time.Minute)) || n.Tries != 0 {
		t.Errorf("after a failure: %+v", n)
	}
}

// A clock that ran ahead postpones nothing beyond the longest wait.
func TestNoticesPutOffTooFarAreDue(t *testing.T) {
	for wait, due := range map[time.Duration]bool{0: true, time.Millisecond: false, time.Hour + time.Minute: false, time.Hour + time.Minute + time.Millisecond: true} {
		a := &account.Account{Notices: account.Notices{Dropped: 1, RetryAt: accounttest.Noon.Add(wait)}}
		if got := a.Notices.Due(accounttest.Noon); got != due {
			t.Errorf("%v to go: due %v", wait, got)
		}
		a.Tidy(accounttest.Noon)
		if got := a.Notices.RetryAt; !got.Equal(accounttest.Noon.Add(wait)) && !(due && got.Equal(accounttest.Noon)) {
			t.Errorf("%v to go: tidied to %v", wait, got)
		}
	}
}

func TestNoticesKeepAnAccount(t *testing.T) {
	a := &account.Account{}
	a.Notices.Add(account.Notice{ID: uuid.UUID{1}, At: accounttest.Noon})
	if a.Empty() {
		t.Error("an account with a notice is empty")
	}
	a.Notices.Told([]uuid.UUID{{1}})
	if !a.Empty() {
		t.Error("an account whose notices were told is not empty")
	}
}
