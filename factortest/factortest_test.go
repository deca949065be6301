package factortest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"github.com/knowhave/factor/factortest"
	"github.com/knowhave/factor/memstore"
	"github.com/knowhave/factor/storetest"
)

const alice = "alice"

// A Store that is told nothing is as good as the one behind it.
func TestStorePassesEverythingOn(t *testing.T) {
	storetest.Run(t, func(*testing.T) factor.Store { return factortest.NewStore(memstore.New()) })
}

func TestStoreFailsAsItWasTold(t *testing.T) {
	ctx := t.Context()
	lost := errors.New("connection lost")
	record := factor.Record{Data: []byte("sealed"), Version: 7}
	calls := map[factortest.Method]func(ctx context.Context, s *factortest.Store) error{
		factortest.Load: func(ctx context.Context, s *factortest.Store) error { _, err := s.Load(ctx, alice); return err },
		factortest.CompareAndSwap: func(ctx context.Context, s *factortest.Store) error {
			return s.CompareAndSwap(ctx, alice, 0, record)
		},
		factortest.List: func(ctx context.Context, s *factortest.Store) error {
			_, err := s.List(ctx, "", time.Time{}, 1)
			return err
		},
	}
	for method, call := range calls {
		s := factortest.NewStore(memstore.New())
		for other := range calls {
			if other != method {
				s.Fail(other, factortest.Failure{Err: errors.New("another method's")})
			}
		}
		s.Fail(method, factortest.Failure{Err: lost}, factortest.Failure{})
		s.Fail(method, factortest.Failure{Hang: true})
		if err := call(ctx, s); err != lost {
			t.Errorf("%s: %v, want %v", method, err, lost)
		}
		if err := call(ctx, s); err != factortest.ErrStore {
			t.Errorf("%s: %v, want ErrStore", method, err)
		}
		ended, cancel := context.WithCancel(ctx)
		cancel()
		if err := call(ended, s); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: hung until %v", method, err)
		}
		s.Down(nil)
		s.Fail(method, factortest.Failure{Err: lost})
		if err := call(ctx, s); err != factortest.ErrStore {
			t.Errorf("%s: %v while down", method, err)
		}
		s.Up()
		if err := call(ctx, s); err != nil {
			t.Errorf("%s: %v after all failures", method, err)
		}
		if n := s.Calls(method); n != 5 {
			t.Errorf("%s: %d calls counted, want 5", method, n)
		}
	}
}

// A swap that is applied before it fails is stored, and what it is refused for is
// said.
func TestStoreAppliesBeforeItFails(t *testing.T) {
	s := factortest.NewStore(memstore.New())
	record := factor.Record{Data: []byte("sealed"), Version: 7}
	for _, applied := range []bool{false, true} {
		s.Fail(factortest.CompareAndSwap, factortest.Failure{Applied: applied})
		if err := s.CompareAndSwap(t.Context(), alice, 0, record); err != factortest.ErrStore {
			t.Fatal(err)
		}
		if got, err := s.Load(t.Context(), alice); err != nil || (got.Version == 7) != applied {
			t.Fatalf("stored %+v, %v, want applied: %v", got, err, applied)
		}
	}
	s.Fail(factortest.CompareAndSwap, factortest.Failure{Applied: true})
	if err := s.CompareAndSwap(t.Context(), alice, 0, record); !errors.Is(err, factor.ErrConflict) {
		t.Fatalf("a lost swap that fails is %v", err)
	}
}

