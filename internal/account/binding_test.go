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

// drawRules draws the rules of a binding.
func drawRules(t *rapid.T) *account.Rules {
	return &account.Rules{
		TOTP: account.TOTPRules{Digits: 6, Period: 30 * time.Second, Skew: 1},
		Guard: account.GuardRules{
			MinAge:        rapid.SampledFrom([]time.Duration{0, time.Millisecond, 24 * time.Hour}).Draw(t, "min age"),
			Authenticator: rapid.Bool().Draw(t, "authenticator proves"),
		},
	}
}

func drawActor(t *rapid.T) account.Actor {
	return rapid.SampledFrom([]account.Actor{account.User, account.Host}).Draw(t, "by")
}

// boundGuard is the effect of any binding on the guard: it ends a wipe and forgets
// the last wrong proof. A hold stays.
func boundGuard(g account.Guard) account.Guard {
	if g.Wipe != nil {
		return account.Guard{HoldUntil: g.HoldUntil}
	}
	g.LastWrong = nil
	return g
}

// heldGuard is the effect of the user's removal of a proof: for MinAge, or for as
// long as before, the user does not count as holding nothing.
func heldGuard(g account.Guard, by account.Actor, r *account.Rules) account.Guard {
	until := accounttest.Noon.Add(r.Guard.MinAge)
	kept := g.HoldUntil.After(until) && !g.HoldUntil.After(until.Add(time.Minute))
	if by == account.User && r.Guard.MinAge > 0 && !kept {
		g.HoldUntil = until
	}
	return g
}

// lost adds the missing marks of what was removed.
func lost(a *account.Account, marks ...account.Mark) {
	for _, m := range marks {
		if !slices.Contains(a.Marks, m) {
			a.Marks = append(a.Marks, m)
		}
	}
}

func TestSetPINStartsItsCountAnew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := accounttest.Any(accounttest.Around(accounttest.Noon)).Draw(t, "account")
		r, by, want := drawRules(t), drawActor(t), accounttest.Clone(t, a)
		h := account.Hash{Memory: 19456, Time: 2, Threads: 1, Salt: []byte{1}, Sum: []byte{2}}
		a.SetPIN(h, by, r, accounttest.Noon)
		if want.PIN != nil {
			want.Guard = heldGuard(want.Guard, by, r)
		}
		want.PIN = &account.PIN{h, accounttest.Noon}
		*want.Budget(account.KindPIN) = account.Budget{}
		want.Guard = boundGuard(want.Guard)
		sameAccount(t, a, want)
	})
}

func TestRemovePINKeepsItsCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := accounttest.Any(accounttest.Around(accounttest.Noon)).Draw(t, "account")
		a.PIN = &account.PIN{Hash: account.Hash{Time: 1, Threads: 1, Sum: []byte{1}}}
		r, by, want := drawRules(t), drawActor(t), accounttest.Clone(t, a)
		a.RemovePIN(by, r, accounttest.Noon)
		want.PIN, want.Guard = nil, heldGuard(want.Guard, by, r)
		lost(want, placeMark(account.KindPIN, uuid.Nil))
		sameAccount(t, a, want)
	})
}

