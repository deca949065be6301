package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/knowhave/factor"
	"pgregory.net/rapid"
)

// subject is the store under test, together with the test that asks. Its
// methods end the test where the store breaks the contract.
type subject struct {
	t     rapid.TB
	ctx   context.Context
	store factor.Store
	last  int64
}

// version returns a version that it has not returned before, spread over the
// whole range as those of the engine are.
func (s *subject) version() int64 {
	s.last++
	return spread(s.last)
}

// spread maps n to a version. Its factor is odd, so that different n below
// 1<<53 have different versions.
func spread(n int64) int64 {
	return int64(uint64(n) * 0x9e3779b97f4a7c15 & (1<<53 - 1))
}

// record returns a record with a new version and Data that names it.
func (s *subject) record() factor.Record {
	return recordOf(s.version())
}

func recordOf(version int64) factor.Record {
	return factor.Record{Data: fmt.Appendf(nil, "data of version %d", version), Version: version}
}

// add stores a new record for a user who must have none, and returns it.
func (s *subject) add(user string, due time.Time) factor.Record {
	s.t.Helper()
	r := s.record()
	r.Due = due
	s.swap(user, 0, r)
	return r
}

// swap makes a swap that must succeed.
func (s *subject) swap(user string, old int64, next factor.Record) {
	s.t.Helper()
	if err := s.store.CompareAndSwap(s.ctx, user, old, next); err != nil {
		s.t.Fatalf("CompareAndSwap(%s, %d, %s) = %v: a swap from the stored version succeeds", brief(user), old, show(next), err)
	}
}

// conflict makes a swap that must lose.
func (s *subject) conflict(user string, old int64, next factor.Record) {
	s.t.Helper()
	err := s.store.CompareAndSwap(s.ctx, user, old, next)
	if !errors.Is(err, factor.ErrConflict) {
		s.t.Fatalf("CompareAndSwap(%s, %d, %s) = %v: a swap from another than the stored version returns an error that matches factor.ErrConflict",
			brief(user), old, show(next), err)
	}
}

// load returns the user's record.
func (s *subject) load(user string) factor.Record {
	s.t.Helper()
	r, err := s.store.Load(s.ctx, user)
	if err != nil {
		s.t.Fatalf("Load(%s) = %v: Load returns the record, or the zero Record and no error if there is none", brief(user), err)
	}
	return r
}

// holds checks that the store has this record for the user, or none if want is
// zero.
func (s *subject) holds(user string, want factor.Record, rule string) {
	s.t.Helper()
	got := s.load(user)
	if want.IsZero() && !got.IsZero() {
		s.t.Fatalf("Load(%s) = %s, want the zero Record: %s", brief(user), show(got), rule)
	}
	if got.Version != want.Version || !bytes.Equal(got.Data, want.Data) {
		s.t.Fatalf("Load(%s) = %s, want %s: %s", brief(user), show(got), show(want), rule)
	}
}

// list returns a page after checking what holds for every page: it is within
// the limit, in byte order and after the given user.
func (s *subject) list(after string, due time.Time, limit int) []string {
	s.t.Helper()
	page, err := s.store.List(s.ctx, after, due, limit)
	if err != nil {
		s.t.Fatalf("List(%s, %s, %d) = %v: List succeeds", brief(after), instant(due), limit, err)
	}
	if len(page) > limit {
		s.t.Fatalf("List(%s, %s, %d) returned %d users: List keeps to the limit", brief(after), instant(due), limit, len(page))
	}
	previous := after
	for _, user := range page {
		if user <= previous {
			s.t.Fatalf("List(%s, %s, %d) returned %s where only users after %s belong: List returns users after the given one, each once, in byte order",
				brief(after), instant(due), limit, brief(user), brief(previous))
		}
		previous = user
	}
	return page
}

// page checks one page against the users it must hold and those it may hold;
// both are in byte order. With due, it waits for the page.
func (s *subject) page(after string, due time.Time, limit int, must, may []string) (page []string) {
	s.t.Helper()
	check := func() string {
		page = s.list(after, due, limit)
		return pageFault(after, due, limit, page, must, may)
	}
	if due.IsZero() {
		if fault := check(); fault != "" {
			s.t.Fatal(fault)
		}
		return page
	}
	s.inTime(check)
	return page
}

func pageFault(after string, due time.Time, limit int, page, must, may []string) string {
	for _, user := range page {
		if !slices.Contains(may, user) {
			return fmt.Sprintf("List(%s, %s, %d) returned %s: List returns users that are stored and, with due, leaves out those not yet due if it leaves out any",
				brief(after), instant(due), limit, brief(user))
		}
	}
	for _, user := range must {
		full := len(page) == limit && user > page[limit-1]
		if user > after && !full && !slices.Contains(page, user) {
			return fmt.Sprintf("List(%s, %s, %d) left out %s: List returns the next users after the given one, with due at least those whose Due is not after it, and fewer than the limit only where no more are left",
				brief(after), instant(due), limit, brief(user))
		}
	}
	return ""
}

// patience is how long a List with due may be behind the writes.
var patience = 10 * time.Second

// inTime waits until a List with due, which may lag, has no fault any more.
func (s *subject) inTime(check func() (fault string)) {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	for wait := time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		fault := check()
		if fault == "" {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("after %s still: %s", patience, fault)
		}
		time.Sleep(wait)
	}
}

// walk pages to the end, as page checks it.
func (s *subject) walk(due time.Time, limit int, must, may []string) {
	s.t.Helper()
	page := s.page("", due, limit, must, may)
	for len(page) > 0 {
		page = s.page(page[len(page)-1], due, limit, must, may)
	}
}

func show(r factor.Record) string {
	if r.IsZero() {
		return "the zero Record"
	}
	return fmt.Sprintf("version %d, due %s, %d bytes %s", r.Version, instant(r.Due), len(r.Data), brief(string(r.Data)))
}

func instant(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Format(time.RFC3339Nano)
}

// brief quotes text and cuts it in the middle if it is long.
func brief(text string) string {
	if len(text) <= 48 {
		return fmt.Sprintf("%q", text)
	}
	return fmt.Sprintf("%q…%q (%d bytes)", text[:20], text[len(text)-20:], len(text))
}
