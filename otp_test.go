package factor

import (
	"crypto/rand"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
)

func TestIntervalHoldsBackTheNextCode(t *testing.T) {
	const interval = 30 * time.Second
	for _, c := range []struct {
		name     string
		hold     time.Time
		interval time.Duration
		held     bool
	}{
		{"none before", time.Time{}, interval, false},
		{"just issued", accounttest.Noon.Add(interval), interval, true},
		{"a millisecond to go", accounttest.Noon.Add(time.Millisecond), interval, true},
		{"over", accounttest.Noon, interval, false},
		{"set by a clock a minute ahead", accounttest.Noon.Add(interval + time.Minute), interval, true},
		{"longer than it can last", accounttest.Noon.Add(interval + time.Minute + time.Millisecond), interval, false},
		{"no Interval any more", accounttest.Noon.Add(time.Millisecond), 0, false},
	} {
		for _, kind := range issuedKinds {
			a := &account.Account{}
			a.Codes(account.Kind(kind)).NotBefore = c.hold
			try := attemptOn(t, a, Options{OTP: OTPOptions{Interval: c.interval}}, accounttest.Noon)
			err := try.mayIssue(kind)
			if (err != nil) != c.held {
				t.Errorf("%s: %v", c.name, err)
			}
			until := c.hold
			if latest := accounttest.Noon.Add(interval); until.After(latest) {
				until = latest
			}
			if c.held && *err.(*LockedError) != (LockedError{kind, until, true}) {
				t.Errorf("%s: %+v", c.name, err)
			}
			for _, other := range issuedKinds {
				if other != kind && try.mayIssue(other) != nil {
					t.Errorf("%s: holds back %s codes too", c.name, other)
				}
			}
		}
	}
}

// An issued code lives as long as its kind, and nothing else of the account
// changes, least of all a count.
func TestIssueMakesALiveCodeOfItsKind(t *testing.T) {
	o := Options{OTP: OTPOptions{Digits: 8, AccountTTL: time.Minute, LoginTTL: 2 * time.Minute, Interval: time.Second}}
	rapid.Check(t, func(t *rapid.T) {
		a := accounttest.Any(accounttest.Around(accounttest.Noon)).Draw(t, "account")
		kind := rapid.SampledFrom(issuedKinds[:]).Draw(t, "kind")
		purpose := rapid.SampledFrom([][]string{nil, {"pay", "A"}}).Draw(t, "purpose")
		for i, live := range a.Codes(account.Kind(kind)).Live {
			if rapid.Bool().Draw(t, "for the same") {
				a.Codes(account.Kind(kind)).Live[i].Seal = accounttest.Seal(account.Kind(kind), live.Digits, purpose...)
			}
		}
		before := accounttest.Clone(t, a)
		try := attemptOn(t, a, o, accounttest.Noon)
		if purpose != nil {
			try.v = try.v.For(purpose...)
		}
		otp, err := try.issue(kind)
		ttl := try.v.rules.TTL(account.Kind(kind))
		if err != nil || otp.Kind != kind || !otp.ExpiresAt.Equal(accounttest.Noon.Add(ttl)) || checkDigits("otp", otp.Code, 8, 8) != nil {
			t.Fatalf("%v: %s until %v, %v", kind, otp.Kind, otp.ExpiresAt, err)
		}
		if want := (Event{At: accounttest.Noon, User: "user", Action: ActionIssued, Kind: kind, Until: otp.ExpiresAt}); len(try.events) != 1 || try.events[0] != want {
			t.Fatalf("reported %+v, want %+v", try.events, want)
		}
		c := before.Codes(account.Kind(kind))
		ends := func(which func(account.Code) bool) {
			for _, live := range c.Live {
				if which(live) {
					c.Stale = append(c.Stale, live)
				}
			}
			c.Live, c.Stale = slices.DeleteFunc(slices.Clone(c.Live), which), c.Stale[max(0, len(c.Stale)-8):]
		}
		ends(func(live account.Code) bool { return !live.ExpiresAt.After(accounttest.Noon) })
		ends(func(live account.Code) bool { return live.ExpiresAt.After(accounttest.Noon.Add(ttl + time.Minute)) })
		ends(func(live account.Code) bool {
			return live.Seal == accounttest.Seal(account.Kind(kind), live.Digits, purpose...)
		})
		if len(c.Live) == 4 {
			oldest := c.Live[0]
			ends(func(live account.Code) bool { return live == oldest })
		}
		c.Live = append(c.Live, account.Code{Digits: otp.Code, Seal: accounttest.Seal(account.Kind(kind), otp.Code, purpose...), ExpiresAt: otp.ExpiresAt})
		c.NotBefore = accounttest.Noon.Add(time.Second)
		if !reflect.DeepEqual(a, before) {
			t.Fatalf("the account is\n%+v, want\n%+v", a, before)
		}
	})
}

// A drawn code that is live, or was a moment ago, is drawn again: it would be
// refused as stale.
func TestIssueDrawsAgainWhatWouldBeStale(t *testing.T) {
	system := rand.Reader
	defer func() { rand.Reader = system }()
	a := &account.Account{}
	for i, c := range []struct{ drawn, want string }{
		{"\x00\x00\x01", "000001"},
		{"\x00\x00\x01\x00\x00\x02", "000002"}, // it is the live one
		{"\x00\x00\x01\x00\x00\x03", "000003"}, // it was replaced
	} {
		rand.Reader = strings.NewReader(c.drawn)
		otp, err := attemptOn(t, a, Options{}, accounttest.Noon).issue(KindLogin)
		if err != nil || otp.Code != c.want {
			t.Fatalf("code %d: %q, %v; want %q", i, otp.Code, err, c.want)
		}
	}
}

func TestRandomCodesKeepTheirLength(t *testing.T) {
	leading := 0
	for range 2000 {
		for digits := 6; digits <= 8; digits++ {
			got, err := randomCode(digits)
			if err != nil || checkDigits("otp", got, digits, digits) != nil {
				t.Fatalf("%d digits: %v", len(got), err)
			}
			if got[0] == '0' {
				leading++
			}
		}
	}
	if leading == 0 {
		t.Fatal("no code of 6000 begins with a zero")
	}
}