// The devices' count starts at zero if the new one is the only one; with an older
// one in force the count stays, and a final lock too.
func TestEnrollStartsTheCountAnewForTheOnlyDevice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := accounttest.Any(accounttest.Around(accounttest.Noon)).Draw(t, "account")
		a.Devices = accounttest.OrNil(slices.CompactFunc(a.Devices, func(x, y account.Device) bool { return x.ID == y.ID }))
		a.Devices = accounttest.OrNil(a.Devices[:min(len(a.Devices), rapid.IntRange(0, 2).Draw(t, "devices"))])
		r, want := drawRules(t), accounttest.Clone(t, a)
		id := uuid.New()
		at := len(a.Devices)
		if at > 0 && rapid.Bool().Draw(t, "again") {
			at = rapid.IntRange(0, at-1).Draw(t, "at")
			id = a.Devices[at].ID
			at = slices.IndexFunc(a.Devices, func(d account.Device) bool { return d.ID == id })
			want.Guard = heldGuard(want.Guard, account.User, r)
		} else {
			want.Devices = append(want.Devices, account.Device{})
		}
		s := account.NewTOTP([]byte{1}, account.TOTPRules{Digits: 6, Period: time.Second})
		a.Enroll(id, s, r, accounttest.Noon)

		want.Devices[at] = account.Device{ID: id, TOTP: s, EnrolledAt: accounttest.Noon}
		if len(want.Devices) == 1 {
			*want.Budget(account.KindDeviceTOTP) = account.Budget{}
		}
		want.Guard = boundGuard(want.Guard)
		sameAccount(t, a, want)

		by := drawActor(t)
		a.Revoke(id, by, r, accounttest.Noon)
		lost(want, placeMark(account.KindDeviceTOTP, id), secretMark(s))
		want.Devices, want.Guard = accounttest.OrNil(slices.Delete(want.Devices, at, at+1)), heldGuard(want.Guard, by, r)
		a.Devices = accounttest.OrNil(a.Devices)
		sameAccount(t, a, want)
	})
}

// Typos before the first device, or before a new PIN, do not lock it; guesses at an
// old device are not forgiven for a new one.
func TestWhichBindingsRefundWrongAnswers(t *testing.T) {
	r := &account.Rules{TimeBased: account.Limit{Tries: 3, Delay: time.Minute, MaxDelay: time.Hour, Final: 6}}
	device := func(n byte) account.Device {
		return account.Device{ID: uuid.UUID{n}, TOTP: totpOf("secret " + string(n))}
	}
	for _, c := range []struct {
		name    string
		devices []account.Device
		bind    func(a *account.Account)
		kind    account.Kind
		refunds bool
	}{
		{"the first device", nil, func(a *account.Account) { a.Enroll(uuid.UUID{1}, totpOf("new"), r, accounttest.Noon) }, account.KindDeviceTOTP, true},
		{"the only device again", []account.Device{device(1)}, func(a *account.Account) { a.Enroll(uuid.UUID{1}, totpOf("new"), r, accounttest.Noon) }, account.KindDeviceTOTP, true},
		{"a second device", []account.Device{device(1)}, func(a *account.Account) { a.Enroll(uuid.UUID{2}, totpOf("new"), r, accounttest.Noon) }, account.KindDeviceTOTP, false},
		{"one of two devices again", []account.Device{device(1), device(2)}, func(a *account.Account) { a.Enroll(uuid.UUID{2}, totpOf("new"), r, accounttest.Noon) }, account.KindDeviceTOTP, false},
		{"a new one after the old ones were revoked", []account.Device{device(1)}, func(a *account.Account) {
			a.Revoke(uuid.UUID{1}, account.User, r, accounttest.Noon)
			a.Enroll(uuid.UUID{2}, totpOf("new"), r, accounttest.Noon)
		}, account.KindDeviceTOTP, true},
		{"revoking the last one", []account.Device{device(1)}, func(a *account.Account) { a.Revoke(uuid.UUID{1}, account.User, r, accounttest.Noon) }, account.KindDeviceTOTP, false},
		{"revoking one of two", []account.Device{device(1), device(2)}, func(a *account.Account) { a.Revoke(uuid.UUID{2}, account.Host, r, accounttest.Noon) }, account.KindDeviceTOTP, false},
		{"a PIN", nil, func(a *account.Account) { a.SetPIN(account.Hash{}, account.User, r, accounttest.Noon) }, account.KindPIN, true},
		{"removing the authenticator", nil, func(a *account.Account) { a.RemoveAuthenticator(account.User, r, accounttest.Noon) }, account.KindTOTP, false},
		{"beginning an authenticator", nil, func(a *account.Account) { a.Begin(totpOf("new"), accounttest.Noon) }, account.KindTOTP, false},
		{"recovery codes", nil, func(a *account.Account) { a.GenerateRecovery(account.RecoverySeed{}) }, account.KindRecovery, true},
		{"recovery codes again", nil, func(a *account.Account) {
			a.Recovery = &account.Recovery{}
			a.GenerateRecovery(account.RecoverySeed{})
		}, account.KindRecovery, true},
		{"removing the recovery codes", nil, func(a *account.Account) { a.RemoveRecovery() }, account.KindRecovery, false},
		{"confirming one", nil, func(a *account.Account) {
			s := totpOf("new")
			a.Begin(s, accounttest.Noon)
			a.Confirm(accounttest.CodeAt(&s, step), rules, accounttest.Noon)
		}, account.KindTOTP, true},
	} {
		a := &account.Account{Devices: c.devices}
		for i := range a.Budgets {
			a.Budgets[i].Wrong = 6
		}
		c.bind(a)
		for _, k := range account.Kinds {
			if got := a.Budget(k).Wrong == 0; got != (c.refunds && k == c.kind) {
				t.Errorf("%s: the count of %s starts anew: %v", c.name, k, got)
			}
		}
	}
}

