package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/knowhave/factor"
)

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
		if got, want := m.verbs(), "SET update begin SET commit"; got != want {
			t.Errorf("sent %q, want %q", got, want)
		}
	})
}
