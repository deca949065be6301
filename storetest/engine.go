package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
)

// The clauses of this file run the engine itself over the store. It does nothing
// slow there: what it judges are codes, which need no hash.

// processes is how many Verifiers share the store. Within one, the calls on a
// user take turns and never meet in the store.
const processes = 8

// engine is one of several processes that share a store.
type engine struct {
	*factor.Verifier
	issuer  *factor.OTPIssuer
	devices *factor.DeviceTOTPEnroller
	admin   *factor.Admin
}

// guessable are the kinds of code that are guessed at here. Nobody holds any of
// these, so that every guess is wrong.
var guessable = []factor.Kind{factor.KindLogin, factor.KindTOTP, factor.KindDeviceTOTP}

// engines starts the processes. Zero tries means as many as there can be.
func (s *subject) engines(store factor.Store, tries int, now func() time.Time) []engine {
	s.t.Helper()
	limit := factor.Limit{Tries: 99, Delay: time.Hour, MaxDelay: time.Hour, Final: 100}
	if tries != 0 {
		limit.Tries = tries
	}
	keyring, err := factor.NewKeyring(sealed(32, 3))
	if err != nil {
		s.t.Fatal(err)
	}
	running := make([]engine, processes)
	for i := range running {
		v, err := factor.NewVerifier(store, keyring, &factor.Options{
			Now:    now,
			OTP:    factor.OTPOptions{Limit: limit},
			TOTP:   factor.TOTPOptions{Limit: limit},
			Device: factor.DeviceOptions{Max: 100},
		})
		if err != nil {
			s.t.Fatal(err)
		}
		running[i] = engine{v, factor.NewOTPIssuer(v), factor.NewDeviceTOTPEnroller(v), factor.NewAdmin(v)}
	}
	return running
}

// issue returns a new account code.
func (s *subject) issue(e engine, user string) string {
	s.t.Helper()
	otp, err := e.issuer.IssueUnproven(s.ctx, user, factor.KindAccount)
	if err != nil {
		s.t.Fatalf("issuing a code failed: %v", err)
	}
	return otp.Code
}

// wrong returns how many wrong answers are counted for each kind.
func wrong(ctx context.Context, e engine, user string) (map[factor.Kind]int, error) {
	status, err := e.admin.Status(ctx, user)
	if err != nil {
		return nil, err
	}
	counted := make(map[factor.Kind]int)
	for _, b := range status.Budgets {
		counted[b.Kind] = b.Wrong
	}
	return counted, nil
}

func parallelRedemptionsAcceptOne(s *subject) {
	running := s.engines(s.store, 0, nil)
	for round := range 4 {
		code := s.issue(running[round], "alice")
		accepted := s.tally(func(caller int) error {
			_, err := running[caller%processes].VerifyOTP(s.ctx, "alice", code, factor.KindAccount)
			return err
		}, factor.ErrMismatch)
		if accepted != 1 {
			s.t.Fatalf("%d of %d callers who redeemed one code at once were accepted: a code is accepted exactly once", accepted, callers)
		}
	}
	code := s.issue(running[0], "alice")
	enrolled := s.tally(func(caller int) error {
		_, err := running[caller%processes].devices.Enroll(s.ctx, "alice", uuid.UUID{15: byte(caller + 1)}, factor.Credentials{OTP: code})
		return err
	}, factor.ErrMismatch)
	devices, err := running[0].devices.Devices(s.ctx, "alice")
	if err != nil {
		s.t.Fatalf("loading the devices failed: %v", err)
	}
	if enrolled != 1 || len(devices) != 1 {
		s.t.Fatalf("%d of %d callers who each enrolled a device with one code were accepted, and %d devices are enrolled: a code and what it paid for are one write",
			enrolled, callers, len(devices))
	}
}

// tally calls f from 64 goroutines at once and returns how many of them were
// accepted. The others must be answered with the given error.
func (s *subject) tally(f func(caller int) error, refused error) (accepted int) {
	s.t.Helper()
	for _, err := range parallel(f) {
		switch {
		case err == nil:
			accepted++
		case !errors.Is(err, refused):
			s.t.Fatalf("a caller among %d was answered %v, want it accepted or %v: swaps that compete are answered with nil or factor.ErrConflict, and soon", callers, err, refused)
		}
	}
	return accepted
}

