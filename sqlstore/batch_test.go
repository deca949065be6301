package sqlstore

import (
	"context"
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

type valueKey struct{}

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
