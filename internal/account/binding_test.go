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

// bindingEnds is what any binding does to the guard: it ends a wipe, and only a wipe.
func bindingEnds(r *account.Guard) {
	if r.Wipe != nil {
		*r = account.Guard{}
	}
}

func TestSetPINStartsItsCountAnew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := accounttest.Any(accounttest.Instant()).Draw(t, "account")
		want := accounttest.Clone(t, a)
		h := account.Hash{Memory: 19456, Time: 2, Threads: 1, Salt: []byte{1}, Sum: []byte{2}}
		a.SetPIN(h, accounttest.Noon)
		want.PIN = &account.PIN{h, accounttest.Noon}
		*want.Budget(account.KindPIN) = account.Budget{}
		bindingEnds(&want.Guard)
		sameAccount(t, a, want)
	})
}

func TestEnrollUnlocksDevicesOnlyIfFinallyLocked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := accounttest.Any(accounttest.Instant()).Draw(t, "account")
		a.Devices = slices.CompactFunc(a.Devices, func(x, y account.Device) bool { return x.ID == y.ID })
		want := accounttest.Clone(t, a)
		id := uuid.New()
		at := len(a.Devices)
		if at > 0 && rapid.Bool().Draw(t, "again") {
			at = rapid.IntRange(0, at-1).Draw(t, "at")
			id = a.Devices[at].ID
			at = slices.IndexFunc(a.Devices, func(d account.Device) bool { return d.ID == id })
		} else {
			want.Devices = append(want.Devices, account.Device{})
		}
		s, l := account.NewTOTP([]byte{1}, account.TOTPRules{Digits: 6, Period: time.Second}), accounttest.Limit().Draw(t, "limit")
		a.Enroll(id, s, &account.Rules{TimeBased: l}, accounttest.Noon)

		want.Devices[at] = account.Device{ID: id, TOTP: s, EnrolledAt: accounttest.Noon}
		if want.Budget(account.KindDeviceTOTP).Wrong >= l.Final {
			*want.Budget(account.KindDeviceTOTP) = account.Budget{}
		}
		bindingEnds(&want.Guard)
		sameAccount(t, a, want)

		a.Revoke(id)
		want.Devices = accounttest.OrNil(slices.Delete(want.Devices, at, at+1))
		a.Devices = accounttest.OrNil(a.Devices)
		sameAccount(t, a, want)
	})
}

// The waiting secret has a count of its own: five wrong codes drop it, however
// the budget stands. The right one puts it in force and is spent by that.
func TestConfirmTakesFiveWrongCodesOrARightOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := accounttest.Any(accounttest.Around(accounttest.Noon)).Draw(t, "account")
		s, l := account.NewTOTP(rapid.SliceOfN(rapid.Byte(), 20, 20).Draw(t, "key"), account.TOTPRules{Digits: 6, Period: 30 * time.Second}), accounttest.Limit().Draw(t, "limit")
		a.Pending = &account.Pending{TOTP: s, ExpiresAt: accounttest.Noon.Add(time.Minute)}
		for left := 4; ; left-- {
			want := accounttest.Clone(t, a)
			if rapid.IntRange(0, 3).Draw(t, "right") == 0 {
				off := rapid.Int64Range(-1, 1).Draw(t, "off")
				right, left := a.Confirm(accounttest.CodeAt(&s, accounttest.Noon.Unix()/30+off), &account.Rules{TimeBased: l, TOTP: account.TOTPRules{Skew: 1}}, accounttest.Noon)
				want.Authenticator, want.Pending = &s, nil
				want.Authenticator.LastStep = accounttest.Noon.Unix()/30 + off
				if want.Budget(account.KindTOTP).Wrong >= l.Final {
					*want.Budget(account.KindTOTP) = account.Budget{}
				}
				if sameAccount(t, a, want); !right || left != 0 {
					t.Fatal("the right code is refused")
				}
				if a.SpendAuthenticator(accounttest.CodeAt(&s, s.LastStep), account.TOTPRules{Skew: 1}, accounttest.Noon) != account.Spent {
					t.Fatal("the code that confirmed it is right again")
				}
				return
			}
			right, got := a.Confirm(accounttest.CodeAt(&s, accounttest.Noon.Unix()/30+5), &account.Rules{TimeBased: l, TOTP: account.TOTPRules{Skew: 1}}, accounttest.Noon)
			want.Pending.Wrong++
			if left == 0 {
				want.Pending = nil
			}
			sameAccount(t, a, want)
			if right || got != left {
				t.Fatalf("a wrong code: right %v, %d left, want %d", right, got, left)
			}
			if left == 0 {
				return
			}
		}
	})
}

func TestPendingAuthenticatorWaitsAQuarterOfAnHour(t *testing.T) {
	for left, waiting := range map[time.Duration]bool{
		15 * time.Minute: true, time.Millisecond: true, 0: false, -time.Millisecond: false,
		15*time.Minute + time.Millisecond: false, 10000 * time.Hour: false,
	} {
		a := &account.Account{Pending: &account.Pending{ExpiresAt: accounttest.Noon.Add(left)}}
		if got := a.PendingAt(accounttest.Noon) != nil; got != waiting {
			t.Errorf("%v to go: waiting %v", left, got)
		}
	}
	if (&account.Account{}).PendingAt(accounttest.Noon) != nil {
		t.Error("one waits where none was begun")
	}
}

// Giving up removes what could prove a reset and what a mail could carry; the
// confirmed authenticator, the counts and the spent codes stay.
func TestGiveUpLeavesNoProofOfAReset(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := accounttest.Any(accounttest.Instant()).Draw(t, "account")
		want := accounttest.Clone(t, a)
		id, reason := uuid.New(), rapid.SampledFrom([]account.WipeReason{account.ReasonStrikes, account.ReasonForfeited}).Draw(t, "reason")
		a.MarkWipe(id, reason, accounttest.Noon)
		want.PIN, want.Devices, want.Pending = nil, nil, nil
		for _, k := range account.IssuedKinds {
			want.Codes(k).Live = nil
		}
		want.Guard = account.Guard{Wipe: &account.Wipe{ID: id, At: accounttest.Noon, Reason: reason, RetryAt: accounttest.Noon}}
		sameAccount(t, a, want)
		if got := a.Due(); got.After(accounttest.Noon) {
			t.Fatalf("a fresh wipe is due only at %v", got)
		}
	})
}