func TestEngineHoldsWhatTheServiceAskedFor(t *testing.T) {
	var told []factor.Action
	e := factortest.New(t, &factor.Options{
		Wipe:    func(context.Context, factor.Wipe) error { return nil },
		Observe: func(_ context.Context, event factor.Event) { told = append(told, event.Action) },
		TOTP:    factor.TOTPOptions{Algorithm: "SHA512", Digits: 8, Period: time.Minute},
		// An issued code proves nothing here, and the engine needs none.
		ProofKinds: []factor.Kind{factor.KindDeviceTOTP},
	})
	id := uuid.New()
	phone, app := e.Device(alice, id), e.Authenticator(alice)
	for _, a := range []*factortest.App{phone, app} {
		if len(a.Code()) != 8 || a.Enrollment.Period != time.Minute || a.Enrollment.Algorithm != "SHA512" {
			t.Fatalf("%d digits, %s, %s", len(a.Code()), a.Enrollment.Period, a.Enrollment.Algorithm)
		}
	}
	if m, err := e.Verifier.VerifyOTP(t.Context(), alice, phone.Code()); err != nil || m.Device != id {
		t.Fatalf("%+v, %v", m, err)
	}
	if _, err := e.Verifier.VerifyOTP(t.Context(), alice, app.Code(), factor.KindTOTP); err != nil {
		t.Fatal(err)
	}
	if err := e.Guard.Forfeit(t.Context(), alice); err != nil {
		t.Fatal(err)
	}
	if len(told) == 0 || len(e.Events()) != len(told) {
		t.Fatalf("the service was told %v, the test %v", told, e.Events())
	}
	if factortest.New(t, nil).Guard != nil {
		t.Fatal("a guard without a Wipe")
	}
}

// The codes of an Enrollment that a service handed out, by a clock of its own.
func TestAppComputesTheCodesOfAnEnrollment(t *testing.T) {
	now := time.Date(2031, 1, 2, 3, 4, 5, 0, time.UTC)
	clock := factortest.NewClock(now)
	e := factortest.New(t, &factor.Options{Now: clock.Now, RegisteredAt: func(context.Context, string) (time.Time, error) { return now, nil }})
	enrolled, err := e.Devices.Enroll(t.Context(), alice, uuid.New(), factor.Credentials{})
	if err != nil {
		t.Fatal(err)
	}
	app := e.App(enrolled)
	verify := func(code string) error { _, err := e.Verifier.VerifyOTP(t.Context(), alice, code); return err }
	if err := verify(app.Code()); err != nil {
		t.Fatal(err)
	}
	clock.Turn(time.Hour)
	slow := factortest.App{Enrollment: enrolled, Now: func() time.Time { return clock.Now().Add(-30 * time.Second) }}
	if err := verify(slow.Code()); err != nil {
		t.Fatalf("a clock that is one step behind: %v", err)
	}
	clock.Set(now.Add(2 * time.Hour))
	slow.Now = func() time.Time { return clock.Now().Add(-60 * time.Second) }
	if err := verify(slow.Code()); !errors.Is(err, factor.ErrMismatch) {
		t.Fatalf("a clock that is two steps behind: %v", err)
	}
	wrong := app.WrongCode()
	if err := verify(wrong); !errors.Is(err, factor.ErrMismatch) || wrong != app.WrongCode() || len(wrong) != 6 {
		t.Fatalf("%q is %v", wrong, err)
	}
}

// The first code that comes to mind is right in one step of this secret, and is not
// taken for wrong within ten steps of it.
func TestWrongCodeIsNoneOfTheApps(t *testing.T) {
	const step = 59995833 // whose code is 000000
	e := factor.Enrollment{Secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", Algorithm: "SHA1", Digits: 6, Period: 30 * time.Second}
	for away := int64(-12); away <= 12; away++ {
		app := factortest.App{Enrollment: e, Now: func() time.Time { return time.Unix((step+away)*30, 0) }}
		want := "000000"
		if -10 <= away && away <= 10 {
			want = "000001"
		}
		if wrong := app.WrongCode(); wrong != want {
			t.Errorf("%d steps away: %s, want %s", away, wrong, want)
		}
	}
}

// recorder is a TB that notes a failure and goes on.
type recorder struct{ failed []string }

func (*recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.failed = append(r.failed, fmt.Sprintf(format, args...))
}

func TestBadOptionsFailTheTest(t *testing.T) {
	r := &recorder{}
	factortest.New(r, &factor.Options{OTP: factor.OTPOptions{Digits: 3}})
	e := factortest.New(r, nil)
	e.Store.Down(nil)
	e.Device(alice, uuid.New())
	e.Authenticator(alice)
	if len(r.failed) != 3 || !strings.Contains(r.failed[0], "OTP.Digits") || !strings.Contains(r.failed[1], "fails on command") {
		t.Fatalf("said %q", r.failed)
	}
	for _, enrolled := range []factor.Enrollment{{}, {Secret: "1", Algorithm: "SHA1", Digits: 6, Period: time.Minute}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%v has codes", enrolled)
				}
			}()
			e.App(enrolled).Code()
		}()
	}
}