func parallelGuessesKeepTheLimit(s *subject) {
	const guesses, tries = 100, 5
	running := s.engines(s.store, tries, nil)
	for _, user := range []string{"fresh", "known"} {
		if user == "known" {
			s.issue(running[0], user)
		}
		judged := 0
		for _, err := range together(guesses, func(caller int) error {
			_, err := running[caller%processes].VerifyOTP(s.ctx, user, "123456", factor.KindLogin)
			return err
		}) {
			switch {
			case errors.Is(err, factor.ErrMismatch):
				judged++
			case !errors.Is(err, factor.ErrLocked):
				s.t.Fatalf("a guess among %d was answered %v, want ErrMismatch or ErrLocked", guesses, err)
			}
		}
		counted, err := wrong(s.ctx, running[0], user)
		if err != nil {
			s.t.Fatalf("loading the status failed: %v", err)
		}
		if judged != tries || counted[factor.KindLogin] != tries {
			s.t.Fatalf("%s user: %d of %d parallel guesses were judged, and %d counted, where %d tries are allowed: the limit holds, whatever runs in parallel",
				user, judged, guesses, counted[factor.KindLogin], tries)
		}
	}
}

// parallelAnswersAreAllCounted lets guesses at several kinds race with codes that
// are issued and redeemed: one swap that takes another's place would forget a
// guess.
func parallelAnswersAreAllCounted(s *subject) {
	running := s.engines(s.store, 0, nil)
	var accepted atomic.Int64
	for round := range 2 {
		s.tally(func(caller int) error {
			e := running[caller%processes]
			if caller/processes%4 == 3 {
				otp, err := e.issuer.IssueUnproven(s.ctx, "alice", factor.KindAccount)
				if err != nil {
					return err
				}
				if _, err = e.VerifyOTP(s.ctx, "alice", otp.Code, factor.KindAccount); err == nil {
					accepted.Add(1)
				}
				return err
			}
			_, err := e.VerifyOTP(s.ctx, "alice", "123456", guessable[caller/processes%4])
			return err
		}, factor.ErrMismatch)
		counted, err := wrong(s.ctx, running[0], "alice")
		if err != nil {
			s.t.Fatalf("loading the status failed: %v", err)
		}
		for _, kind := range guessable {
			if want := (round + 1) * callers / 4; counted[kind] != want {
				s.t.Fatalf("%d of %d answered guesses at %s are counted: no write is lost to another of the same user", counted[kind], want, kind)
			}
		}
	}
	if accepted.Load() == 0 {
		s.t.Fatal("none of the codes that were issued among guesses was accepted")
	}
}

// sweepReachesEveryDueUser lets the users change while they are paged.
func sweepReachesEveryDueUser(s *subject) {
	const users = 30
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	e := s.engines(smallPages{s.store}, 0, func() time.Time { return now })[0]
	var all, counted, uncounted []string
	for i := range users {
		user := fmt.Sprintf("user%d", i)
		s.issue(e, user)
		all = append(all, user)
		if i%3 != 0 {
			uncounted = append(uncounted, user)
			continue
		}
		counted = append(counted, user)
		if _, err := e.VerifyOTP(s.ctx, user, "123456", factor.KindLogin); !errors.Is(err, factor.ErrMismatch) {
			s.t.Fatalf("a guess was answered %v, want ErrMismatch", err)
		}
	}
	sweep := func(after time.Duration, due []string, rule string) {
		s.t.Helper()
		now = now.Add(after)
		for _, user := range due {
			s.shows(user, now, "its code or its empty record is to be swept")
		}
		changed, err := e.admin.Sweep(s.ctx)
		if err != nil || changed != len(due) {
			s.t.Fatalf("a sweep of %d users changed %d, %v; want %d: %s", users, changed, err, len(due), rule)
		}
	}
	sweep(time.Minute, nil, "nobody is due")
	sweep(time.Hour, all, "every code has expired, and a swap between two pages hides nobody from the next")
	sweep(time.Minute, nil, "everybody has been swept")
	sweep(48*time.Hour, uncounted, "an empty record is removed, one with a count stays")
	left := 0
	for _, err := range e.admin.Users(s.ctx, "") {
		if err != nil {
			s.t.Fatalf("listing the users failed: %v", err)
		}
		left++
	}
	if left != len(counted) {
		s.t.Fatalf("%d users are left after the sweep, want %d", left, len(counted))
	}
}

// smallPages asks for few users at a time.
type smallPages struct{ factor.Store }

func (s smallPages) List(ctx context.Context, after string, due time.Time, limit int) ([]string, error) {
	return s.Store.List(ctx, after, due, min(limit, 4))
}
