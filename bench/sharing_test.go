package bench

import (
	"context"
	"fmt"
	mathrand "math/rand/v2"
	"testing"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/sqlstore"
)

// A storm is many callers at once, each with another user, as after an outage. Both
// sides have a pool of their own kind's table.
type storm struct {
	ctx          context.Context
	engine       engine
	now          *clock
	dsn          string
	ours, theirs *records
	template     *template
	v, unshared  *factor.Verifier
	users, rows  []string
	hand         *byHand
}

func TestTarget9Sharing(t *testing.T) {
	for _, e := range []engine{postgres, mariaDB} {
		t.Run(e.name, func(t *testing.T) {
			s := newStorm(t, e)
			t.Run("rates", func(*testing.T) { s.rates() })
			t.Run("issues", func(*testing.T) { s.issues() })
			t.Run("hot", func(*testing.T) { s.hot() })
			t.Run("mixed", func(*testing.T) { s.mixed() })
			t.Run("growth", func(t *testing.T) { s.growth(t) })
		})
	}
}

// rates compares more and more callers.
func (s *storm) rates() {
	s.alone()
	if s.engine.driver == "pgx" {
		s.distinct(16, "≥ 1.3", "", "")
		s.distinct(64, "≥ 2.5", "≤ 0.35", "≤ 0.15")
		s.distinct(256, "≥ 3.5", "≤ 0.2", "")
		return
	}
	s.distinct(16, "≥ 1", "", "")
	s.distinct(64, "≥ 1.8", "≤ 0.35", "≤ 0.25")
	s.distinct(256, "≥ 3.2", "≤ 0.2", "")
}

// manyCallers is how many there are where one number is enough.
const manyCallers = 64

func newStorm(t *testing.T, e engine) *storm {
	dsn := e.dsn(t)
	db := e.open(t, dsn)
	t.Cleanup(func() { db.Close() })
	s := &storm{ctx: t.Context(), engine: e, now: newClock(), dsn: dsn, template: newTemplate(t, false, 1)}
	s.ours, s.theirs = e.temporary(t, db), e.temporary(t, db)
	n := scale(10_000, 256)
	s.users, s.rows = s.ours.fill(t, s.template, n), s.theirs.fill(t, s.template, n)
	s.v = s.verifier(t, s.ours.store(t))
	store, err := sqlstore.New(db, e.dialect, &sqlstore.Options{Table: s.ours.table, Unshared: true})
	must(err)
	s.unshared = s.verifier(t, store)
	s.verify(s.v, s.users[0], s.code())
	used, err := store.Load(s.ctx, s.users[0])
	must(err)
	s.hand = s.theirs.byHand(len(used.Data), false)
	return s
}

func (s *storm) verifier(tb testing.TB, store factor.Store) *factor.Verifier {
	return newVerifier(tb, store, &factor.Options{Now: s.now.now})
}

// code returns the next step's code, which is right for everybody.
func (s *storm) code() string { return codeOf(s.template.devices[0], s.now.advance(30*time.Second)) }

func (s *storm) verify(v *factor.Verifier, user, right string) {
	_, err := v.VerifyOTP(s.ctx, user, right, factor.KindDeviceTOTP)
	must(err)
}

// check verifies the codes of so many users, one each.
func (s *storm) check(v *factor.Verifier, users []string, callers, n int) (time.Duration, []time.Duration) {
	right := s.code()
	return crowd(callers, n, func(i int) { s.verify(v, users[i], right) })
}

func (s *storm) checkByHand(callers, n int) (time.Duration, []time.Duration) {
	return crowd(callers, n, func(i int) { s.hand.checkUntilWon(s.ctx, s.rows[i]) })
}

func (s *storm) add(what, target, value string) {
	measured.add(9, what+" on "+s.engine.name, target, value)
}

// alone compares one caller with one whose Store shares nothing.
func (s *storm) alone() {
	n := scale(400, 4)
	rate := rateRatio(scale(15, 2), n, func(n int) time.Duration {
		took, _ := s.check(s.v, s.users, 1, n)
		return took
	}, func(n int) time.Duration {
		took, _ := s.check(s.unshared, s.users, 1, n)
		return took
	})
	s.add("rate of `VerifyOTP` of one caller against `Unshared`", "≥ 0.97", rate.String())
	s.point(1, n)
}

