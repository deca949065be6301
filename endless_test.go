package factor

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
	"github.com/knowhave/factor/internal/pinhash"
)

// scantStore keeps one record for everybody, and fails after a number of calls: a
// test of endings must not be endless.
type scantStore struct {
	rec   Record
	calls int // calls left
	pages [][]string
}

var errScant = errors.New("no calls are left")

func (s *scantStore) call() error {
	if s.calls--; s.calls < 0 {
		return errScant
	}
	return nil
}

func (s *scantStore) Load(context.Context, string) (Record, error) { return s.rec, s.call() }

func (s *scantStore) CompareAndSwap(_ context.Context, _ string, old int64, next Record) error {
	if err := s.call(); err != nil || s.rec.Version != old {
		return errors.Join(err, ErrConflict)
	}
	s.rec = next
	return nil
}

func (s *scantStore) List(context.Context, string, time.Time, int) ([]string, error) {
	if len(s.pages) == 0 {
		return nil, s.call()
	}
	page := s.pages[0]
	s.pages = s.pages[1:]
	return page, s.call()
}

func verifierOnScant(t *testing.T, s *scantStore, o Options) *Verifier {
	t.Helper()
	ring, err := NewKeyring([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	o.Now = func() time.Time { return accounttest.Noon }
	v, err := NewVerifier(s, ring, &o)
	if err != nil {
		t.Fatal(err)
	}
	pinhash.Cheapen(v, nil)
	return v
}

// After each call, all the locks it took are free.
func TestEveryCallReleasesItsLocks(t *testing.T) {
	v := verifierOnScant(t, &scantStore{calls: 100}, judgeOptions)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // for a lock that never comes
	defer cancel()
	for range 2 {
		if err := v.VerifyPassword(ctx, "user", "wrong"); !errors.Is(err, ErrMismatch) {
			t.Fatalf("a wrong password = %v", err)
		}
		if _, err := v.VerifyOTP(ctx, "user", "000000"); !errors.Is(err, ErrMismatch) {
			t.Fatalf("a wrong code = %v", err)
		}
		if n := LocksHeld(v); n != 0 {
			t.Fatalf("%d locks are still held", n)
		}
	}
}

// A finished wipe, and only that one, is recorded as done, so that nobody runs it
// again.
func TestAWipeIsNotedOnce(t *testing.T) {
	store := &scantStore{calls: 100}
	asked := 0
	v := verifierOnScant(t, store, Options{Wipe: func(context.Context, Wipe) error {
		if asked++; asked > 10 {
			return errScant
		}
		return nil
	}})
	marked := &account.Wipe{ID: uuid.New(), At: accounttest.Noon, Reason: account.ReasonStrikes, RetryAt: accounttest.Noon}
	a := &account.Account{Guard: account.Guard{Wipe: marked}}
	data, err := v.records.Seal(v.records.Label("user"), a.Encode())
	if err != nil {
		t.Fatal(err)
	}
	store.rec = Record{Data: data, Version: 1}
	done := func() bool {
		a, err := v.read(t.Context(), "user")
		if err != nil {
			t.Fatal(err)
		}
		return a.Guard.Wipe.Done
	}
	other := Wipe{ID: uuid.New(), User: "user", At: accounttest.Noon, Reason: ReasonStrikes}
	if _, err := v.runWipe(t.Context(), other); err != nil || done() {
		t.Fatalf("the end of another wipe is noted: %v, %v", done(), err)
	}
	if _, err := v.runWipe(t.Context(), *publicWipe(marked, "user")); err != nil || !done() || asked != 2 {
		t.Fatalf("done %v after %d calls of Wipe: %v", done(), asked, err)
	}
}

// A walk ends at the first empty page, and not before.
func TestAWalkEndsAtAnEmptyPage(t *testing.T) {
	for _, pages := range [][][]string{nil, {{"a", "b"}}, {{"a"}, {"b"}, {"c"}}} {
		v := verifierOnScant(t, &scantStore{calls: len(pages) + 1, pages: pages}, Options{})
		var got []string
		for user, err := range v.users(t.Context(), "", time.Time{}) {
			if err != nil {
				t.Fatalf("after %q of %q: %v", got, pages, err)
			}
			got = append(got, user)
		}
		if want := slices.Concat(pages...); !slices.Equal(got, want) {
			t.Fatalf("walked over %q, want %q", got, want)
		}
	}
}
