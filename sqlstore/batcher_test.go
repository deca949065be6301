package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/knowhave/factor"
)

// queued is a store whose first write, of alice, is held up until the others
// that a test starts have queued up.
type queued struct {
	*testing.T
	store  *Store
	server *fakeServer
	// answer is what statements other than the first get.
	answer  func(query string) (changed int64, err error)
	release chan struct{}
	first   chan error
}

func newQueued(t *testing.T) *queued {
	q := &queued{T: t, release: make(chan struct{}), first: make(chan error, 1)}
	q.answer = func(string) (int64, error) { return 1, nil }
	held := false
	q.server = &fakeServer{answer: func(query string, _ []driver.NamedValue) ([][]driver.Value, error) {
		if !held {
			held = true
			<-q.release
			return [][]driver.Value{{int64(1)}}, nil
		}
		changed, err := q.answer(query)
		return [][]driver.Value{{changed}}, err
	}}
	db := openFake(t, q.server)
	q.store = &Store{db: db, dialect: SQLite, text: SQLite.statements, share: SQLite.batchers(db, sharing{update: writeTogetherOnSQLite, serial: true}, false)}
	go func() { q.first <- q.store.CompareAndSwap(t.Context(), "alice", 0, someRecord) }()
	synctest.Wait()
	return q
}

// swap starts the swap of a user and lets it queue up.
func (q *queued) swap(ctx context.Context, user string) <-chan error {
	answer := make(chan error, 1)
	go func() { answer <- q.store.CompareAndSwap(ctx, user, 0, someRecord) }()
	synctest.Wait()
	return answer
}

// swaps lets the swaps of so many users queue up, and returns what they are
// answered and what was sent after the first one.
func (q *queued) swaps(n int) (errs []error, sent string) {
	var answers []<-chan error
	for i := range n {
		answers = append(answers, q.swap(q.Context(), fmt.Sprintf("user %d", i)))
	}
	close(q.release)
	if err := <-q.first; err != nil {
		q.Fatal(err)
	}
	for _, answer := range answers {
		errs = append(errs, <-answer)
	}
	synctest.Wait()
	var verbs []string
	for _, query := range q.server.asked[1:] {
		verbs = append(verbs, strings.Fields(query)[0])
	}
	return errs, strings.Join(verbs, " ")
}

// whenQueued runs a test with a store that is being written to.
func whenQueued(t *testing.T, test func(q *queued)) {
	synctest.Test(t, func(t *testing.T) { test(newQueued(t)) })
}

func TestAWriteThatMeetsNoOtherIsOneStatement(t *testing.T) {
	whenQueued(t, func(q *queued) {
		if _, sent := q.swaps(0); sent != "" {
			t.Errorf("after it, %q was sent", sent)
		}
		if len(q.store.share.update.lanes) > 0 {
			t.Error("the lane is taken for busy")
		}
	})
}

func TestWritesThatComeMeanwhileShareATransaction(t *testing.T) {
	whenQueued(t, func(q *queued) {
		inserts := 0
		q.answer = func(query string) (int64, error) {
			if strings.HasPrefix(query, "INSERT") {
				inserts++
			}
			return int64(inserts % 2), nil // every second one is lost
		}
		errs, sent := q.swaps(4)
		if want := "BEGIN INSERT INSERT INSERT INSERT COMMIT"; sent != want {
			t.Errorf("sent %s, want %s", sent, want)
		}
		for i, err := range errs {
			if lost := i%2 == 1; lost && err != factor.ErrConflict || !lost && err != nil {
				t.Errorf("swap %d = %v; lost should be %v", i, err, lost)
			}
		}
		if len(q.store.share.update.lanes) > 0 {
			t.Error("the lane is taken for busy")
		}
	})
}

func TestNobodyIsAnsweredBeforeTheCommit(t *testing.T) {
	whenQueued(t, func(q *queued) {
		commit := make(chan struct{})
		q.answer = func(query string) (int64, error) {
			if query == "COMMIT" {
				<-commit
			}
			return 1, nil
		}
		answers := []<-chan error{q.swap(q.Context(), "bob"), q.swap(q.Context(), "carol")}
		close(q.release)
		synctest.Wait()
		if q.server.saw("COMMIT") != 1 || len(answers[0]) != 0 || len(answers[1]) != 0 {
			t.Errorf("%d and %d answers before the commit", len(answers[0]), len(answers[1]))
		}
		close(commit)
		for _, answer := range answers {
			if err := <-answer; err != nil {
				t.Error(err)
			}
		}
	})
}