// A load is one side of a comparison, and what its rounds took.
type load struct {
	rates     []float64
	each      []time.Duration
	processor time.Duration
}

// watch returns a side of loads that keeps what it took.
func (s *storm) watch(l *load, do func() (time.Duration, []time.Duration)) func() (time.Duration, []time.Duration) {
	m := meter{s.ours.db, s.engine}
	return func() (time.Duration, []time.Duration) {
		before := m.taken()
		took, each := do()
		l.processor += m.taken() - before
		l.rates = append(l.rates, float64(len(each))/took.Seconds())
		l.each = append(l.each, each...)
		return took, each
	}
}

func (s *storm) distinct(callers int, wantRate, wantTail, wantStatements string) {
	n := scale(min(len(s.users), 64*callers), callers)
	var ours, theirs load
	rate, tail := loads(scale(15, 1),
		s.watch(&ours, func() (time.Duration, []time.Duration) { return s.check(s.v, s.users, callers, n) }),
		s.watch(&theirs, func() (time.Duration, []time.Duration) { return s.checkByHand(callers, n) }))
	of := fmt.Sprintf("`VerifyOTP`, %d callers with a user each,", callers)
	s.add("rate of "+of+" against SELECT and UPDATE by hand", wantRate, rate.String())
	s.add("99th percentile of "+of+" against that by hand", wantTail, tail.String())
	s.add(fmt.Sprintf("median and 99th percentile, %d callers, and by hand", callers), "", fmt.Sprintf("%s and %s; %s and %s",
		percent(ours.each, 0.5), percent(ours.each, 0.99), percent(theirs.each, 0.5), percent(theirs.each, 0.99)))
	s.add(fmt.Sprintf("processor time of a call, client and server, %d callers, and by hand", callers), "",
		fmt.Sprintf("%d µs; %d µs", ours.of().Microseconds(), theirs.of().Microseconds()))
	s.add("statements of a call of "+of, wantStatements, fmt.Sprintf("%.2f", s.statements(callers, n)))
	throughput.add(s.engine.name, callers, &ours, &theirs)
}

// of returns the processor time of an operation.
func (l *load) of() time.Duration { return l.processor / time.Duration(len(l.each)) }

// point adds a point to the picture without a row in the table.
func (s *storm) point(callers, n int) {
	var ours, theirs load
	loads(scale(7, 1),
		s.watch(&ours, func() (time.Duration, []time.Duration) { return s.check(s.v, s.users, callers, n) }),
		s.watch(&theirs, func() (time.Duration, []time.Duration) { return s.checkByHand(callers, n) }))
	throughput.add(s.engine.name, callers, &ours, &theirs)
}

func percent(all []time.Duration, share float64) string {
	return fmt.Sprintf("%.2f ms", percentile(all, share).Seconds()*1e3)
}

// statements counts those of a call.
func (s *storm) statements(callers, n int) float64 {
	db, tap := s.ours.tapped(s.dsn)
	defer db.Close()
	store, err := sqlstore.New(db, s.engine.dialect, &sqlstore.Options{Table: s.ours.table})
	must(err)
	v, err := factor.NewVerifier(store, s.template.keys, &factor.Options{Now: s.now.now})
	must(err)
	s.check(v, s.users, callers, n)
	before := tap.sent.Load()
	s.check(v, s.users, callers, n)
	return float64(tap.sent.Load()-before) / float64(n)
}

