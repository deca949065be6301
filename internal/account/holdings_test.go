package account_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
	"github.com/knowhave/factor/internal/pinhash/pinhashtest"
	"github.com/knowhave/factor/internal/totp"
)

func totpOf(secret string) account.TOTP {
	return account.TOTP{Key: totp.Key{Secret: []byte(secret), Digits: 6, Period: 30 * time.Second}, LastStep: account.NoStep}
}

// markOf, placeMark and secretMark compute marks independently: later releases read
// them, so they must not change.
func markOf(text string) account.Mark {
	sum := sha256.Sum256([]byte(text))
	return account.Mark(sum[:8])
}

func placeMark(k account.Kind, device uuid.UUID) account.Mark {
	return markOf(fmt.Sprintf("factor place of %s %s", k, device))
}

func secretMark(s account.TOTP) account.Mark {
	return markOf(fmt.Sprintf("factor key %x", s.EffectiveSecret()))
}

func holdings() account.Holdings {
	return account.Holdings{
		PIN:           &account.PIN{Hash: account.Hash{Sum: []byte(pinhashtest.Imported[0])}, SetAt: accounttest.Noon},
		Authenticator: &account.Authenticator{TOTP: totpOf("the app's secret"), ConfirmedAt: accounttest.Noon},
		Devices:       []account.Device{{ID: uuid.UUID{1}, TOTP: totpOf("the phone's secret")}, {ID: uuid.UUID{2}, TOTP: totpOf("the tablet's secret")}},
	}
}

// A holding is bound the first time, as if by the user: the counts start at zero.
// It is never bound again, whatever the user has done with it.
func TestImportBindsEachHoldingOnce(t *testing.T) {
	a := &account.Account{Guard: account.Guard{Wipe: &account.Wipe{Done: true}}}
	for i := range a.Budgets {
		a.Budgets[i].Wrong = 2
	}
	all := []account.Binding{
		{Kind: account.KindPIN}, {Kind: account.KindTOTP},
		{Kind: account.KindDeviceTOTP, Device: uuid.UUID{1}}, {Kind: account.KindDeviceTOTP, Device: uuid.UUID{2}},
	}
	given := holdings()
	bound, err := a.Import(given, rules, 2)
	if err != nil || !slices.Equal(bound, all) {
		t.Fatalf("bound %v, %v", bound, err)
	}
	if a.PIN == nil || a.PIN == given.PIN || a.Authenticator == nil || a.Authenticator == given.Authenticator || len(a.Devices) != 2 {
		t.Fatalf("holds %+v", a)
	}
	if !a.Authenticator.ConfirmedAt.Equal(accounttest.Noon) || a.Guard.Wipe != nil {
		t.Fatalf("confirmed at %v, the guard remembers %+v", a.Authenticator.ConfirmedAt, a.Guard)
	}
	for _, k := range account.Kinds {
		if anew := a.Budget(k).Wrong == 0; anew != slices.Contains([]account.Kind{account.KindPIN, account.KindTOTP, account.KindDeviceTOTP}, k) {
			t.Errorf("the count of %s starts anew: %v", k, anew)
		}
	}
	held := accounttest.Clone(t, a)
	if bound, err := a.Import(given, rules, 2); err != nil || len(bound) != 0 {
		t.Fatalf("bound %v the second time, %v", bound, err)
	}
	sameAccount(t, a, held)
}

// A device imported beside an older one refunds no guess at that.
func TestImportRefundsNoGuessAtAnOlderDevice(t *testing.T) {
	a := &account.Account{Devices: []account.Device{{ID: uuid.UUID{9}, TOTP: totpOf("older")}}}
	a.Budget(account.KindDeviceTOTP).Wrong = 2
	if bound, err := a.Import(account.Holdings{Devices: holdings().Devices}, rules, 9); err != nil || len(bound) != 2 || a.Budget(account.KindDeviceTOTP).Wrong != 2 {
		t.Fatalf("bound %v, %v, counted %+v", bound, err, a.Budget(account.KindDeviceTOTP))
	}
}

