package factor_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
)

// A record in a format of a later release is not damaged, and not absent: every
// method says what it is, and leaves it as it is.
func TestARecordOfANewerFormatIsToldAndLeft(t *testing.T) {
	ctx := t.Context()
	pin, otp := factor.Credentials{PIN: rightPIN}, factor.Credentials{OTP: "123456"}
	for name, call := range map[string]func(k *kit) error{
		"Status":         func(k *kit) error { return second(k.admin.Status(ctx, alice)) },
		"Unlock":         func(k *kit) error { return k.admin.Unlock(ctx, alice, factor.KindPIN) },
		"SetPIN":         func(k *kit) error { return k.admin.SetPIN(ctx, alice, rightPIN) },
		"RemovePIN":      func(k *kit) error { return k.admin.RemovePIN(ctx, alice) },
		"Reseal":         func(k *kit) error { return k.admin.Reseal(ctx, alice) },
		"Import":         func(k *kit) error { return k.admin.Import(ctx, alice, row()) },
		"Sweep":          func(k *kit) error { return second(k.admin.Sweep(ctx)) },
		"IsSet":          func(k *kit) error { return second(k.pins.IsSet(ctx, alice)) },
		"Wait":           func(k *kit) error { return second(k.pins.Wait(ctx, alice, time.Minute)) },
		"PINs.Set":       func(k *kit) error { return k.pins.Set(ctx, alice, rightPIN, pin) },
		"VerifyOTP":      func(k *kit) error { return second(k.v.VerifyOTP(ctx, alice, "123456")) },
		"VerifyPIN":      func(k *kit) error { return k.v.VerifyPIN(ctx, alice, rightPIN) },
		"VerifyPassword": func(k *kit) error { return k.v.VerifyPassword(ctx, alice, rightPW) },
		"VerifyAny":      func(k *kit) error { return second(k.v.VerifyAny(ctx, alice, pin)) },
		"Issue":          func(k *kit) error { return second(k.codes.Issue(ctx, alice, pin)) },
		"IssueUnproven":  func(k *kit) error { return second(k.codes.IssueUnproven(ctx, alice, factor.KindLogin)) },
		"Enroll":         func(k *kit) error { return second(k.dev.Enroll(ctx, alice, uuid.New(), factor.Credentials{})) },
		"Devices":        func(k *kit) error { return second(k.dev.Devices(ctx, alice)) },
		"Begin":          func(k *kit) error { return second(k.auth.Begin(ctx, alice, pin)) },
		"Confirm":        func(k *kit) error { return k.auth.Confirm(ctx, alice, "123456") },
		"Prove":          func(k *kit) error { return k.guard.Prove(ctx, alice, otp) },
		"Forfeit":        func(k *kit) error { return k.guard.Forfeit(ctx, alice) },
		"Remove":         func(k *kit) error { return k.auth.Remove(ctx, alice, pin) },
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t)
			k.store(k.newer(3))
			err := call(k)
			if !errors.Is(err, factor.ErrNewerFormat) || !errors.Is(err, factor.ErrUnsealed) {
				t.Fatalf("got %v, want ErrNewerFormat, which matches ErrUnsealed", err)
			}
			if k.swaps.Load() != 0 || len(k.wipes) != 0 || len(k.actions()) != 0 {
				t.Fatalf("%d swaps, %d wipes, events %v", k.swaps.Load(), len(k.wipes), k.actions())
			}
		})
	}
}

// Every format after the last known one is newer; what is no format is not, and
// neither is what does not open.
func TestOnlyANewerFormatIsNewer(t *testing.T) {
	k := newKit(t)
	for format := range 256 {
		k.store(k.newer(byte(format)))
		_, err := k.admin.Status(t.Context(), alice)
		if want := format > 2; !errors.Is(err, factor.ErrUnsealed) || errors.Is(err, factor.ErrNewerFormat) != want {
			t.Errorf("format %d: %v", format, err)
		}
	}
	for name, data := range map[string][]byte{"no data": {}, "no key of ours": bytes.Repeat([]byte{9}, 200)} {
		k.store(data)
		if _, err := k.admin.Status(t.Context(), alice); !errors.Is(err, factor.ErrUnsealed) || errors.Is(err, factor.ErrNewerFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	const want = "factor: record cannot be opened: a newer release of factor wrote it: update this process"
	if got := factor.ErrNewerFormat.Error(); got != want {
		t.Errorf("the text is %q, want %q", got, want)
	}
	if errors.Is(factor.ErrUnsealed, factor.ErrNewerFormat) {
		t.Error("each record that does not open is of a newer format")
	}
}

// newer returns alice's record as a release would seal it that knows this format.
func (k *kit) newer(format byte) []byte {
	k.Helper()
	plain := append([]byte{format}, bytes.Repeat([]byte{0xff}, 255)...)
	data, err := keyring(k.T).Encrypt(plain, []byte("factor record of alice"))
	k.ok(err)
	return data
}

// store puts data in the place of alice's record, due for the next Sweep.
func (k *kit) store(data []byte) {
	k.Helper()
	ctx := context.Background()
	before, err := k.Store.Load(ctx, alice)
	k.ok(err)
	k.ok(k.Store.CompareAndSwap(ctx, alice, before.Version, factor.Record{Data: data, Version: before.Version + 1, Due: k.clock()}))
}
