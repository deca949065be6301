package account_test

import (
	"errors"
	"slices"
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

func holdings() account.Holdings {
	app := totpOf("the app's secret")
	return account.Holdings{
		PIN:           &account.PIN{Hash: account.Hash{Sum: []byte(pinhashtest.Imported[0])}, SetAt: accounttest.Noon},
		Authenticator: &app,
		Devices:       []account.Device{{ID: uuid.UUID{1}, TOTP: totpOf("the phone's secret")}, {ID: uuid.UUID{2}, TOTP: totpOf("the tablet's secret")}},
	}
}

// A holding is bound the first time, with the counts as they are, and never again,
// whatever the user has done with it.
func TestImportBindsEachHoldingOnce(t *testing.T) {
	a := &account.Account{Guard: account.Guard{Wipe: &account.Wipe{Done: true}}}
	a.Budget(account.KindPIN).Wrong = 2
	all := []account.Binding{
		{Kind: account.KindPIN}, {Kind: account.KindTOTP},
		{Kind: account.KindDeviceTOTP, Device: uuid.UUID{1}}, {Kind: account.KindDeviceTOTP, Device: uuid.UUID{2}},
	}
	given := holdings()
	bound, err := a.Import(given, 2)
	if err != nil || !slices.Equal(bound, all) {
		t.Fatalf("bound %v, %v", bound, err)
	}
	if a.PIN == nil || a.PIN == given.PIN || a.Authenticator == nil || a.Authenticator == given.Authenticator || len(a.Devices) != 2 {
		t.Fatalf("holds %+v", a)
	}
	if a.Guard.Wipe != nil || a.Budget(account.KindPIN).Wrong != 2 {
		t.Fatalf("the guard remembers %+v, the PIN counts %+v", a.Guard, a.Budget(account.KindPIN))
	}
	a.PIN, a.Authenticator = nil, nil
	a.Revoke(uuid.UUID{1})
	if bound, err := a.Import(given, 2); err != nil || len(bound) != 0 || a.PIN != nil || a.Authenticator != nil || len(a.Devices) != 1 {
		t.Fatalf("bound %v the second time, %v", bound, err)
	}
	if len(a.Imported) != 4 {
		t.Fatalf("%d marks", len(a.Imported))
	}
}

// Without a wipe an import refunds no strike; a device alone ends a wipe, and an
// authenticator alone does not.
func TestImportEndsAWipeWhereItBindsAProofOfAReset(t *testing.T) {
	for name, c := range map[string]struct {
		only func(*account.Holdings)
		ends bool
	}{
		"PIN":           {func(h *account.Holdings) { h.Authenticator, h.Devices = nil, nil }, true},
		"device":        {func(h *account.Holdings) { h.PIN, h.Authenticator = nil, nil }, true},
		"authenticator": {func(h *account.Holdings) { h.PIN, h.Devices = nil, nil }, false},
	} {
		h := holdings()
		c.only(&h)
		a := &account.Account{Guard: account.Guard{Strikes: 2}}
		if _, err := a.Import(h, 2); err != nil || a.Guard.Strikes != 2 {
			t.Errorf("%s: %d strikes, %v", name, a.Guard.Strikes, err)
		}
		a = &account.Account{Guard: account.Guard{Wipe: &account.Wipe{Done: true}}}
		if _, err := a.Import(h, 2); err != nil || (a.Guard.Wipe == nil) != c.ends {
			t.Errorf("%s: the wipe is %+v, %v", name, a.Guard.Wipe, err)
		}
	}
}

// What the user holds is not replaced, and no secret is held in two places.
func TestImportRefusesWhatIsHeld(t *testing.T) {
	app, phone := totpOf("the app's secret\x00"), account.Device{ID: uuid.UUID{1}, TOTP: totpOf("another secret")}
	for name, c := range map[string]struct {
		held account.Account
		want account.HeldError
	}{
		"another PIN":             {account.Account{PIN: &account.PIN{}}, account.HeldError{Kind: account.KindPIN}},
		"another authenticator":   {account.Account{Authenticator: &phone.TOTP}, account.HeldError{Kind: account.KindTOTP}},
		"another device":          {account.Account{Devices: []account.Device{phone}}, account.HeldError{Kind: account.KindDeviceTOTP, Device: phone.ID}},
		"the app's on a device":   {account.Account{Devices: []account.Device{{ID: uuid.UUID{9}, TOTP: app}}}, account.HeldError{Kind: account.KindDeviceTOTP, Device: uuid.UUID{9}}},
		"the phone's on another":  {account.Account{Devices: []account.Device{{ID: uuid.UUID{9}, TOTP: totpOf("the phone's secret")}}}, account.HeldError{Kind: account.KindDeviceTOTP, Device: uuid.UUID{9}}},
		"the tablet's in the app": {account.Account{}, account.HeldError{Kind: account.KindTOTP}},
	} {
		h := holdings()
		if name == "the tablet's in the app" {
			*h.Authenticator = totpOf("the tablet's secret")
		}
		bound, err := c.held.Import(h, 3)
		var held *account.HeldError
		if !errors.As(err, &held) || *held != c.want || bound != nil || held.Error() == "" {
			t.Errorf("%s: %v, %v; want %+v", name, bound, err, c.want)
		}
	}
	if _, err := (&account.Account{}).Import(holdings(), 1); !errors.Is(err, account.ErrTooManyDevices) {
		t.Errorf("two devices where one is allowed: %v", err)
	}
}
