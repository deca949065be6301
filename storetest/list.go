package storetest

import (
	"slices"
	"time"
)

// shuffled returns the users in an order that is neither theirs nor its
// reverse, the same each time.
func shuffled(users []string) []string {
	mixed := make([]string, 0, len(users))
	for i := range users {
		mixed = append(mixed, users[i*7%len(users)])
	}
	return mixed
}

// pageUsers are 23 users in byte order, which is no dictionary's.
func pageUsers() []string {
	users := []string{
		"-", "0", "1", "10", "2", "A", "B", "Z", "_", "a", "a ", "aa", "ab", "b", "z", "~", "\u007f", "é", "Ω", "中", "\uff5e", "😀", "\U0010ffff",
	}
	slices.Sort(users)
	return users
}

func listPagesInByteOrder(s *subject) {
	if page := s.list("", time.Time{}, 10); len(page) != 0 {
		s.t.Fatalf("List of an empty store returned %q: only users with a record are listed", page)
	}
	users := pageUsers()
	for i, user := range shuffled(users) {
		s.add(user, time.UnixMilli(int64(i%2)*1_700_000_000_000))
	}
	for _, limit := range []int{1, 2, 3, 10, len(users) - 1, len(users), len(users) + 1, 1000} {
		s.walk(time.Time{}, limit, users, users)
	}
}

func listPagesTheDue(s *subject) {
	may := pageUsers()
	if s.leavesOut() {
		may = nil
	} else {
		may = append(may, "~later", "~never")
		slices.Sort(may)
	}
	start := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	dues := make(map[string]time.Time)
	for i, user := range shuffled(pageUsers()) {
		if i%3 != 0 {
			dues[user] = start.Add(time.Duration(i*5%8) * time.Millisecond)
		}
		s.add(user, dues[user])
	}
	for step := range 9 {
		at := start.Add(time.Duration(step) * time.Millisecond)
		var must []string
		for _, user := range pageUsers() {
			if due := dues[user]; !due.IsZero() && !due.After(at) {
				must = append(must, user)
			}
		}
		allowed := may
		if may == nil {
			allowed = must
		}
		for _, limit := range []int{1, 2, 5, 100} {
			s.walk(at, limit, must, allowed)
		}
	}
}

func listStartsAfterTheGiven(s *subject) {
	users := pageUsers()
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for _, user := range shuffled(users) {
		s.add(user, at)
	}
	for _, due := range []time.Time{{}, at} {
		for _, user := range users {
			s.page(user, due, 100, users, users)
			s.page(user, due, 1, users, users)
		}
		for _, absent := range []string{"\x01", " ", "A\x01", "Aa", "a\x01", "aaa", "y", "zz", "Ωω", "😀😀"} {
			s.page(absent, due, 100, users, users)
			s.page(absent, due, 2, users, users)
		}
		s.page("\U0010ffff\U0010ffff", due, 100, nil, nil)
	}
}
