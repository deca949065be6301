package storetest

import (
	"errors"
	"fmt"
	"sync"

	"github.com/knowhave/factor"
)

// answers counts what callers were answered. An answer is open if it is neither
// an acceptance nor one of the engine's refusals: what was asked may have
// happened or not.
type answers struct {
	mu       sync.Mutex
	accepted map[string]int
	refused  map[string]int
	open     map[string]int
}

func newAnswers() *answers {
	return &answers{accepted: make(map[string]int), refused: make(map[string]int), open: make(map[string]int)}
}

func (a *answers) add(to string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case err == nil:
		a.accepted[to]++
	case errors.Is(err, factor.ErrMismatch):
		a.refused[to]++
	case !errors.Is(err, factor.ErrLocked):
		a.open[to]++
	}
}

// issued is a code that somebody was given.
type issued struct{ user, code string }

// interruptedCodesAreAcceptedOnce has each caller issue a code, and redeem it in
// two processes at once, over and over. When all is calm again, every code that
// was not followed by another is tried once more.
func interruptedCodesAreAcceptedOnce(s *subject) {
	store := s.interrupter()
	running := s.engines(s.store, 0, nil)
	for round := range interruptions {
		got := newAnswers()
		var mu sync.Mutex
		newest := make(map[string]issued)
		redeem := func(e engine, otp issued) {
			_, err := e.VerifyOTP(s.ctx, otp.user, otp.code, factor.KindAccount)
			got.add(otp.user+otp.code, err)
		}
		s.interrupt(store, func(caller, _ int) {
			user := fmt.Sprintf("user%d-%d", round, caller)
			code, err := running[caller%processes].issuer.IssueUnproven(s.ctx, user, factor.KindAccount)
			if err != nil {
				return // the store is away
			}
			otp := issued{user, code.Code}
			mu.Lock()
			newest[user] = otp
			mu.Unlock()
			together(2, func(i int) error { redeem(running[(caller+i)%processes], otp); return nil })
		})
		for _, otp := range newest {
			s.eventually("redeeming a code", func() error {
				_, err := running[round].VerifyOTP(s.ctx, otp.user, otp.code, factor.KindAccount)
				got.add(otp.user+otp.code, err)
				if errors.Is(err, factor.ErrMismatch) || errors.Is(err, factor.ErrLocked) {
					return nil
				}
				return err
			})
		}
		for code, n := range got.accepted {
			if n > 1 {
				s.t.Fatalf("a code was accepted %d times, %d answers to it being open: a code is accepted once, also when its record was written while the store was interrupted", n, got.open[code])
			}
		}
		for code, n := range got.refused {
			if n > 0 && got.accepted[code] == 0 && got.open[code] == 0 {
				s.t.Fatalf("a code was refused although nobody else was accepted, and no answer to it is open: what was issued stays")
			}
		}
	}
}

// interruptedGuessesStayCounted has callers guess. An answered guess is counted
// once, and one whose answer is open at most once. Four callers share a user, and
// go on to another before it locks: a guess that is not judged writes nothing that
// an interruption could lose.
func interruptedGuessesStayCounted(s *subject) {
	store := s.interrupter()
	running := s.engines(s.store, 0, nil)
	const sharing, users = 4, 32
	for round := range interruptions {
		got := newAnswers()
		var seen sync.Map // users
		s.interrupt(store, func(caller, n int) {
			user := fmt.Sprintf("user%d-%d-%d", round, caller/sharing, n/len(guessable)%users)
			kind := guessable[(caller+n)%len(guessable)]
			_, err := running[caller%processes].VerifyOTP(s.ctx, user, "123456", kind)
			got.add(user+" "+string(kind), err)
			seen.Store(user, true)
		})
		for user := range seen.Range {
			user := user.(string)
			var counted map[factor.Kind]int
			s.eventually("loading the status", func() (err error) {
				counted, err = wrong(s.ctx, running[0], user)
				return err
			})
			for _, kind := range guessable {
				what := user + " " + string(kind)
				answered, open := got.refused[what], got.open[what]
				if n := counted[kind]; n < answered || n > answered+open {
					s.t.Fatalf("%d guesses at %s are counted, where %d were answered and the answers of %d are open: an answered guess is counted once, also when the store is interrupted, and no guess is counted twice",
						n, kind, answered, open)
				}
			}
		}
	}
}
