package storetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/knowhave/factor"
)

// far is after every Due in these checks.
var far = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)

// later is a Due that these checks only ask for in order to see that List knows of it.
var later = far.AddDate(10, 0, 0)

// leavesOut reports whether the store leaves out of a List with due those who
// are not due, which it need not do. It uses two users of its own.
func (s *subject) leavesOut() bool {
	s.t.Helper()
	s.add("~never", time.Time{})
	s.add("~later", later)
	s.shows("~later", later, "List with due shows a user in the end")
	return len(s.list("", time.Unix(1_000_000_000, 0), 1000)) == 0
}

// shows waits until List with due returns the user.
func (s *subject) shows(user string, due time.Time, rule string) {
	s.t.Helper()
	s.inTime(func() string {
		if slices.Contains(s.list("", due, 1000), user) {
			return ""
		}
		return fmt.Sprintf("List with due %s leaves out a user who is due: %s", instant(due), rule)
	})
}

// hides waits until List with due does not return the user.
func (s *subject) hides(user string, due time.Time, rule string) {
	s.t.Helper()
	s.inTime(func() string {
		if !slices.Contains(s.list("", due, 1000), user) {
			return ""
		}
		return fmt.Sprintf("List with due %s returns a user who is not due, although it leaves out others: %s", instant(due), rule)
	})
}

// dueAt checks that the user is due at the given instant and, if the store is
// exact, not a millisecond earlier.
func (s *subject) dueAt(user string, at time.Time, exact bool, rule string) {
	s.t.Helper()
	rule = fmt.Sprintf("the Due is %s: %s", instant(at), rule)
	for _, when := range []time.Time{at, at.In(time.FixedZone("", -8*3600)), at.Add(time.Millisecond), at.Add(time.Hour), at.AddDate(1, 0, 0)} {
		s.shows(user, when, rule)
	}
	if !exact {
		return
	}
	for _, early := range []time.Duration{time.Millisecond, time.Second, 24 * time.Hour} {
		s.hides(user, at.Add(-early), rule)
	}
}

// neverDue checks that the user is not due at all, if the store is exact.
func (s *subject) neverDue(user string, exact bool, rule string) {
	s.t.Helper()
	if exact {
		s.hides(user, far, "there is no Due: "+rule)
	}
}

func dueIsKeptToTheMillisecond(s *subject) {
	exact := s.leavesOut()
	start := time.Date(2026, 11, 20, 12, 34, 56, 0, time.UTC)
	dues := []time.Time{
		start, start.Add(time.Millisecond), start.Add(499 * time.Millisecond), start.Add(500 * time.Millisecond), start.Add(501 * time.Millisecond),
		start.Add(999 * time.Millisecond), start.Add(time.Second - 1), start.Add(time.Millisecond - 1), start.Add(500 * time.Microsecond),
		time.Unix(1, 0), time.UnixMilli(1<<31 - 1), time.Unix(1<<31-1, 999e6), time.Unix(1<<31, 0), time.Unix(1<<32, 1e6),
		time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2024, 2, 29, 23, 59, 59, 999e6, time.UTC), time.Date(2100, 3, 1, 0, 0, 0, 1e6, time.UTC),
	}
	var stored factor.Record
	for _, due := range dues {
		next := s.record()
		next.Due = due
		s.swap("alice", stored.Version, next)
		s.dueAt("alice", due, exact, "Due is kept to the millisecond")
		stored = next
	}
}

func dueIsTheSameInAnyZone(s *subject) {
	exact := s.leavesOut()
	// On this night Berlin's clocks show half past two twice.
	at := time.Date(2026, 10, 25, 0, 30, 0, 123e6, time.UTC)
	zones := []*time.Location{time.UTC, time.Local}
	for _, offset := range []time.Duration{14 * time.Hour, -12 * time.Hour, 5*time.Hour + 45*time.Minute, time.Hour, 2 * time.Hour, -time.Minute} {
		zones = append(zones, time.FixedZone("", int(offset.Seconds())))
	}
	if berlin, err := time.LoadLocation("Europe/Berlin"); err == nil {
		zones = append(zones, berlin)
	}
	var stored factor.Record
	for _, zone := range zones {
		next := s.record()
		next.Due = at.In(zone)
		s.swap("alice", stored.Version, next)
		s.dueAt("alice", at, exact, "Due is an instant, whatever zone it is given in")
		s.dueAt("alice", at.In(zone), exact, "due is an instant, whatever zone it is given in")
		stored = next
	}
}

func dueChangesWithTheRecord(s *subject) {
	const rule = "the Due of the newest record counts"
	exact := s.leavesOut()
	start := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	stored := s.add("alice", time.Time{})
	s.neverDue("alice", exact, rule)
	for _, due := range []time.Time{start, start.Add(48 * time.Hour), start.Add(time.Millisecond), {}, start.Add(-time.Hour), start} {
		next := s.record()
		next.Due = due
		s.conflict("alice", stored.Version+1, factor.Record{Data: next.Data, Version: s.version(), Due: start.Add(72 * time.Hour)})
		s.swap("alice", stored.Version, next)
		if due.IsZero() {
			s.neverDue("alice", exact, rule)
		} else {
			s.dueAt("alice", due, exact, rule)
		}
		stored = next
	}
}

func dueIsRemovedWithTheRecord(s *subject) {
	const rule = "a Due goes with its record"
	exact := s.leavesOut()
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	first := s.add("alice", at)
	s.shows("alice", at, rule)
	s.swap("alice", first.Version, factor.Record{})
	s.hides("alice", far, rule)
	second := s.add("alice", time.Time{})
	s.neverDue("alice", exact, rule)
	third := s.record()
	third.Due = at.Add(time.Hour)
	s.swap("alice", second.Version, third)
	s.dueAt("alice", third.Due, exact, rule)
}
