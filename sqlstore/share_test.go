package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

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
	"PostgreSQL": {stateError("40001"), stateError("40P01"), stateError("55P03"), stateError("22021"), stateError("23514"), stateError("42501"), stateError("54000")},
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

// Whoever gives up takes nobody along, neither the one whose context values the
// statement has nor any other. The last one does end it.
func TestACancellationIsNobodyElses(t *testing.T) {
	meet(t, everyKind, func(m *meeting, server string) {
		asked, goOn := make(chan context.Context, 10), make(chan struct{})
		m.reply = func(ctx context.Context, s *sent) *reply {
			if s.shared {
				asked <- ctx
				<-goOn
			}
			return nil
		}
		first, leaveFirst := context.WithCancel(context.WithValue(m.Context(), valueKey{}, "value"))
		second, leaveSecond := context.WithCancel(m.Context())
		one, other, third := m.ask(first, "one"), m.ask(second, "other"), m.ask(m.Context(), "third")
		m.letGo()
		ctx := <-asked
		leaveFirst()
		leaveSecond()
		for _, got := range []<-chan answer{one, other} {
			if answer := <-got; !errors.Is(answer.err, context.Canceled) || errors.Is(answer.err, factor.ErrConflict) {
				m.Errorf("who gave up is answered %v", answer.err)
			}
		}
		if ctx.Err() != nil || ctx.Value(valueKey{}) != "value" {
			m.Errorf("the context of the statement has ended, %v, or has no value", ctx.Err())
		}
		close(goOn)
		if answer := <-third; answer.err != nil {
			m.Errorf("who stayed is answered %v", answer.err)
		}
	})
}

type valueKey struct{}

func TestTheLastToGiveUpEndsTheStatement(t *testing.T) {
	meet(t, everyKind, func(m *meeting, server string) {
		m.reply = func(ctx context.Context, s *sent) *reply {
			if s.shared {
				<-ctx.Done()
				return &reply{err: ctx.Err()}
			}
			return nil
		}
		ctx, leave := context.WithCancel(m.Context())
		one, other := m.ask(ctx, "one"), m.ask(ctx, "other")
		m.letGo()
		leave()
		for _, got := range []<-chan answer{one, other} {
			if answer := <-got; !errors.Is(answer.err, context.Canceled) {
				m.Errorf("answered %v", answer.err)
			}
		}
		synctest.Wait()
		if n := m.db.Stats().InUse; n != 0 {
			m.Errorf("%d connections are in use", n)
		}
		if m.server.closed == 0 {
			m.Error("the connection went back, with the statement perhaps still running")
		}
	})
}

// Whoever gives up in the queue is not asked for.
func TestWhoGivesUpWhileWaitingIsLeftOut(t *testing.T) {
	meet(t, everyKind, func(m *meeting, server string) {
		ctx, leave := context.WithCancel(m.Context())
		gone := m.ask(ctx, "gone")
		stays := m.asks(2)
		leave()
		if answer := <-gone; !errors.Is(answer.err, context.Canceled) {
			m.Errorf("answered %v", answer.err)
		}
		m.letGo()
		for _, got := range stays {
			if answer := <-got; answer.err != nil {
				m.Error(answer.err)
			}
		}
		for _, s := range m.server.sent {
			if strings.Contains(fmt.Sprint(s.users), "gone") {
				m.Errorf("sent %q for %q", s.verb(), s.users)
			}
		}
	})
}

// A statement that waits for somebody holds up those who share it, and the others
// for 50 ms.
func TestALaneThatTakesTooLongIsGivenToOthers(t *testing.T) {
	meet(t, everyKind, func(m *meeting, server string) {
		began := time.Now()
		all := m.asks(2)
		for _, got := range all {
			if answer := <-got; answer.err != nil {
				m.Error(answer.err)
			}
		}
		if took := time.Since(began); took != lanePatience {
			m.Errorf("they waited for %v", took)
		}
		if got := <-m.ask(m.Context(), "later"); got.err != nil {
			m.Error(got.err)
		}
		if took := time.Since(began); took != lanePatience {
			m.Errorf("who came later waited for %v", took-lanePatience)
		}
		m.letGo()
		if n := len(m.store.share.of(1, someRecord).lanes) + len(m.store.share.load.lanes); n != 0 {
			m.Errorf("%d lanes are in use", n)
		}
	})
}

