package account

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor/internal/totp"
)

func keyOf(secret string) TOTP {
	return TOTP{totp.Key{Secret: []byte(secret), Digits: 6, Period: 30 * time.Second}, NoStep}
}

// Version 0.1.0 marked a secret under its key as given. It is known by that, and by
// the key as HMAC sees it, in its place.
func TestImportKnowsWhatVersion010Noted(t *testing.T) {
	long := make([]byte, 100)
	long[0] = 1
	noted := func(text string) *Account {
		sum := sha256.Sum256([]byte("factor import of " + text))
		return &Account{Marks: []Mark{Mark(sum[:])}}
	}
	for _, key := range []string{"12345678901234567890", "12345678901234567890\x00", string(long)} {
		s := keyOf(key)
		for _, secret := range [][]byte{s.Secret, s.EffectiveSecret()} {
			a := noted(fmt.Sprintf("totp %s %x 0 6 30s", uuid.Nil, secret))
			if bound, err := a.Import(Holdings{Authenticator: &Authenticator{TOTP: s}}, &Rules{}, 2); err != nil || bound != nil || a.Authenticator != nil {
				t.Errorf("%q is new: %v, %v", key, bound, err)
			}
			a = noted(fmt.Sprintf("device-totp %s %x 0 6 30s", uuid.UUID{1}, secret))
			devices := []Device{{ID: uuid.UUID{1}, TOTP: s}, {ID: uuid.UUID{2}, TOTP: keyOf("another")}}
			if bound, err := a.Import(Holdings{Devices: devices}, &Rules{}, 2); err != nil || len(bound) != 1 || bound[0].Device != (uuid.UUID{2}) {
				t.Errorf("%q is new: %v, %v", key, bound, err)
			}
		}
	}
	a := noted(fmt.Sprintf("pin %s the hash", uuid.Nil))
	if bound, err := a.Import(Holdings{PIN: &PIN{Hash: Hash{Sum: []byte("the hash")}}}, &Rules{}, 2); err != nil || bound != nil || a.PIN != nil {
		t.Errorf("the PIN is new: %v, %v", bound, err)
	}
}

// However many devices come and go, the marks are bounded. Beyond the bound Import
// binds nothing that shows codes.
func TestMarksAreBounded(t *testing.T) {
	a, r := &Account{}, &Rules{}
	for n := range 2000 {
		id := uuid.UUID{byte(n >> 8), byte(n)}
		a.Enroll(id, keyOf(fmt.Sprint("secret ", n)), r, noon)
		if n%3 == 0 {
			a.Enroll(id, keyOf(fmt.Sprint("new secret ", n)), r, noon)
		}
		a.Revoke(id, User, r, noon)
		a.Begin(keyOf(fmt.Sprint("app ", n)), noon)
		a.Authenticator = &Authenticator{TOTP: a.Pending.TOTP}
		a.RemoveAuthenticator(User, r, noon)
		a.PIN = &PIN{}
		a.RemovePIN(User, r, noon)
		if len(a.Marks) > maxMarks+3 { // every device, the PIN, the authenticator
			t.Fatalf("%d marks after %d devices", len(a.Marks), n+1)
		}
	}
	if !a.marked(placeOf(KindPIN, uuid.Nil)) || !a.marked(placeOf(KindTOTP, uuid.Nil)) {
		t.Fatal("the places of the PIN and of the authenticator are not marked")
	}
	for _, secret := range []string{"secret 0", "secret 1999", "app 1999", "a new one"} {
		h := Holdings{Devices: []Device{{ID: uuid.Max, TOTP: keyOf(secret)}}}
		if bound, err := a.Import(h, r, 2); err != nil || bound != nil {
			t.Errorf("%s on a device: %v, %v", secret, bound, err)
		}
	}
	a.Enroll(uuid.Max, keyOf("held"), r, noon)
	if _, err := a.Import(Holdings{Devices: []Device{{ID: uuid.Max, TOTP: keyOf("a new one")}}}, r, 2); err == nil {
		t.Error("what is held is passed over in silence")
	}
}

// Import does not bind an authenticator either whose key was a device's without a
// mark.
func TestMarksBeyondTheBoundAreOfEveryKey(t *testing.T) {
	a, r := &Account{}, &Rules{}
	for n := range maxMarks + 1 {
		id := uuid.UUID{byte(n), byte(n >> 8), 1}
		a.Enroll(id, keyOf(fmt.Sprint("secret ", n)), r, noon)
		a.Revoke(id, User, r, noon)
	}
	last := keyOf(fmt.Sprint("secret ", maxMarks))
	if bound, err := a.Import(Holdings{Authenticator: &Authenticator{TOTP: last}}, r, 2); err != nil || bound != nil {
		t.Errorf("bound %v, %v", bound, err)
	}
}

// The bound is on marks of devices: the one beyond it becomes the mark of every
// key.
func TestMarksHaveTheirBound(t *testing.T) {
	a := &Account{}
	for n := range maxMarks {
		a.markDevice(newMark(fmt.Sprint(n)))
	}
	if len(a.Marks) != maxMarks || a.marked(everyKey) {
		t.Fatalf("%d marks, of every key %v", len(a.Marks), a.marked(everyKey))
	}
	a.markDevice(newMark("one more"))
	if len(a.Marks) != maxMarks+1 || !a.marked(everyKey) {
		t.Fatalf("%d marks, of every key %v", len(a.Marks), a.marked(everyKey))
	}
}

// An import without devices does not reset the devices' count.
func TestImportWithoutDevicesLeavesTheirCount(t *testing.T) {
	a := &Account{}
	a.Budget(KindDeviceTOTP).Wrong = 3
	if _, err := a.Import(Holdings{PIN: &PIN{Hash: Hash{Sum: []byte("x")}}}, &Rules{}, 1); err != nil || a.Budget(KindDeviceTOTP).Wrong != 3 {
		t.Fatalf("%d counted, %v", a.Budget(KindDeviceTOTP).Wrong, err)
	}
}
