package factor

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// cloned returns an account that shares nothing with a.
func cloned(t interface{ Fatal(...any) }, a *account) *account {
	b, err := decode(a.encode())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sameAccount(t interface{ Fatalf(string, ...any) }, got, want *account) {
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("the account is\n%+v, want\n%+v", got, want)
	}
}

// ends lists when each thing that an account holds ends, counts aside.
func ends(a *account) (all []time.Time) {
	if a.pending != nil {
		all = append(all, a.pending.expiresAt)
	}
	for _, k := range []Kind{KindLogin, KindAccount} {
		c := a.codesOf(k)
		all = append(all, c.hold)
		for _, s := range c.spent {
			all = append(all, s.expiresAt)
		}
		if c.live != nil {
			all = append(all, c.live.expiresAt)
		}
	}
	all = append(all, a.reset.hold)
	return slices.DeleteFunc(all, time.Time.IsZero)
}

// What has ended is gone after tidying, and what has not is still there; counts,
// strikes, bindings and wipes stay in any case, but a wipe does not wait for a
// clock that ran ahead.
func TestTidyDropsWhatHasEndedAndNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := genAccount(genAround(noon)).Draw(t, "account")
		want := cloned(t, a)
		now := genAround(noon).Draw(t, "now")
		a.tidy(now)

		over := func(at time.Time) bool { return !now.Before(at) }
		if want.pending != nil && over(want.pending.expiresAt) {
			want.pending = nil
		}
		for _, k := range []Kind{KindLogin, KindAccount} {
			c := want.codesOf(k)
			if c.live != nil && over(c.live.expiresAt) {
				c.live = nil
			}
			var kept []code
			for _, s := range c.spent {
				if !over(s.expiresAt) {
					kept = append(kept, s)
				}
			}
			c.spent = kept
			a.codesOf(k).spent = orNil(a.codesOf(k).spent)
			if over(c.hold) {
				c.hold = time.Time{}
			}
		}
		if over(want.reset.hold) {
			want.reset.hold = time.Time{}
		}
		if w := want.reset.wipe; w != nil && !w.done && w.retryAt.Sub(now) > time.Hour {
			w.retryAt = now // no wait for a wipe is longer: void
		}
		want.emptied = time.Time{}
		if reflect.DeepEqual(want, &account{}) {
			want.emptied = now
		}
		sameAccount(t, a, want)
	})
}

// After tidying, a user is due when the next thing ends, and that is later than
// now, unless a wipe wants to be done; without anything that ends, never.
func TestDueIsWhenTheNextThingEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := genAccount(genAround(noon)).Draw(t, "account")
		now := genAround(noon).Draw(t, "now")
		a.tidy(now)
		all := ends(a)
		if a.empty() {
			all = append(all, now.Add(24*time.Hour))
		}
		if w := a.reset.wipe; w != nil && !w.done {
			all = append(all, w.retryAt)
		} else if slices.ContainsFunc(all, func(at time.Time) bool { return !at.After(now) }) {
			t.Fatal("something that has ended is still there")
		}
		want := time.Time{}
		if len(all) > 0 {
			want = slices.MinFunc(all, time.Time.Compare)
		}
		if got := a.due(); !got.Equal(want) {
			t.Fatalf("due %v, want %v", got, want)
		}
	})
}

// Only an account that holds nothing at all is empty.
func TestEmptyMeansThatNothingIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := genAccount(genInstant()).Draw(t, "account")
		blank := cloned(t, a)
		blank.emptied = time.Time{}
		for i := range blank.budgets {
			if blank.budgets[i].wrong == 0 {
				a.budgets[i].until, blank.budgets[i].until = time.Time{}, time.Time{}
			}
		}
		if got, want := a.empty(), reflect.DeepEqual(blank, &account{}); got != want {
			t.Fatalf("empty %v, want %v", got, want)
		}
	})
	for name, a := range map[string]*account{
		"pin": {pin: &pin{}}, "device": {devices: make([]device, 1)}, "authenticator": {authenticator: &secret{}}, "pending": {pending: &pending{}},
		"login": {loginCodes: codes{live: &code{}}}, "spent": {accountCodes: codes{spent: make([]code, 1)}}, "hold": {accountCodes: codes{hold: noon}},
		"count": {budgets: [6]budget{5: {wrong: 1}}}, "strike": {reset: reset{strikes: 1}}, "reset hold": {reset: reset{hold: noon}},
		"last": {reset: reset{last: []byte{0}}}, "wipe": {reset: reset{wipe: &wipe{done: true}}},
	} {
		if a.empty() {
			t.Errorf("an account with a %s is empty", name)
		}
	}
}

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
		h := pinHash{memory: 19456, time: 2, threads: 1, salt: []byte{1}, sum: []byte{2}}
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
				right, _ := a.confirm(codeAt(&s, noon.Unix()/30+off), 1, l, noon)
				want.authenticator, want.pending = &s, nil
				want.authenticator.step = noon.Unix()/30 + off
				if want.budgets[4].wrong >= l.Final {
					want.budgets[4] = budget{}
				}
				if sameAccount(t, a, want); !right {
					t.Fatal("the right code is refused")
				}
				if a.spendAuthenticator(codeAt(&s, s.step), 1, noon) != verdictSpent {
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
