package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/knowhave/factor"
)

var everyKind = []requestKind{loads, updates, inserts}

func TestThoseWhoComeMeanwhileShareAStatement(t *testing.T) {
	meet(t, everyKind, func(m *meeting, server string) {
		all := m.asks(5)
		m.letGo()
		for i, got := range all {
			answer := <-got
			if want := fmt.Sprintf("of user %d", i); answer.err != nil || m.kind.name == "load" && string(answer.record.Data) != want {
				m.Errorf("user %d is answered %q, %v", i, answer.record.Data, answer.err)
			}
		}
		if got := m.verbs(); got != m.kind.together[server] {
			m.Errorf("sent %q, want %q", got, m.kind.together[server])
		}
	})
}

func TestWhoMeetsNobodySendsTheStatementOfOldAtOnce(t *testing.T) {
	meet(t, everyKind, func(m *meeting, server string) {
		m.letGo()
		for i := range 3 {
			if got := <-m.ask(m.Context(), fmt.Sprint(i)); got.err != nil {
				m.Fatal(got.err)
			}
		}
		one := m.ask(m.Context(), "one")
		if got, want := m.verbs(), strings.Repeat(m.kind.alone+" ", 3)+m.kind.alone; got != want || (<-one).err != nil {
			m.Errorf("sent %q, want %q", got, want)
		}
	})
}

// One who waits alone shares with nobody.
func TestOneWhoWaitsSendsItsOwnStatement(t *testing.T) {
	meet(t, everyKind, func(m *meeting, server string) {
		one := m.ask(m.Context(), "one")
		m.letGo()
		if got := <-one; got.err != nil || m.verbs() != m.kind.alone {
			m.Errorf("%v, sent %q, want %q", got.err, m.verbs(), m.kind.alone)
		}
	})
}

// A row that is not returned is locked elsewhere, or has another version: its caller
// finds out, and nobody else waits for that.
func TestARowThatIsNotReturnedIsNotTaken(t *testing.T) {
	meet(t, swaps, func(m *meeting, server string) {
		lost := make(chan struct{})
		m.reply = func(_ context.Context, s *sent) *reply {
			if !s.shared {
				if s.users == nil { // BEGIN and COMMIT
					return nil
				}
				<-lost
				return &reply{}
			}
			r := s.rowsOf()
			if s.verb() != "UPDATE" {
				r.rows = r.rows[:len(r.rows)-1]
			}
			return r
		}
		all := m.asks(4)
		m.letGo()
		for i, got := range all[:3] {
			if answer := <-got; answer.err != nil {
				m.Errorf("user %d is answered %v", i, answer.err)
			}
		}
		if len(all[3]) != 0 || !strings.HasSuffix(m.verbs(), " "+m.kind.alone) {
			m.Fatalf("sent %q; want the last one on its own at the end", m.verbs())
		}
		close(lost)
		if answer := <-all[3]; answer.err != factor.ErrConflict {
			m.Errorf("the last one is answered %v", answer.err)
		}
	})
}

// A row that was returned with another version was written by somebody else.
func TestARowOfAnotherVersionIsNotTaken(t *testing.T) {
	meet(t, swaps, func(m *meeting, server string) {
		m.reply = func(_ context.Context, s *sent) *reply {
			if !s.shared {
				return &reply{}
			}
			r := s.rowsOf()
			for _, row := range r.rows {
				row[1] = int64(77)
			}
			return r
		}
		all := m.asks(2)
		m.letGo()
		for _, got := range all {
			if answer := <-got; answer.err != factor.ErrConflict {
				m.Errorf("answered %v", answer.err)
			}
		}
	})
}

// Rows may arrive before the commit.
func TestRowsCountOnlyIfTheyEndWithoutAnError(t *testing.T) {
	down := errors.New("down")
	meet(t, swaps, func(m *meeting, server string) {
		m.reply = func(_ context.Context, s *sent) *reply {
			r := s.rowsOf()
			r.end = down
			return r
		}
		all := m.asks(2)
		m.letGo()
		for _, got := range all {
			if answer := <-got; !errors.Is(answer.err, down) || errors.Is(answer.err, factor.ErrConflict) {
				m.Errorf("answered %v", answer.err)
			}
		}
		if got := m.verbs(); got != m.kind.together[server] {
			m.Errorf("sent %q: what may have been written was written again", got)
		}
	}, "MySQL", "Galera")
}

// refusals are errors that say that nothing was written.
var refusals = map[string][]error{
	"PostgreSQL": {stateError("40001"), stateError("40P01"), stateError("55P03"), stateError("22021"), stateError("23514"), stateError("42501"), stateError("54000"), stateError("P0001"), stateError("45000")},
	"MariaDB":    {&numberError{Number: 1213}, &numberError{Number: 1205}, &numberError{Number: 1020}, &numberError{Number: 1406}, &numberError{Number: 1290}},
	"MySQL":      {&numberError{Number: 1213}, errors.New("down")}, // before the COMMIT
	"Galera":     {&numberError{Number: 1213}, errors.New("down")},
}

// What was refused for certain, for whosever sake, each does again, and only one of
// them meets what it was refused for.
func TestABatchThatIsRefusedGoesBackToItsCallers(t *testing.T) {
	meet(t, swaps, func(m *meeting, server string) {
		for i, err := range refusals[server] {
			if i > 0 {
				m = newMeeting(m.T, shapes[server], m.kind)
			}
			m.reply = func(_ context.Context, s *sent) *reply {
				if s.shared || s.users != nil && s.users[0] == "user 1" {
					return &reply{err: err}
				}
				return nil
			}
			all := m.asks(3)
			m.letGo()
			for i, got := range all {
				if answer := <-got; (answer.err == nil) != (i != 1) {
					m.Errorf("after %v user %d is answered %v", err, i, answer.err)
				}
			}
		}
	})
}