// Where many wait, they do not wait for a small batch to end, nor for a large one if
// they are as many.
func TestASecondLaneOpensForACrowd(t *testing.T) {
	meet(t, everyKind, func(m *meeting, server string) {
		m.asks(crowdSize - 1)
		if got := m.verbs(); got != "" {
			m.Fatalf("sent %q beside the first", got)
		}
		one := m.ask(m.Context(), "one more")
		if answer := <-one; answer.err != nil || m.verbs() != m.kind.together[server] {
			m.Fatalf("%v, and sent %q beside the first", answer.err, m.verbs())
		}
		m.letGo()
	})
}

func TestABatchIsBounded(t *testing.T) {
	meet(t, []requestKind{updates}, func(m *meeting, server string) {
		m.kind.ask = func(ctx context.Context, s *Store, user string) answer {
			return answer{err: s.CompareAndSwap(ctx, user, 1, factor.Record{Version: 2, Data: make([]byte, batchBytes/4)})}
		}
		all := m.asks(5)
		m.letGo()
		for _, got := range all {
			if answer := <-got; answer.err != nil {
				m.Error(answer.err)
			}
		}
		if got, want := m.verbs(), m.kind.together[server]+" "+m.kind.together[server]; got != want {
			m.Errorf("sent %q, want %q", got, want)
		}
	})
}

// A driver that panics or ends the goroutine leaves nobody without an answer, and
// the next ones are served.
func TestThreat33DriverTornOffInAShare(t *testing.T) {
	for way, leave := range ways {
		t.Run(way, func(t *testing.T) {
			meet(t, everyKind, func(m *meeting, server string) {
				for at := range len(strings.Fields(m.kind.together[server])) {
					if at > 0 {
						m = newMeeting(m.T, shapes[server], m.kind)
					}
					left, n := false, 0
					m.reply = func(context.Context, *sent) *reply {
						if n++; n == at+1 && !left {
							left = true
							leave()
						}
						return nil
					}
					all := m.asks(3)
					m.letGo()
					for i, got := range all {
						if answer := <-got; answer.err == nil || errors.Is(answer.err, factor.ErrConflict) {
							m.Errorf("statement %d: user %d is answered %v", at+1, i, answer.err)
						}
					}
					for i, got := range append(m.asks(3), m.ask(m.Context(), "another")) {
						if answer := <-got; answer.err != nil {
							m.Errorf("statement %d: afterwards user %d is answered %v", at+1, i, answer.err)
						}
					}
					if m.server.closed == 0 {
						m.Errorf("statement %d: the connection was not closed", at+1)
					}
				}
			})
		})
	}
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

// On MySQL the commit is a statement of its own.
func TestABatchOnMySQLIsCommittedOnlyIfAllIsWell(t *testing.T) {
	down := errors.New("down")
	for name, c := range map[string]struct {
		fails  map[string]error
		sent   string
		open   bool // whether the outcome is
		closed int
	}{
		"nothing fails":            {nil, "begin SELECT UPDATE commit", false, 0},
		"BEGIN":                    {map[string]error{"begin": down}, "begin update update", false, 1},
		"the locks":                {map[string]error{"SELECT": down}, "begin SELECT rollback update update", false, 0},
		"a deadlock":               {map[string]error{"SELECT": &numberError{Number: 1213}}, "begin SELECT rollback update update", false, 0},
		"the update":               {map[string]error{"UPDATE": down}, "begin SELECT UPDATE rollback update update", false, 0},
		"the update, and ROLLBACK": {map[string]error{"UPDATE": down, "rollback": down}, "begin SELECT UPDATE rollback update update", false, 1},
		"the count":                {map[string]error{"count": nil}, "begin SELECT UPDATE rollback update update", false, 0},
		"COMMIT":                   {map[string]error{"commit": down}, "begin SELECT UPDATE commit", true, 1},
		"COMMIT, by a conflict":    {map[string]error{"commit": &numberError{Number: 1213}}, "begin SELECT UPDATE commit update update", false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMeeting(t, shapes["MySQL"], updates)
				m.reply = func(_ context.Context, s *sent) *reply {
					if _, ok := c.fails["count"]; ok && s.verb() == "UPDATE" {
						return &reply{changed: 1}
					}
					if err := c.fails[s.verb()]; err != nil {
						return &reply{err: err}
					}
					return nil
				}
				all := m.asks(2)
				m.letGo()
				for _, got := range all {
					if answer := <-got; errors.Is(answer.err, down) != c.open || !c.open && answer.err != nil {
						t.Errorf("answered %v", answer.err)
					}
				}
				if got := m.verbs(); got != c.sent || m.server.closed != c.closed {
					t.Errorf("sent %q and closed %d connections, want %q and %d", got, m.server.closed, c.sent, c.closed)
				}
			})
		})
	}
}

