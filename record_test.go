package factor

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
)

// oddSealer opens to what it is told, whatever it is given.
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

// What comes with an error of the Sealer's is nobody's word: here it would have
// Forget ask for a wipe.
func TestWhatDidNotOpenIsNotJudged(t *testing.T) {
	forged := &account{reset: reset{wipe: &wipe{id: uuid.UUID{1}, at: noon, reason: ReasonStrikes, retryAt: noon}}}
	asked := 0
	v, err := NewVerifier(
		&recordStore{record: Record{Data: []byte{1}, Version: 7}},
		oddSealer{forged.encode(), errors.New("not authentic")},
		&Options{Wipe: func(context.Context, Wipe) error { asked++; return nil }})
	if err != nil {
		t.Fatal(err)
	}
	if err := NewAdmin(v).Forget(t.Context(), "alice"); err != nil || asked != 0 {
		t.Fatalf("Forget = %v after %d wipes", err, asked)
	}
}

// Data without a version, or that opens to nothing, is not taken for no record.
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
