package factor

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor/internal/totp"
)

// benchAccounts are what most checks read and write, and that of a user who holds
// about all that one can.
func benchAccounts() map[string]*account {
	d := device{
		uuid.UUID{1},
		secret{totp.Key{Secret: make([]byte, totp.NewKeySize), Digits: 6, Period: 30 * time.Second}, noon.Unix() / 30},
		noon, noon,
	}
	return map[string]*account{
		"one device": {devices: []device{d}},
		"PIN, two devices and a code": {
			pin:          &pin{pinHash{19456, 2, 1, make([]byte, 16), make([]byte, 32)}, noon},
			devices:      []device{d, d},
			accountCodes: codes{live: &code{"012345", noon}},
		},
	}
}

func BenchmarkEncode(b *testing.B) {
	for name, a := range benchAccounts() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				a.encode()
			}
		})
	}
}

// BenchmarkDecode decodes into an account on the heap with room for the devices,
// where a check holds it.
func BenchmarkDecode(b *testing.B) {
	held := &struct {
		account
		room [2]device
	}{}
	for name, a := range benchAccounts() {
		data := a.encode()
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				held.account = account{devices: held.room[:0]}
				if err := held.decode(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