// The user's acts stand: the same row again, or another one for the same place,
// revives nothing.
func TestImportUndoesNothingThatTheUserDid(t *testing.T) {
	r := rules
	wipe := func(a *account.Account) { a.MarkWipe(uuid.UUID{1}, account.ReasonStrikes, accounttest.Noon) }
	confirm := func(a *account.Account) {
		s := totpOf("the user's app")
		a.Begin(s, accounttest.Noon)
		a.Confirm(accounttest.CodeAt(&s, step), r, accounttest.Noon)
	}
	first := func(a *account.Account) {
		if _, err := a.Import(holdings(), r, 4); err != nil {
			t.Fatal(err)
		}
	}
	pin := func(a *account.Account) {
		a.SetPIN(account.Hash{Time: 1, Threads: 1, Sum: []byte{1}}, account.User, r, accounttest.Noon)
	}
	enroll := func(a *account.Account) { a.Enroll(uuid.UUID{1}, totpOf("the user's phone"), r, accounttest.Noon) }
	onlyPIN := account.Holdings{PIN: holdings().PIN}
	onlyApp := account.Holdings{Authenticator: holdings().Authenticator}
	onlyPhone := account.Holdings{Devices: holdings().Devices[:1]}
	under := func(id uuid.UUID, secret string) account.Holdings {
		return account.Holdings{Devices: []account.Device{{ID: id, TOTP: totpOf(secret)}}}
	}
	app := func(secret string) account.Holdings {
		return account.Holdings{Authenticator: &account.Authenticator{TOTP: totpOf(secret)}}
	}
	otherPIN := account.Holdings{PIN: &account.PIN{Hash: account.Hash{Sum: []byte(pinhashtest.Imported[1])}}}
	type acts = []func(a *account.Account)
	for _, c := range []struct {
		name string
		did  acts
		row  account.Holdings
		want string // "", or what is held
	}{
		{"the PIN, changed since", acts{first, pin}, onlyPIN, ""},
		{"the PIN, removed since", acts{first, func(a *account.Account) { a.RemovePIN(account.User, r, accounttest.Noon) }}, onlyPIN, ""},
		{"another PIN, where one was removed", acts{first, func(a *account.Account) { a.RemovePIN(account.Host, r, accounttest.Noon) }}, otherPIN, ""},
		{"another PIN, where one is held", acts{first}, otherPIN, "pin is held already"},
		{"the PIN, where the user had set one", acts{pin}, onlyPIN, "pin is held already"},
		{"the same, once that is removed", acts{pin, func(a *account.Account) { a.RemovePIN(account.User, r, accounttest.Noon) }}, onlyPIN, ""},
		{"the PIN, after a wipe", acts{first, wipe}, onlyPIN, ""},
		{"the PIN, after a wipe of one that the user had set", acts{pin, wipe}, onlyPIN, ""},

		{"the app, replaced since", acts{first, confirm}, onlyApp, ""},
		{"another app, where one is held", acts{first}, app("another"), "totp is held already"},
		{"the app, removed since", acts{first, func(a *account.Account) { a.RemoveAuthenticator(account.User, r, accounttest.Noon) }}, onlyApp, ""},
		{"another app, where one was removed", acts{confirm, func(a *account.Account) { a.RemoveAuthenticator(account.Host, r, accounttest.Noon) }}, app("another"), ""},
		{"the app on a phone, replaced since", acts{first, confirm}, under(uuid.UUID{7}, "the app's secret"), ""},
		{"the app on a phone, still held", acts{first}, under(uuid.UUID{7}, "the app's secret"), "totp is held already"},
		{"the user's app on a phone, removed since", acts{confirm, func(a *account.Account) { a.RemoveAuthenticator(account.User, r, accounttest.Noon) }}, under(uuid.UUID{7}, "the user's app"), ""},

		{"the phone, enrolled again since", acts{first, enroll}, onlyPhone, ""},
		{"the phone, revoked since", acts{first, func(a *account.Account) { a.Revoke(uuid.UUID{1}, account.User, r, accounttest.Noon) }}, onlyPhone, ""},
		{"the phone under another id, revoked since", acts{first, func(a *account.Account) { a.Revoke(uuid.UUID{1}, account.User, r, accounttest.Noon) }}, under(uuid.UUID{7}, "the phone's secret"), ""},
		{"the phone under another id, enrolled again since", acts{first, enroll}, under(uuid.UUID{7}, "the phone's secret"), ""},
		{"the phone under another id, with a zero behind", acts{first, enroll}, under(uuid.UUID{7}, "the phone's secret\x00"), ""},
		{"the phone under another id, still held", acts{first}, under(uuid.UUID{7}, "the phone's secret"), "device-totp is held already"},
		{"the phone as the app, revoked since", acts{func(a *account.Account) {
			if _, err := a.Import(onlyPhone, r, 4); err != nil {
				t.Fatal(err)
			}
			a.Revoke(uuid.UUID{1}, account.User, r, accounttest.Noon)
		}}, app("the phone's secret"), ""},
		{"another secret for the phone, where one is held", acts{enroll}, onlyPhone, "device-totp is held already"},
		{"another secret for the phone, where one was revoked", acts{enroll, func(a *account.Account) { a.Revoke(uuid.UUID{1}, account.User, r, accounttest.Noon) }}, onlyPhone, ""},
		{"the user's own phone under another id, revoked since", acts{enroll, func(a *account.Account) { a.Revoke(uuid.UUID{1}, account.User, r, accounttest.Noon) }}, under(uuid.UUID{7}, "the user's phone"), ""},
		{"the phone, after a wipe", acts{first, wipe}, onlyPhone, ""},
		{"the phone under another id, after a wipe", acts{first, wipe}, under(uuid.UUID{7}, "the phone's secret"), ""},
		{"the user's own phone under another id, after a wipe", acts{enroll, wipe}, under(uuid.UUID{7}, "the user's phone"), ""},
		{"a long secret under another algorithm, revoked since", acts{func(a *account.Account) {
			a.Enroll(uuid.UUID{1}, totpOf(strings.Repeat("s", 100)), r, accounttest.Noon)
			a.Revoke(uuid.UUID{1}, account.User, r, accounttest.Noon)
		}}, account.Holdings{Devices: []account.Device{{ID: uuid.UUID{7}, TOTP: account.TOTP{Key: totp.Key{
			Secret: []byte(strings.Repeat("s", 100)), Algorithm: totp.SHA512, Digits: 6, Period: 30 * time.Second}}}}}, ""},
	} {
		a := &account.Account{}
		for _, act := range c.did {
			act(a)
		}
		before := accounttest.Clone(t, a)
		bound, err := a.Import(c.row, r, 9)
		if c.want != "" {
			if err == nil || err.Error() != c.want {
				t.Errorf("%s: bound %v, %v; want %s", c.name, bound, err, c.want)
			}
			continue
		}
		if err != nil || bound != nil {
			t.Errorf("%s: bound %v, %v", c.name, bound, err)
		}
		a.Devices, before.Devices = accounttest.OrNil(a.Devices), accounttest.OrNil(before.Devices)
		sameAccount(t, a, before)
	}
}

