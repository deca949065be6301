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

// sqlWorld is a table of users with a device each, a second one for the hand-written
// statements, and what both sides do with them.
type sqlWorld struct {
	ctx         context.Context
	engine      engine
	now         *clock
	v           *factor.Verifier // by now
	issuer      *factor.OTPIssuer
	secret      string
	users       []string
	hand        *byHand // with rows of the same size
	handIssuing *byHand // which moves the due time
	handUsers   []string
}

func newSQLWorld(t *testing.T, e engine) *sqlWorld {
	db := e.pool(t)
	ours, theirs := e.temporary(t, db), e.temporary(t, db)
	tp := newTemplate(t, false, 1)
	n := scale(2000, 64)
	w := &sqlWorld{ctx: t.Context(), engine: e, now: newClock(), secret: tp.devices[0], users: ours.fill(t, tp, n), handUsers: theirs.fill(t, tp, n)}
	store := ours.store(t)
	password := func(context.Context, string, string) (bool, error) { return true, nil }
	w.v = newVerifier(t, store, &factor.Options{
		Now: w.now.now, CheckPassword: password,
		TOTP: factor.TOTPOptions{Limit: factor.Limit{Tries: 90}}, // see hot
	})
	w.issuer = factor.NewOTPIssuer(newVerifier(t, store, &factor.Options{CheckPassword: password}))
	record, err := store.Load(w.ctx, w.users[0])
	must(err)
	w.hand, w.handIssuing = theirs.byHand(len(record.Data), false), theirs.byHand(len(record.Data), true)
	return w
}

// verify verifies the right code of so many users, one each, by so many
// goroutines.
func (w *sqlWorld) verify(goroutines int) side {
	return func(n int) time.Duration {
		code := codeOf(w.secret, w.now.advance(30*time.Second))
		took, _ := crowd(goroutines, n, func(i int) {
			_, err := w.v.VerifyOTP(w.ctx, w.users[i], code, factor.KindDeviceTOTP)
			must(err)
		})
		return took
	}
}

func (w *sqlWorld) issue(goroutines int) side {
	return func(n int) time.Duration {
		took, _ := crowd(goroutines, n, func(i int) {
			_, err := w.issuer.Issue(w.ctx, w.users[i], factor.Credentials{Password: "right"})
			must(err)
		})
		return took
	}
}

func (w *sqlWorld) byHand(hand *byHand, goroutines int) side {
	return func(n int) time.Duration {
		took, _ := crowd(goroutines, n, func(i int) { hand.checkUntilWon(w.ctx, w.handUsers[i]) })
		return took
	}
}

func (w *sqlWorld) distinct(goroutines int) {
	rounds, operations := scale(11, 2), min(len(w.users), scale(300*goroutines, 4*goroutines))
	among := "alone"
	if goroutines > 1 {
		among = fmt.Sprintf("%d goroutines on distinct users", goroutines)
	}
	measured.add(2, fmt.Sprintf("rate of `VerifyOTP` on %s, %s, against SELECT and UPDATE by hand", w.engine.name, among), "≥ 0.9",
		rateRatio(rounds, operations, w.verify(goroutines), w.byHand(w.hand, goroutines)).String())
	measured.add(2, fmt.Sprintf("rate of `Issue` on %s, %s, against the same", w.engine.name, among), "≥ 0.9",
		rateRatio(rounds, operations, w.issue(goroutines), w.byHand(w.handIssuing, goroutines)).String())
}

// hot has many goroutines ask about one user.
func (w *sqlWorld) hot() {
	hot := w.users[0]
	var asked atomic.Int64
	guess := func(int) {
		// One right code in 16 keeps the wrong ones from locking. It is the next
		// step's, so each of them is accepted.
		if asked.Add(1)%crowded == 0 {
			code := codeOf(w.secret, w.now.advance(30*time.Second))
			_, err := w.v.VerifyOTP(w.ctx, hot, code, factor.KindDeviceTOTP)
			must(err)
			return
		}
		wrong := codeOf(w.secret, start.Add(-time.Hour))
		_, err := w.v.VerifyOTP(w.ctx, hot, wrong, factor.KindDeviceTOTP)
		mustMismatch(err)
	}
	issue := func(int) {
		_, err := w.issuer.Issue(w.ctx, hot, factor.Credentials{Password: "right"})
		must(err)
	}
	w.hotRows("`VerifyOTP`", w.hand, guess)
	w.hotRows("`Issue`", w.handIssuing, issue)
}

func (w *sqlWorld) hotRows(what string, hand *byHand, ours func(int)) {
	rounds, operations := scale(7, 1), scale(1000, 2*crowded)
	rate, tail := loads(rounds,
		func() (time.Duration, []time.Duration) { return crowd(crowded, operations, ours) },
		func() (time.Duration, []time.Duration) {
			return crowd(crowded, operations, func(int) { hand.checkUntilWon(w.ctx, w.handUsers[0]) })
		})
	measured.add(2, fmt.Sprintf("rate of %s on %s, %d goroutines on one user, against the same by hand, without turns", what, w.engine.name, crowded), "≥ 3", rate.String())
	measured.add(2, fmt.Sprintf("99th percentile of %s on %s, against that of the same", what, w.engine.name), "≤ 0.1", tail.String())
}
