package storetest

import (
	"maps"
	"slices"
	"time"

	"github.com/knowhave/factor"
	"pgregory.net/rapid"
)

// randomUsers are few, so that random operations meet.
var randomUsers = []string{"A", "a", "a ", "aa", "b", "é", "e\u0301"}

// model is what the store must hold: a plain map, and the versions that were
// once stored.
type model struct {
	*subject
	exact   bool
	records map[string]factor.Record
	past    []int64
}

func randomOperationsAgreeWithAMap(s *subject) {
	exact := s.leavesOut()
	for _, user := range []string{"~later", "~never"} {
		s.swap(user, s.load(user).Version, factor.Record{})
	}
	rapid.Check(s.t, func(t *rapid.T) {
		m := &model{subject: &subject{t: t, ctx: s.ctx, store: s.store}, exact: exact, records: make(map[string]factor.Record)}
		m.clear()
		t.Repeat(map[string]func(*rapid.T){
			"swap":        m.swapAny,
			"swap newest": m.swapNewest,
			"load":        m.loadOne,
			"list":        m.listPage,
		})
		m.check()
	})
}

// clear removes what the sequence before has left.
func (m *model) clear() {
	for _, user := range randomUsers {
		if r := m.load(user); !r.IsZero() {
			m.swap(user, r.Version, factor.Record{})
		}
	}
	m.check()
}

func (m *model) check() {
	for _, user := range randomUsers {
		m.holds(user, m.records[user], "the store agrees with a map")
	}
	m.walk(time.Time{}, 3, m.users(), m.users())
}

func (m *model) users() []string {
	return slices.Sorted(maps.Keys(m.records))
}

// swapAny swaps from any version that was ever stored, or from 0.
func (m *model) swapAny(t *rapid.T) {
	user := rapid.SampledFrom(randomUsers).Draw(t, "user")
	old := rapid.SampledFrom(append([]int64{0}, m.past...)).Draw(t, "old")
	next := m.next(t)
	if m.records[user].Version != old {
		m.conflict(user, old, next)
		m.holds(user, m.records[user], "a swap that loses changes nothing")
		return
	}
	m.replace(user, next)
}

// swapNewest swaps from the newest version.
func (m *model) swapNewest(t *rapid.T) {
	user := rapid.SampledFrom(randomUsers).Draw(t, "user")
	m.replace(user, m.next(t))
}

func (m *model) replace(user string, next factor.Record) {
	m.swap(user, m.records[user].Version, next)
	if next.IsZero() {
		delete(m.records, user)
		return
	}
	m.records[user] = next
	m.past = append(m.past, next.Version)
}

// next draws the record to store; one in four is zero.
func (m *model) next(t *rapid.T) factor.Record {
	if rapid.IntRange(0, 3).Draw(t, "kind of next") == 0 {
		return factor.Record{}
	}
	r := factor.Record{Data: rapid.SliceOfN(rapid.Byte(), 1, 80).Draw(t, "data"), Version: m.version()}
	if rapid.Bool().Draw(t, "has a due") {
		r.Due = drawInstant(t, "due of the record")
	}
	return r
}

func (m *model) loadOne(t *rapid.T) {
	user := rapid.SampledFrom(randomUsers).Draw(t, "user")
	m.holds(user, m.records[user], "the store agrees with a map")
}

func (m *model) listPage(t *rapid.T) {
	after := rapid.SampledFrom(append([]string{"", "aaa", "z"}, randomUsers...)).Draw(t, "after")
	limit := rapid.IntRange(1, 5).Draw(t, "limit")
	if !rapid.Bool().Draw(t, "with due") {
		m.page(after, time.Time{}, limit, m.users(), m.users())
		return
	}
	due := drawInstant(t, "due of the list")
	var must []string
	for _, user := range m.users() {
		if at := m.records[user].Due; !at.IsZero() && !at.After(due) {
			must = append(must, user)
		}
	}
	may := m.users()
	if m.exact {
		may = must
	}
	m.page(after, due, limit, must, may)
}

// drawInstant draws one of a few whole milliseconds, so that instants meet.
func drawInstant(t *rapid.T, label string) time.Time {
	return time.UnixMilli(1_790_000_000_000 + rapid.Int64Range(0, 20).Draw(t, label)*499)
}
