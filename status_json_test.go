package factor_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
)

// A host's API can return a Status as it is, and read it back.
func TestStatusIsProperJSON(t *testing.T) {
	const id = "00000000-0000-0000-0000-000000000001"
	at := time.Date(2026, 2, 3, 4, 5, 6, 7e6, time.UTC)
	for want, s := range map[string]factor.Status{
		`{"pin":false,"authenticator":false,"authenticatorPending":false,"devices":[],"recoveryCodes":0,"live":[],"budgets":[],"strikes":0,"wipePending":false,"notices":0}`: {Devices: []factor.Device{}},
		`{"pin":true,"authenticator":true,"authenticatorPending":true,` +
			`"devices":[{"id":"` + id + `","enrolledAt":"2026-02-03T04:05:06.007Z"},{"id":"` + id + `","enrolledAt":"2026-02-03T04:05:06.007Z","usedAt":"2026-02-03T04:05:06.007Z"}],"recoveryCodes":9,` +
			`"live":["login","account"],` +
			`"budgets":[{"kind":"pin","wrong":10,"locked":true},{"kind":"device-totp","wrong":5,"locked":true,"until":"2026-02-03T04:05:06.007Z"},{"kind":"login","wrong":1,"locked":false}],` +
			`"strikes":4,"wipe":{"id":"` + id + `","user":"alice","at":"2026-02-03T04:05:06.007Z","reason":"strikes"},"wipePending":true,"notices":0}`: {
			PIN: true, Authenticator: true, AuthenticatorPending: true,
			Devices: []factor.Device{{ID: uuid.MustParse(id), EnrolledAt: at}, {ID: uuid.MustParse(id), EnrolledAt: at, UsedAt: at}},
			Live:    []factor.Kind{factor.KindLogin, factor.KindAccount}, RecoveryCodes: 9,
			Budgets: []factor.Budget{
				{Kind: factor.KindPIN, Wrong: 10, Locked: true}, {Kind: factor.KindDeviceTOTP, Wrong: 5, Locked: true, Until: at}, {Kind: factor.KindLogin, Wrong: 1},
			},
			Strikes: 4, Wipe: &factor.Wipe{ID: uuid.MustParse(id), User: alice, At: at, Reason: factor.ReasonStrikes}, WipePending: true,
		},
	} {
		for _, value := range []any{s, &s} {
			if got, err := json.Marshal(value); err != nil || string(got) != want {
				t.Errorf("got  %s, %v\nwant %s", got, err, want)
			}
		}
		var back factor.Status
		if err := json.Unmarshal([]byte(want), &back); err != nil || !reflect.DeepEqual(back, s) {
			t.Errorf("came back as %+v, %v", back, err)
		}
	}
	// The lists are lists in what was never filled in, too.
	if text, err := json.Marshal(factor.Status{}); err != nil || strings.Contains(string(text), "null") {
		t.Errorf("%s, %v", text, err)
	}
	if err := json.Unmarshal([]byte(`{"devices":7}`), &factor.Status{}); err == nil {
		t.Error("a number is taken for devices")
	}
}

// A Status comes back from its JSON unchanged, whatever the user holds.
func TestStatusComesBackFromItsJSON(t *testing.T) {
	k := newKit(t)
	same := func() {
		t.Helper()
		s := k.status()
		text, err := json.Marshal(s)
		k.ok(err)
		if strings.Contains(string(text), "null") || strings.Contains(string(text), "0001-01-01") {
			t.Errorf("%s", text)
		}
		var back factor.Status
		if k.ok(json.Unmarshal(text, &back)); !reflect.DeepEqual(back, s) {
			t.Errorf("%+v came back as %+v", s, back)
		}
	}
	same()
	k.issue(factor.KindLogin)
	same()
	k.guessed()
	k.enroll()
	k.begin()
	k.generate()
	same()
	k.wipe = errDown
	k.is(k.guard.Forfeit(t.Context(), alice), factor.ErrWipePending)
	same()
}

// Status shows a pending authenticator for as long as Confirm would take its code.
func TestStatusShowsAnAuthenticatorThatWaits(t *testing.T) {
	k := newKit(t)
	shows := func(confirmed, pending bool) {
		t.Helper()
		if s := k.status(); s.Authenticator != confirmed || s.AuthenticatorPending != pending {
			t.Fatalf("%+v, want authenticator %v, pending %v", s, confirmed, pending)
		}
	}
	shows(false, false)
	e := k.begin()
	shows(false, true)
	k.Turn(15*time.Minute - time.Millisecond)
	shows(false, true)
	k.Turn(time.Millisecond)
	shows(false, false)
	k.is(k.auth.Confirm(t.Context(), alice, k.code(e)), factor.ErrNotEnrolled)
	e = k.begin()
	k.ok(k.auth.Confirm(t.Context(), alice, k.code(e)))
	shows(true, false)
	k.begin()
	shows(true, true)
	k.ok(k.admin.RemoveAuthenticator(t.Context(), alice))
	shows(false, false)
}

// A wipe is shown from its mark on, and as pending until it is done.
func TestStatusShowsAWipeThatIsNotDone(t *testing.T) {
	k := newKit(t)
	k.setPIN()
	k.wipe = errDown
	k.is(k.guard.Forfeit(t.Context(), alice), factor.ErrWipePending)
	if s := k.status(); s.Wipe == nil || !s.WipePending {
		t.Fatalf("%+v", s)
	}
	k.wipe = nil
	k.ok(k.guard.Forfeit(t.Context(), alice))
	if s := k.status(); s.Wipe == nil || s.WipePending {
		t.Fatalf("%+v", s)
	}
	k.setPIN()
	if s := k.status(); s.Wipe != nil || s.WipePending {
		t.Fatalf("%+v", s)
	}
}

// A wipe or a time that the text leaves out must not stay from an earlier decoding.
func TestStatusIsDecodedAnew(t *testing.T) {
	now := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	before := factor.Status{
		Wipe:    &factor.Wipe{User: alice, At: now},
		Budgets: []factor.Budget{{Kind: factor.KindPIN, Wrong: 3, Locked: true, Until: now}},
	}
	after := factor.Status{Budgets: []factor.Budget{{Kind: factor.KindPIN, Wrong: 1}}}
	text, err := json.Marshal(after)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &before); err != nil {
		t.Fatal(err)
	}
	if before.Wipe != nil || len(before.Budgets) != 1 || before.Budgets[0] != after.Budgets[0] {
		t.Fatalf("%s is decoded as %+v", text, before)
	}
}