// A user's removal or replacement holds the guard for MinAge; the host's acts,
// things that prove nothing and first bindings do not.
func TestWhatHoldsTheGuard(t *testing.T) {
	const minAge = 24 * time.Hour
	rules := func(authenticator bool) *account.Rules {
		return &account.Rules{TOTP: rules.TOTP, Guard: account.GuardRules{MinAge: minAge, Authenticator: authenticator}}
	}
	off, on := rules(false), rules(true)
	app := totpOf("new app")
	confirm := func(a *account.Account, r *account.Rules) {
		a.Begin(app, accounttest.Noon)
		a.Confirm(accounttest.CodeAt(&app, step), r, accounttest.Noon)
	}
	for _, c := range []struct {
		name string
		act  func(a *account.Account)
		held bool
	}{
		{"the PIN replaced", func(a *account.Account) { a.SetPIN(account.Hash{}, account.User, off, accounttest.Noon) }, true},
		{"the PIN replaced by the host", func(a *account.Account) { a.SetPIN(account.Hash{}, account.Host, off, accounttest.Noon) }, false},
		{"the PIN removed", func(a *account.Account) { a.RemovePIN(account.User, off, accounttest.Noon) }, true},
		{"the PIN removed by the host", func(a *account.Account) { a.RemovePIN(account.Host, off, accounttest.Noon) }, false},
		{"another device", func(a *account.Account) { a.Enroll(uuid.UUID{2}, app, off, accounttest.Noon) }, false},
		{"a device enrolled again", func(a *account.Account) { a.Enroll(uuid.UUID{1}, app, off, accounttest.Noon) }, true},
		{"a device revoked", func(a *account.Account) { a.Revoke(uuid.UUID{1}, account.User, off, accounttest.Noon) }, true},
		{"a device revoked by the host", func(a *account.Account) { a.Revoke(uuid.UUID{1}, account.Host, off, accounttest.Noon) }, false},
		{"an authenticator replaced that proves nothing", func(a *account.Account) { confirm(a, off) }, false},
		{"an authenticator replaced", func(a *account.Account) { confirm(a, on) }, true},
		{"the first authenticator", func(a *account.Account) { a.Authenticator = nil; confirm(a, on) }, false},
		{"an authenticator that waits dropped", func(a *account.Account) {
			a.Authenticator = nil
			a.Begin(app, accounttest.Noon)
			a.RemoveAuthenticator(account.User, on, accounttest.Noon)
		}, false},
		{"an authenticator removed that proves nothing", func(a *account.Account) { a.RemoveAuthenticator(account.User, off, accounttest.Noon) }, false},
		{"an authenticator removed", func(a *account.Account) { a.RemoveAuthenticator(account.User, on, accounttest.Noon) }, true},
		{"an authenticator removed by the host", func(a *account.Account) { a.RemoveAuthenticator(account.Host, on, accounttest.Noon) }, false},
		{"a wipe", func(a *account.Account) {
			a.RemovePIN(account.User, off, accounttest.Noon)
			a.MarkWipe(uuid.UUID{1}, account.ReasonForfeited, accounttest.Noon)
		}, false},
		{"a right proof after it", func(a *account.Account) {
			a.RemovePIN(account.User, off, accounttest.Noon)
			a.Guard.Restart()
		}, true},
	} {
		a := &account.Account{
			PIN: &account.PIN{}, Devices: []account.Device{{ID: uuid.UUID{1}, TOTP: totpOf("phone")}},
			Authenticator: &account.Authenticator{TOTP: totpOf("app")}, Guard: account.Guard{Strikes: 1},
		}
		c.act(a)
		want := time.Time{}
		if c.held {
			want = accounttest.Noon.Add(minAge)
		}
		if !a.Guard.HoldUntil.Equal(want) {
			t.Errorf("%s: held until %v, want %v", c.name, a.Guard.HoldUntil, want)
		}
	}
}

