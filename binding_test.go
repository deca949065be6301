package factor

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// bindingEnds is what any binding does to the guard: it ends a wipe, and only a wipe.
func bindingEnds(r *reset) {
	if r.wipe != nil {
		*r = reset{}
	}
}

func TestSetPINStartsItsCountAnew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := genAccount(genInstant()).Draw(t, "account")
		want := cloned(t, a)
		h := pinHash{Memory: 19456, Time: 2, Threads: 1, Salt: []byte{1}, Sum: []byte{2}}
		a.setPIN(h, noon)
		want.pin = &pin{h, noon}
		want.budgets[1] = budget{}
		bindingEnds(&want.reset)
		sameAccount(t, a, want)
	})
}

func TestEnrollUnlocksDevicesOnlyIfFinallyLocked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := genAccount(genInstant()).Draw(t, "account")
		a.devices = slices.CompactFunc(a.devices, func(x, y device) bool { return x.id == y.id })
		want := cloned(t, a)
		id := uuid.New()
		at := len(a.devices)
		if at > 0 && rapid.Bool().Draw(t, "again") {
			at = rapid.IntRange(0, at-1).Draw(t, "at")
			id = a.devices[at].id
			at = slices.IndexFunc(a.devices, func(d device) bool { return d.id == id })
		} else {
			want.devices = append(want.devices, device{})
		}
		s, l := drawSecret(TOTPOptions{Algorithm: "SHA1", Digits: 6, Period: time.Second}), genLimit().Draw(t, "limit")
		a.enroll(id, s, l, noon)

		want.devices[at] = device{id: id, secret: s, enrolledAt: noon}
		if want.budgets[5].wrong >= l.Final {
			want.budgets[5] = budget{}
		}
		bindingEnds(&want.reset)
		sameAccount(t, a, want)

		a.revoke(id)
		want.devices = orNil(slices.Delete(want.devices, at, at+1))
		a.devices = orNil(a.devices)
		sameAccount(t, a, want)
	})
}

// The waiting secret has a count of its own: five wrong codes drop it, however
// the budget stands. The right one puts it in force and is spent by that.
func TestConfirmTakesFiveWrongCodesOrARightOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := genAccount(genAround(noon)).Draw(t, "account")
		s, l := drawSecret(TOTPOptions{Algorithm: "SHA1", Digits: 6, Period: 30 * time.Second}), genLimit().Draw(t, "limit")
		a.pending = &pending{secret: s, expiresAt: noon.Add(time.Minute)}
		for left := 4; ; left-- {
			want := cloned(t, a)
			if rapid.IntRange(0, 3).Draw(t, "right") == 0 {
				off := rapid.Int64Range(-1, 1).Draw(t, "off")
				right, left := a.confirm(codeAt(&s, noon.Unix()/30+off), 1, l, noon)
				want.authenticator, want.pending = &s, nil
				want.authenticator.step = noon.Unix()/30 + off
				if want.budgets[4].wrong >= l.Final {
					want.budgets[4] = budget{}
				}
				if sameAccount(t, a, want); !right || left != 0 {
					t.Fatal("the right code is refused")
				}
				if a.spendAuthenticator(codeAt(&s, s.step), TOTPOptions{Skew: 1}, noon) != verdictSpent {
					t.Fatal("the code that confirmed it is right again")
				}
				return
			}
			right, got := a.confirm(codeAt(&s, noon.Unix()/30+5), 1, l, noon)
			want.pending.wrong++
			if left == 0 {
				want.pending = nil
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
		a := &account{pending: &pending{expiresAt: noon.Add(left)}}
		if got := a.pendingNow(noon) != nil; got != waiting {
			t.Errorf("%v to go: waiting %v", left, got)
		}
	}
	if (&account{}).pendingNow(noon) != nil {
		t.Error("one waits where none was begun")
	}
}

// Giving up removes what could prove a reset and what a mail could carry; the
// confirmed authenticator, the counts and the spent codes stay.
func TestGiveUpLeavesNoProofOfAReset(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := genAccount(genInstant()).Draw(t, "account")
		want := cloned(t, a)
		id, reason := uuid.New(), rapid.SampledFrom([]WipeReason{ReasonStrikes, ReasonForfeited}).Draw(t, "reason")
		a.giveUp(id, reason, noon)
		want.pin, want.devices, want.pending, want.loginCodes.live, want.accountCodes.live = nil, nil, nil, nil, nil
		want.reset = reset{wipe: &wipe{id: id, at: noon, reason: reason, retryAt: noon}}
		sameAccount(t, a, want)
		if got := a.due(); got.After(noon) {
			t.Fatalf("a fresh wipe is due only at %v", got)
		}
	})
}

func TestGraceHasBothItsEnds(t *testing.T) {
	const grace = 5 * time.Minute
	for _, c := range []struct {
		name       string
		registered time.Time
		inside     bool
	}{
		{"now", noon, true},
		{"exactly the grace ago", noon.Add(-grace), true},
		{"a millisecond more", noon.Add(-grace - time.Millisecond), false},
		{"exactly a minute ahead", noon.Add(time.Minute), true},
		{"a millisecond more ahead", noon.Add(time.Minute + time.Millisecond), false},
		{"now in another time zone", noon.In(time.FixedZone("", 12*3600)), true},
		{"never", time.Time{}, false},
		{"never, in another time zone", time.Time{}.In(time.FixedZone("", 3600)), false},
		{"ages ago", time.Date(-9999, 1, 1, 0, 0, 0, 0, time.UTC), false},
		{"ages ahead", time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), false},
		{"beyond what a Duration holds", time.Unix(1<<60, 0), false},
		{"as far back", time.Unix(-1<<60, 0), false},
	} {
		if got := inGrace(c.registered, grace, noon); got != c.inside {
			t.Errorf("%s: inside %v", c.name, got)
		}
	}
	if inGrace(time.Time{}, longest, time.Time{}) {
		t.Error("the zero time is inside")
	}
}
