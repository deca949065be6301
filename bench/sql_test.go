package bench

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

// crowded is how many goroutines ask at once where there are many.
const crowded = 16

func TestTarget2SQL(t *testing.T) {
	for _, e := range []engine{postgres, mariaDB, sqlite} {
		t.Run(e.name, func(t *testing.T) {
			w := newSQLWorld(t, e)
			for _, goroutines := range []int{1, crowded} {
				w.distinct(goroutines)
			}
			w.hot()
		})
	}
}

// sqlWorld is what both sides do. Those who are issued codes are others than those
// whose codes are verified, because their records grow and become due.
type sqlWorld struct {
	ctx                context.Context
	engine             engine
	now                *clock
	v                  *factor.Verifier // by now
	issuer             *factor.OTPIssuer
	secret             string
	verifying, issuing *twoSides
}

// twoSides are users of ours with a device each, and as many rows of another
// table with the statements by hand.
type twoSides struct {
	users, rows []string
	hand        *byHand
	alone       *byHand // whose updates take no turns
}

func newSQLWorld(t *testing.T, e engine) *sqlWorld {
	db := e.pool(t)
	ours, theirs := e.temporary(t, db), e.temporary(t, db)
	tp := newTemplate(t, false, 1)
	store := ours.store(t)
	checkPassword := func(context.Context, string, string) (bool, error) { return true, nil }
	w := &sqlWorld{ctx: t.Context(), engine: e, now: newClock(), secret: tp.devices[0]}
	w.v = newVerifier(t, store, &factor.Options{
		Now: w.now.now, CheckPassword: checkPassword,
		TOTP: factor.TOTPOptions{Limit: factor.Limit{Tries: 90}}, // see hot
	})
	w.issuer = factor.NewOTPIssuer(newVerifier(t, store, &factor.Options{CheckPassword: checkPassword}))
	sides := func(due bool, use func(user string)) *twoSides {
		n := scale(2000, 64)
		s := &twoSides{users: ours.fill(t, tp, n), rows: theirs.fill(t, tp, n)}
		last := s.users[n-1]
		use(last)
		used, err := store.Load(w.ctx, last)
		must(err)
		s.hand, s.alone = theirs.byHand(len(used.Data), due), theirs.byHand(len(used.Data), due)
		s.alone.turns = false
		return s
	}
	w.verifying = sides(false, func(user string) { w.verify(user, w.code()) })
	w.issuing = sides(true, w.issue)
	return w
}

// code returns the next step's code, which is right for everybody.
func (w *sqlWorld) code() string { return codeOf(w.secret, w.now.advance(30*time.Second)) }

func (w *sqlWorld) verify(user, right string) {
	_, err := w.v.VerifyOTP(w.ctx, user, right, factor.KindDeviceTOTP)
	must(err)
}

func (w *sqlWorld) issue(user string) {
	_, err := w.issuer.Issue(w.ctx, user, password)
	must(err)
}

// verifyEach verifies the right code of so many users, one each, by so many
// goroutines.
func (w *sqlWorld) verifyEach(goroutines int) side {
	return func(n int) time.Duration {
		right := w.code()
		took, _ := crowd(goroutines, n, func(i int) { w.verify(w.verifying.users[i], right) })
		return took
	}
}

func (w *sqlWorld) issueEach(goroutines int) side {
	return func(n int) time.Duration {
		took, _ := crowd(goroutines, n, func(i int) { w.issue(w.issuing.users[i]) })
		return took
	}
}

func (w *sqlWorld) byHand(s *twoSides, goroutines int) side {
	return func(n int) time.Duration {
		took, _ := crowd(goroutines, n, func(i int) { s.hand.checkUntilWon(w.ctx, s.rows[i]) })
		return took
	}
}

func (w *sqlWorld) distinct(goroutines int) {
	rounds, operations := scale(11, 2), min(len(w.issuing.users), scale(300*goroutines, 4*goroutines))
	among := "alone"
	if goroutines > 1 {
		among = fmt.Sprintf("%d goroutines on distinct users", goroutines)
	}
	measured.add(2, fmt.Sprintf("rate of `VerifyOTP` on %s, %s, against SELECT and UPDATE by hand", w.engine.name, among), "≥ 0.9",
		rateRatio(rounds, operations, w.verifyEach(goroutines), w.byHand(w.verifying, goroutines)).String())
	measured.add(2, fmt.Sprintf("rate of `Issue` on %s, %s, against the same", w.engine.name, among), "≥ 0.9",
		rateRatio(rounds, operations, w.issueEach(goroutines), w.byHand(w.issuing, goroutines)).String())
}

// hot has many goroutines ask about one user.
func (w *sqlWorld) hot() {
	var asked atomic.Int64
	w.hotRows("`VerifyOTP`", w.verifying, func(user string) {
		// One right code in 16 keeps the wrong ones from locking. It is the next
		// step's, so each of them is accepted.
		if asked.Add(1)%crowded == 0 {
			w.verify(user, w.code())
			return
		}
		wrong := codeOf(w.secret, start.Add(-time.Hour))
		_, err := w.v.VerifyOTP(w.ctx, user, wrong, factor.KindDeviceTOTP)
		mustMismatch(err)
	})
	w.hotRows("`Issue`", w.issuing, w.issue)
	w.oneAfterTheOther(w.issuing)
}

// oneAfterTheOther compares the UPDATE alone, each after the commit before, with
// the same statements by hand: no more is to be had where each call has to know
// what the one before has stored.
func (w *sqlWorld) oneAfterTheOther(s *twoSides) {
	rounds, operations := scale(7, 1), scale(1000, 2*crowded)
	user := s.rows[0]
	rate, _ := loads(rounds,
		func() (time.Duration, []time.Duration) {
			version := s.hand.read(w.ctx, user)
			return crowd(1, operations, func(i int) { s.hand.swap(w.ctx, user, version+int64(i), version+int64(i)+1) })
		},
		func() (time.Duration, []time.Duration) {
			return crowd(crowded, operations, func(int) { s.alone.checkUntilWon(w.ctx, user) })
		})
	measured.add(2, fmt.Sprintf("rate of the UPDATE alone on %s, each after the commit before, against the same: a bound for `Issue`", w.engine.name), "", rate.String())
}

// hotRows compares with statements by hand that come as they like, and on SQLite
// also with such whose updates take turns.
func (w *sqlWorld) hotRows(what string, s *twoSides, ask func(user string)) {
	rounds, operations := scale(7, 1), scale(1000, 2*crowded)
	against := func(hand *byHand) (rate, tail ratio) {
		return loads(rounds,
			func() (time.Duration, []time.Duration) {
				return crowd(crowded, operations, func(int) { ask(s.users[0]) })
			},
			func() (time.Duration, []time.Duration) {
				return crowd(crowded, operations, func(int) { hand.checkUntilWon(w.ctx, s.rows[0]) })
			})
	}
	rate, tail := against(s.alone)
	measured.add(2, fmt.Sprintf("rate of %s on %s, %d goroutines on one user, against the same by hand, without turns", what, w.engine.name, crowded), "≥ 3", rate.String())
	measured.add(2, fmt.Sprintf("99th percentile of %s on %s, against that of the same", what, w.engine.name), "≤ 0.1", tail.String())
	if s.hand.turns {
		rate, tail := against(s.hand)
		measured.add(2, fmt.Sprintf("rate of %s on %s, against the same by hand whose updates take turns on a mutex", what, w.engine.name), "", rate.String())
		measured.add(2, fmt.Sprintf("99th percentile of %s on %s, against that of the same", what, w.engine.name), "", tail.String())
	}
}