// What fails before the commit has written nothing, so that each write can be
// made on its own.
func TestWritesOfATransactionThatFailsAreMadeOneByOne(t *testing.T) {
	down := errors.New("down")
	for name, c := range map[string]struct {
		fails  []string
		err    error
		sent   string
		opened int
	}{
		"at its beginning":                        {[]string{"BEGIN"}, down, "BEGIN INSERT INSERT", 2},
		"at its beginning, because it is busy":    {[]string{"BEGIN"}, &methodError{5}, "BEGIN INSERT INSERT", 1},
		"at its beginning, busy with a snapshot":  {[]string{"BEGIN"}, &methodError{517}, "BEGIN INSERT INSERT", 2},
		"in a statement":                          {[]string{"INSERT"}, down, "BEGIN INSERT ROLLBACK INSERT INSERT", 1},
		"in a statement, and is not rolled back":  {[]string{"INSERT", "ROLLBACK"}, down, "BEGIN INSERT ROLLBACK INSERT INSERT", 2},
		"where no connection is to be had at all": {nil, down, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			whenQueued(t, func(q *queued) {
				failing := c.fails
				q.answer = func(query string) (int64, error) {
					if len(failing) > 0 && strings.HasPrefix(query, failing[0]) {
						failing = failing[1:]
						return 0, c.err
					}
					return 1, nil
				}
				if c.fails == nil {
					_ = q.store.db.Close()
				}
				errs, sent := q.swaps(2)
				for i, err := range errs {
					if (err != nil) != (c.fails == nil) || errors.Is(err, factor.ErrConflict) {
						t.Errorf("swap %d = %v", i, err)
					}
				}
				if sent != c.sent {
					t.Errorf("sent %s, want %s", sent, c.sent)
				}
				if q.server.opened != c.opened {
					t.Errorf("%d connections were opened, want %d: one whose transaction may be open must not be used again", q.server.opened, c.opened)
				}
			})
		})
	}
}

// Whoever shares a commit that fails is told so: whether it was written is open.
func TestWritesShareTheFaultOfTheirCommit(t *testing.T) {
	down := errors.New("down")
	whenQueued(t, func(q *queued) {
		q.answer = func(query string) (int64, error) {
			if query == "COMMIT" {
				return 0, down
			}
			return 1, nil
		}
		errs, sent := q.swaps(2)
		if want := "BEGIN INSERT INSERT COMMIT ROLLBACK"; sent != want {
			t.Errorf("sent %s, want %s", sent, want)
		}
		if err := <-q.swap(q.Context(), "zoe"); err != nil || q.server.opened != 2 {
			t.Errorf("the next swap = %v, on connection %d; want a new one", err, q.server.opened)
		}
		for i, err := range errs {
			if !errors.Is(err, down) || errors.Is(err, factor.ErrConflict) {
				t.Errorf("swap %d = %v; want the fault", i, err)
			}
		}
	})
}

func TestAPanicOfTheDriverIsAFaultOfThoseItMet(t *testing.T) {
	whenQueued(t, func(q *queued) {
		q.answer = func(query string) (int64, error) {
			if query == "COMMIT" {
				panic("down")
			}
			return 1, nil
		}
		errs, _ := q.swaps(2)
		for i, err := range errs {
			if err == nil || errors.Is(err, factor.ErrConflict) || !strings.Contains(err.Error(), "panic in the driver") {
				t.Errorf("swap %d = %v; want a fault", i, err)
			}
		}
		if len(q.store.share.update.lanes) > 0 {
			t.Error("the lane is taken for busy")
		}
	})
}

func TestAQueuedWriteWhoseCallerLeavesIsNotMade(t *testing.T) {
	whenQueued(t, func(q *queued) {
		ctx, leave := context.WithCancel(q.Context())
		gone := q.swap(ctx, "dave")
		leave()
		if err := <-gone; !errors.Is(err, context.Canceled) || errors.Is(err, factor.ErrConflict) {
			t.Errorf("a swap whose caller leaves = %v", err)
		}
		if err := <-q.swap(ctx, "dave"); !errors.Is(err, context.Canceled) {
			t.Errorf("a swap whose caller had left = %v", err)
		}
		if errs, sent := q.swaps(1); errs[0] != nil || sent != "INSERT" {
			t.Errorf("%v, %q; want the other write alone", errs[0], sent)
		}
	})
}

// Whoever leaves while the write is on its way is not told that it was lost.
func TestAWriteWhoseCallerLeavesOnItsWayIsOpen(t *testing.T) {
	whenQueued(t, func(q *queued) {
		ctx, leave := context.WithCancel(q.Context())
		commit := make(chan struct{})
		q.answer = func(query string) (int64, error) {
			if query == "COMMIT" {
				<-commit
			}
			return 1, nil
		}
		gone, stays := q.swap(ctx, "dave"), q.swap(q.Context(), "bob")
		close(q.release)
		synctest.Wait()
		leave()
		if err := <-gone; !errors.Is(err, context.Canceled) || errors.Is(err, factor.ErrConflict) {
			t.Errorf("a swap whose caller leaves = %v", err)
		}
		close(commit)
		if err := <-stays; err != nil {
			t.Error(err)
		}
	})
}

func TestATransactionIsSharedByAtMostSoMany(t *testing.T) {
	whenQueued(t, func(q *queued) {
		_, sent := q.swaps(batchSize + 2)
		want := "BEGIN" + strings.Repeat(" INSERT", batchSize) + " COMMIT BEGIN INSERT INSERT COMMIT"
		if sent != want {
			t.Errorf("sent %s", sent)
		}
	})
}