// Whatever may have been written is open for each of them.
func TestAnUncertainErrorIsThatOfEach(t *testing.T) {
	uncertain := map[string][]error{
		"PostgreSQL": {errors.New("down"), driver.ErrBadConn, stateError("57014"), stateError("57P01"), stateError("40003"), stateError("08006"), stateError("")},
		"MariaDB":    {errors.New("down"), driver.ErrBadConn, &numberError{Number: 1180}, &numberError{Number: 1317}, &numberError{Number: 1047}, &numberError{}},
	}
	meet(t, swaps, func(m *meeting, server string) {
		for i, err := range uncertain[server] {
			if i > 0 {
				m = newMeeting(m.T, shapes[server], m.kind)
			}
			m.reply = func(context.Context, *sent) *reply { return &reply{err: err} }
			all := m.asks(3)
			m.letGo()
			for _, got := range all {
				if answer := <-got; !errors.Is(answer.err, err) || errors.Is(answer.err, factor.ErrConflict) {
					m.Errorf("after %v answered %v", err, answer.err)
				}
			}
			if got := m.verbs(); got != m.kind.together[server] {
				m.Errorf("after %v sent %q", err, got)
			}
		}
	}, "MySQL", "Galera")
}

// A load that fails has changed nothing.
func TestALoadThatFailsTogetherIsMadeAgain(t *testing.T) {
	meet(t, []requestKind{loads}, func(m *meeting, server string) {
		m.reply = func(_ context.Context, s *sent) *reply {
			if s.shared {
				return &reply{rows: s.rowsOf().rows[:1], end: errors.New("down")}
			}
			return nil
		}
		all := m.asks(3)
		m.letGo()
		for i, got := range all {
			if answer := <-got; answer.err != nil || string(answer.record.Data) != fmt.Sprintf("of user %d", i) {
				m.Errorf("user %d is answered %q, %v", i, answer.record.Data, answer.err)
			}
		}
		if got := m.verbs(); got != "SELECT select select select" {
			m.Errorf("sent %q", got)
		}
	})
}

func TestWhoHasNoRecordIsToldSo(t *testing.T) {
	meet(t, []requestKind{loads}, func(m *meeting, server string) {
		m.reply = func(_ context.Context, s *sent) *reply { return &reply{rows: s.rowsOf().rows[1:]} }
		all := m.asks(2)
		m.letGo()
		if nobody, somebody := <-all[0], <-all[1]; nobody.err != nil || !nobody.record.IsZero() || somebody.err != nil || somebody.record.Version != 1 {
			m.Errorf("answered %+v and %+v", nobody, somebody)
		}
	})
}

func TestLoadsOfOneUserHaveDataOfTheirOwn(t *testing.T) {
	meet(t, []requestKind{loads}, func(m *meeting, server string) {
		one, other := m.ask(m.Context(), "alice"), m.ask(m.Context(), "alice")
		m.letGo()
		a, b := <-one, <-other
		clear(a.record.Data)
		if string(b.record.Data) != "of alice" || a.err != nil || b.err != nil {
			m.Errorf("answered %q, %v and %v", b.record.Data, a.err, b.err)
		}
	})
}

// Two swaps of one user cannot share a statement, which would write over the row
// once.
func TestTheSecondSwapOfAUserIsMadeOnItsOwn(t *testing.T) {
	meet(t, swaps, func(m *meeting, server string) {
		one, other, third := m.ask(m.Context(), "alice"), m.ask(m.Context(), "bob"), m.ask(m.Context(), "alice")
		m.letGo()
		for _, got := range []<-chan answer{one, other, third} {
			if answer := <-got; answer.err != nil {
				m.Error(answer.err)
			}
		}
		if got, want := m.verbs(), m.kind.together[server]+" "+m.kind.alone; got != want {
			m.Errorf("sent %q, want %q", got, want)
		}
	})
}

func TestUnsharedSharesNothing(t *testing.T) {
	meet(t, everyKind, func(m *meeting, server string) {
		m.store = m.newStore(&Options{Unshared: true})
		all := m.asks(3)
		for _, got := range all {
			if answer := <-got; answer.err != nil {
				m.Error(answer.err)
			}
		}
		if got, want := m.verbs(), m.kind.alone+" "+m.kind.alone+" "+m.kind.alone; got != want {
			m.Errorf("sent %q, want %q", got, want)
		}
		m.letGo()
	})
}

func TestRemovalsAreNotShared(t *testing.T) {
	meet(t, []requestKind{updates}, func(m *meeting, server string) {
		m.kind.ask = func(ctx context.Context, s *Store, user string) answer {
			return answer{err: s.CompareAndSwap(ctx, user, 1, factor.Record{})}
		}
		all := m.asks(2)
		for _, got := range all {
			if answer := <-got; answer.err != nil {
				m.Error(answer.err)
			}
		}
		m.letGo()
	})
}

// The text of an error that many share quotes none of them.
func TestASharedErrorQuotesNobody(t *testing.T) {
	meet(t, swaps, func(m *meeting, server string) {
		m.reply = func(context.Context, *sent) *reply {
			return &reply{err: errors.New("no room for user 0 beside sealed")}
		}
		all := m.asks(2)
		m.letGo()
		for _, got := range all {
			if answer := <-got; answer.err == nil || strings.Contains(answer.err.Error(), "user 0") || strings.Contains(answer.err.Error(), "sealed") {
				m.Errorf("answered %v", answer.err)
			}
		}
	}, "MySQL", "Galera")
}