// issues measures codes that are issued without a proof, to users who have a record
// and to such who have none.
func (s *storm) issues() {
	rounds, n := scale(11, 1), scale(4096, manyCallers)
	issuer := factor.NewOTPIssuer(s.v)
	issue := func(user string) {
		_, err := issuer.IssueUnproven(s.ctx, user, factor.KindLogin)
		must(err)
	}
	due := s.theirs.byHand(len(s.hand.data[0]), true)
	rate, _ := loads(rounds,
		func() (time.Duration, []time.Duration) {
			return crowd(manyCallers, n, func(i int) { issue(s.users[i]) })
		},
		func() (time.Duration, []time.Duration) {
			return crowd(manyCallers, n, func(i int) { due.checkUntilWon(s.ctx, s.rows[i]) })
		})
	s.add(fmt.Sprintf("rate of `IssueUnproven`, %d callers, against SELECT and UPDATE by hand", manyCallers), "≥ 1", rate.String())
	round := 0
	fresh := func(i int) string { return fmt.Sprintf("nobody %d of round %d", i, round) }
	rate, _ = loads(rounds,
		func() (time.Duration, []time.Duration) {
			round++
			return crowd(manyCallers, n, func(i int) { issue(fresh(i)) })
		},
		func() (time.Duration, []time.Duration) {
			round++
			return crowd(manyCallers, n, func(i int) { due.insert(s.ctx, fresh(i)) })
		})
	s.add(fmt.Sprintf("rate of the same for users without a record, %d callers, against SELECT and INSERT by hand", manyCallers), "≥ 1", rate.String())
}

// hot has half of all calls issue codes to ten users, and the others to all.
func (s *storm) hot() {
	const hot = 10
	rounds, n := scale(9, 1), scale(2048, manyCallers)
	pick := func(i int) int {
		if i%2 == 0 {
			return mathrand.IntN(hot)
		}
		return hot + mathrand.IntN(len(s.users)-hot)
	}
	issuer, due := factor.NewOTPIssuer(s.v), s.theirs.byHand(len(s.hand.data[0]), true)
	rate, tail := loads(rounds,
		func() (time.Duration, []time.Duration) {
			return crowd(manyCallers, n, func(i int) {
				_, err := issuer.IssueUnproven(s.ctx, s.users[pick(i)], factor.KindLogin)
				must(err)
			})
		},
		func() (time.Duration, []time.Duration) {
			return crowd(manyCallers, n, func(i int) { due.checkUntilWon(s.ctx, s.rows[pick(i)]) })
		})
	what := fmt.Sprintf("`IssueUnproven`, %d callers, half of them on %d of %d users,", manyCallers, hot, len(s.users))
	s.add("rate of "+what+" against SELECT and UPDATE by hand", "", rate.String())
	s.add("99th percentile of the same", "", tail.String())
}

// mixed has one call in ten issue a code.
func (s *storm) mixed() {
	rounds, n := scale(9, 1), scale(4096, manyCallers)
	issuer := factor.NewOTPIssuer(s.v)
	rate, tail := loads(rounds,
		func() (time.Duration, []time.Duration) {
			right := s.code()
			return crowd(manyCallers, n, func(i int) {
				if i%10 == 0 {
					_, err := issuer.IssueUnproven(s.ctx, s.users[i], factor.KindLogin)
					must(err)
					return
				}
				s.verify(s.v, s.users[i], right)
			})
		},
		func() (time.Duration, []time.Duration) { return s.checkByHand(manyCallers, n) })
	s.add(fmt.Sprintf("rate of 90 %% checks and 10 %% issues, %d callers, against SELECT and UPDATE by hand", manyCallers), "", rate.String())
	s.add("99th percentile of the same", "", tail.String())
}

// growth compares the rate in a large table with that in a small one.
func (s *storm) growth(t *testing.T) {
	l := largeTable(t, s.engine)
	n := few()
	small := s.engine.temporary(t, l.records.db)
	among, alone := s.verifier(t, l.records.store(t)), s.verifier(t, small.store(t))
	users, secret := small.fill(t, l.template, n), l.template.devices[0]
	anywhere := make([]string, n)
	for i := range anywhere {
		anywhere[i] = l.users[mathrand.IntN(len(l.users)/n)+i*(len(l.users)/n)]
	}
	check := func(v *factor.Verifier, users []string) func() (time.Duration, []time.Duration) {
		return func() (time.Duration, []time.Duration) {
			right := codeOf(secret, s.now.advance(30*time.Second))
			return crowd(manyCallers, n, func(i int) { s.verify(v, users[i], right) })
		}
	}
	rate, tail := loads(scale(25, 1), check(among, anywhere), check(alone, users))
	s.add(fmt.Sprintf("rate of `VerifyOTP`, %d callers, with %d users against %d", manyCallers, many(), n), "", rate.String())
	s.add("99th percentile of the same", "", tail.String())
}
