package account_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
	"github.com/knowhave/factor/internal/totp"
)

// benchAccounts are the accounts that most checks read and write, and a user's with
// about all one can hold.
func benchAccounts() map[string]*account.Account {
	d := account.Device{
		uuid.UUID{1},
		account.TOTP{totp.Key{Secret: make([]byte, totp.NewKeySize), Digits: 6, Period: 30 * time.Second}, accounttest.Noon.Unix() / 30},
		accounttest.Noon, accounttest.Noon,
	}
	return map[string]*account.Account{
		"one device": {Devices: []account.Device{d}},
		"PIN, two devices and a code": {
			PIN:     &account.PIN{account.Hash{19456, 2, 1, make([]byte, 16), make([]byte, 32)}, accounttest.Noon},
			Devices: []account.Device{d, d},
			Issued:  [len(account.IssuedKinds)]account.Codes{{}, {Live: []account.Code{{Digits: "012345", ExpiresAt: accounttest.Noon}}}},
		},
	}
}

func BenchmarkEncode(b *testing.B) {
	for name, a := range benchAccounts() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				a.Encode()
			}
		})
	}
}

// BenchmarkDecode decodes into an account on the heap with room for the devices, as
// a check does.
func BenchmarkDecode(b *testing.B) {
	held := &struct {
		account.Account
		room [2]account.Device
	}{}
	for name, a := range benchAccounts() {
		data := a.Encode()
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				held.Account = account.Account{Devices: held.room[:0]}
				if err := held.Decode(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