// Where none of the rows is to be had, nothing is committed.
func TestABatchOnMySQLWithoutARowIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeeting(t, shapes["MySQL"], updates)
		m.reply = func(_ context.Context, s *sent) *reply {
			if s.shared {
				return &reply{}
			}
			return nil
		}
		all := m.asks(2)
		m.letGo()
		for _, got := range all {
			if answer := <-got; answer.err != nil {
				t.Error(answer.err)
			}
		}
		if got := m.verbs(); got != "begin SELECT rollback update update" {
			t.Errorf("sent %q", got)
		}
	})
}

// Without a connection nothing was asked.
func TestABatchThatHasNoConnectionGoesBack(t *testing.T) {
	meet(t, everyKind, func(m *meeting, server string) {
		all := m.asks(2)
		_ = m.db.Close()
		m.letGo()
		for _, got := range all {
			if answer := <-got; answer.err == nil || errors.Is(answer.err, factor.ErrConflict) {
				m.Errorf("answered %v", answer.err)
			}
		}
	})
}

func TestNobodyIsLeftBehindWhateverHappens(t *testing.T) {
	meet(t, everyKind, func(m *meeting, server string) {
		var n atomic.Int64
		m.reply = func(context.Context, *sent) *reply {
			switch n.Add(1) % 4 {
			case 0:
				runtime.Goexit()
			case 1:
				panic("down")
			case 2:
				return &reply{err: errors.New("down")}
			}
			return nil
		}
		var all []<-chan answer
		for i := range 300 {
			all = append(all, m.torn(fmt.Sprint(i%100)))
		}
		m.letGo()
		for _, got := range all {
			<-got
		}
	})
}

// torn is ask for those who may be torn off.
func (m *meeting) torn(user string) <-chan answer {
	got := make(chan answer, 1)
	go func() {
		a := answer{err: errAbandoned}
		defer func() {
			_ = recover()
			got <- a
		}()
		a = m.kind.ask(m.Context(), m.store, user)
	}()
	synctest.Wait()
	return got
}

// A server that turns out to be a node of a cluster may have made the statement
// twice, and have returned what only the first one has written.
func TestRowsOfANodeThatWasNoneAreNotBelieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := shapes["MariaDB"]
		h.variables = [][]driver.Value{{"wsrep_on", "OFF"}}
		m := newMeeting(t, h, updates)
		m.reply = func(_ context.Context, s *sent) *reply {
			r := s.rowsOf()
			if s.shared && strings.HasSuffix(s.text, ", @@wsrep_on") {
				for i := range r.rows {
					r.rows[i] = append(r.rows[i], int64(1))
				}
			}
			return r
		}
		all := m.asks(3)
		m.letGo()
		for _, got := range all {
			if answer := <-got; !errors.Is(answer.err, errNode) || errors.Is(answer.err, factor.ErrConflict) {
				t.Errorf("answered %v", answer.err)
			}
		}
		m.held = make(chan struct{})
		m.first = m.ask(t.Context(), "first")
		all = m.asks(3)
		m.letGo()
		for _, got := range all {
			if answer := <-got; answer.err != nil {
				t.Errorf("afterwards answered %v", answer.err)
			}
		}
		if got, want := m.verbs(), "INSERT update begin INSERT commit"; got != want {
			t.Errorf("sent %q, want %q", got, want)
		}
	})
}