// A later removal prolongs the hold, and none shortens it; a hold longer than
// possible does not count.
func TestTheLastRemovalHolds(t *testing.T) {
	r := &account.Rules{Guard: account.GuardRules{MinAge: time.Hour}}
	for was, want := range map[time.Duration]time.Duration{
		-time.Hour: time.Hour, 0: time.Hour, time.Hour - time.Millisecond: time.Hour, time.Hour + time.Millisecond: time.Hour + time.Millisecond,
		time.Hour + time.Minute: time.Hour + time.Minute, time.Hour + time.Minute + time.Millisecond: time.Hour,
	} {
		a := &account.Account{PIN: &account.PIN{}, Guard: account.Guard{HoldUntil: accounttest.Noon.Add(was)}}
		a.RemovePIN(account.User, r, accounttest.Noon)
		if got := a.Guard.HoldUntil.Sub(accounttest.Noon); got != want {
			t.Errorf("held for %v more, then for %v, want %v", was, got, want)
		}
	}
}

// MarkWipe removes what could prove a reset and what a mail could carry; the
// confirmed authenticator, the recovery codes and the counts stay, and the live
// codes become stale.
func TestMarkWipeLeavesNoProofOfAReset(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := accounttest.Any(accounttest.Instant()).Draw(t, "account")
		a.Devices = a.Devices[:min(len(a.Devices), 2)]
		want := accounttest.Clone(t, a)
		id, reason := uuid.New(), rapid.SampledFrom([]account.WipeReason{account.ReasonStrikes, account.ReasonForfeited}).Draw(t, "reason")
		a.MarkWipe(id, reason, accounttest.Noon)
		if want.PIN != nil {
			lost(want, placeMark(account.KindPIN, uuid.Nil))
		}
		for _, d := range want.Devices {
			lost(want, placeMark(account.KindDeviceTOTP, d.ID), secretMark(d.TOTP))
		}
		want.PIN, want.Devices, want.Pending = nil, nil, nil
		for _, k := range account.IssuedKinds {
			if c := want.Codes(k); c.Live != nil {
				c.Stale = append(c.Stale, c.Live...)
				c.Stale, c.Live = c.Stale[max(0, len(c.Stale)-8):], nil
			}
		}
		want.Guard = account.Guard{Wipe: &account.Wipe{ID: id, At: accounttest.Noon, Reason: reason, RetryAt: accounttest.Noon}}
		sameAccount(t, a, want)
		if got := a.Due(accounttest.Noon); got.After(accounttest.Noon) {
			t.Fatalf("a fresh wipe is due only at %v", got)
		}
	})
}