// Without a wipe an import refunds no strike; a device alone ends a wipe, and an
// authenticator only where it proves a reset.
func TestImportEndsAWipeWhereItBindsAProofOfAReset(t *testing.T) {
	on := *rules
	on.Guard.Authenticator = true
	for name, c := range map[string]struct {
		only  func(*account.Holdings)
		rules *account.Rules
		ends  bool
	}{
		"PIN":                       {func(h *account.Holdings) { h.Authenticator, h.Devices = nil, nil }, rules, true},
		"device":                    {func(h *account.Holdings) { h.PIN, h.Authenticator = nil, nil }, rules, true},
		"authenticator":             {func(h *account.Holdings) { h.PIN, h.Devices = nil, nil }, rules, false},
		"authenticator that proves": {func(h *account.Holdings) { h.PIN, h.Devices = nil, nil }, &on, true},
	} {
		h := holdings()
		c.only(&h)
		a := &account.Account{Guard: account.Guard{Strikes: 2}}
		if _, err := a.Import(h, c.rules, 2); err != nil || a.Guard.Strikes != 2 {
			t.Errorf("%s: %d strikes, %v", name, a.Guard.Strikes, err)
		}
		a = &account.Account{Guard: account.Guard{Wipe: &account.Wipe{Done: true}}}
		if _, err := a.Import(h, c.rules, 2); err != nil || (a.Guard.Wipe == nil) != c.ends {
			t.Errorf("%s: the wipe is %+v, %v", name, a.Guard.Wipe, err)
		}
	}
}

// A user's holding is not replaced, and no secret is held in two places.
func TestImportRefusesWhatIsHeld(t *testing.T) {
	app, phone := totpOf("the app's secret\x00"), account.Device{ID: uuid.UUID{1}, TOTP: totpOf("another secret")}
	for name, c := range map[string]struct {
		held account.Account
		want account.HeldError
	}{
		"another PIN":             {account.Account{PIN: &account.PIN{}}, account.HeldError{Kind: account.KindPIN}},
		"another authenticator":   {account.Account{Authenticator: &account.Authenticator{TOTP: phone.TOTP}}, account.HeldError{Kind: account.KindTOTP}},
		"another device":          {account.Account{Devices: []account.Device{phone}}, account.HeldError{Kind: account.KindDeviceTOTP, Device: phone.ID}},
		"the app's on a device":   {account.Account{Devices: []account.Device{{ID: uuid.UUID{9}, TOTP: app}}}, account.HeldError{Kind: account.KindDeviceTOTP, Device: uuid.UUID{9}}},
		"the phone's on another":  {account.Account{Devices: []account.Device{{ID: uuid.UUID{9}, TOTP: totpOf("the phone's secret")}}}, account.HeldError{Kind: account.KindDeviceTOTP, Device: uuid.UUID{9}}},
		"the tablet's in the app": {account.Account{}, account.HeldError{Kind: account.KindTOTP}},
	} {
		h := holdings()
		if name == "the tablet's in the app" {
			h.Authenticator.TOTP = totpOf("the tablet's secret")
		}
		bound, err := c.held.Import(h, rules, 3)
		var held *account.HeldError
		if !errors.As(err, &held) || *held != c.want || held.Error() == "" {
			t.Errorf("%s: %v, %v; want %+v", name, bound, err, c.want)
		}
	}
	if _, err := (&account.Account{}).Import(holdings(), rules, 1); !errors.Is(err, account.ErrTooManyDevices) {
		t.Errorf("two devices where one is allowed: %v", err)
	}
}
