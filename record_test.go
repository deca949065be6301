package factor

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
	"github.com/knowhave/factor/internal/commit"
	"github.com/knowhave/factor/internal/pinhash/pinhashtest"
	"github.com/knowhave/factor/internal/totp"
)

// oddSealer opens anything to what it is told.
type oddSealer struct {
	plain []byte
	err   error
}

func (s oddSealer) Encrypt(plain, _ []byte) ([]byte, error) { return append([]byte{1}, plain...), nil }
func (s oddSealer) Decrypt([]byte, []byte) ([]byte, error)  { return s.plain, s.err }

// recordStore holds one record.
type recordStore struct {
	Store
	record Record
}

func (s *recordStore) Load(context.Context, string) (Record, error) { return s.record, nil }

func (s *recordStore) CompareAndSwap(_ context.Context, _ string, _ int64, next Record) error {
	s.record = next
	return nil
}

// What the Sealer returns beside an error is ignored: here it would make Discard
// run a wipe.
func TestARecordThatDidNotOpenIsNotJudged(t *testing.T) {
	forged := &account.Account{Guard: account.Guard{Wipe: &account.Wipe{ID: uuid.UUID{1}, At: accounttest.Noon, Reason: account.ReasonStrikes, RetryAt: accounttest.Noon}}}
	asked := 0
	v, err := NewVerifier(
		&recordStore{record: Record{Data: []byte{1}, Version: 7}},
		oddSealer{forged.Encode(), errors.New("not authentic")},
		&Options{Wipe: func(context.Context, Wipe) error { asked++; return nil }})
	if err != nil {
		t.Fatal(err)
	}
	if err := NewAdmin(v).Forget(t.Context(), "alice"); !errors.Is(err, ErrUnsealed) || asked != 0 {
		t.Fatalf("Forget = %v after %d wipes", err, asked)
	}
	if err := NewAdmin(v).Discard(t.Context(), "alice"); err != nil || asked != 0 {
		t.Fatalf("Discard = %v after %d wipes", err, asked)
	}
}

// Data without a version, or that opens to nothing, is not an absent record.
func TestDataThatOpensToNothingIsNotNothing(t *testing.T) {
	for _, version := range []int64{0, 7} {
		v, err := NewVerifier(&recordStore{record: Record{Data: []byte{1}, Version: version}}, oddSealer{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := NewAdmin(v).Status(t.Context(), "alice"); !errors.Is(err, ErrUnsealed) {
			t.Errorf("version %d: Status = %v", version, err)
		}
		if _, err := v.VerifyOTP(t.Context(), "alice", "000000"); !errors.Is(err, ErrUnsealed) {
			t.Errorf("version %d: VerifyOTP = %v", version, err)
		}
	}
}

func TestACommonAccountIsSealedInAFewBytes(t *testing.T) {
	s := account.TOTP{Key: totp.Key{Secret: make([]byte, 20), Digits: 6, Period: 30 * time.Second}, LastStep: accounttest.Noon.Unix() / 30}
	a := &account.Account{
		PIN:     &account.PIN{Hash: account.Hash{Memory: 19456, Time: 2, Threads: 1, Salt: make([]byte, 16), Sum: make([]byte, 32)}, SetAt: accounttest.Noon},
		Devices: []account.Device{{ID: uuid.New(), TOTP: s, EnrolledAt: accounttest.Noon, UsedAt: accounttest.Noon}, {ID: uuid.New(), TOTP: s, EnrolledAt: accounttest.Noon, UsedAt: accounttest.Noon}},
		Issued:  [len(account.IssuedKinds)]account.Codes{1: {Live: []account.Code{{Digits: "012345", ExpiresAt: accounttest.Noon}}}},
	}
	data := sealed(t, keyring(t, bytes.Repeat([]byte{1}, 32)), a.Encode(), (*records)(nil).Label("user"))
	t.Logf("a PIN, two devices and a code: %d bytes sealed", len(data))
	if len(data) > 320 {
		t.Fatalf("%d bytes sealed, want at most 320", len(data))
	}
}

// Opening a record checks the text of an imported hash.
func TestARecordWithAHashThatCannotBeCheckedDoesNotOpen(t *testing.T) {
	for text, opens := range map[string]bool{pinhashtest.Imported[0]: true, "md5": false, "$2a$31" + pinhashtest.Imported[0][6:]: false} {
		a := &account.Account{PIN: &account.PIN{Hash: account.Hash{Sum: []byte(text)}, SetAt: accounttest.Noon}}
		err := decode(commit.State{Plain: a.Encode()}, &account.Account{})
		if (err == nil) != opens || !opens && (!errors.Is(err, ErrUnsealed) || errors.Is(err, ErrNewerFormat)) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// An unknown part of an account comes from a newer release, and is not damage.
func TestARecordWithAPartOfANewerReleaseIsNewer(t *testing.T) {
	plain := (&account.Account{}).Encode()
	for part, newer := range map[byte]bool{0: false, 1: false, 2: false, 3: false, 5: false, 6: true, 0xff: true} {
		plain[12] = part // behind the fields
		err := decode(commit.State{Plain: plain}, &account.Account{})
		if errors.Is(err, ErrNewerFormat) != newer || (err == nil) != (part == 0) {
			t.Errorf("part %d: %v", part, err)
		}
	}
}
