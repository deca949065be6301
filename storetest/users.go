package storetest

import (
	"slices"
	"strings"
	"time"

	"github.com/knowhave/factor"
)

// exactUsers are different users that one or another store takes for the same,
// or cannot keep. They are in byte order.
func exactUsers() []string {
	users := []string{
		// Case, width, accents and normal forms.
		"a", "A", "alice", "Alice", "ALICE", "ａlice", "i", "I", "ı", "İ", "ß", "ss", "SS", "k", "\u212a", "ﬁ", "fi",
		"\u00e9", "e\u0301", "e", "\u0301", "ö", "o\u0308", "Å", "\u212b", "日本", "か\u3099", "が",
		// Spaces and what cannot be seen.
		" ", "  ", " a", "a ", "a  ", "a\t", "a\n", "a\r\n", "a\u00a0", "a\u200b", "a\u00ad", "\ufeffa", "a\u202e",
		// What looks like numbers, literals, patterns, paths, quotes or markup.
		"0", "00", "1", "01", "1.0", "+1", "-1", "1e0", "0x1", "9007199254740993", "9007199254740992", "1e400", "NaN", "null", "NULL", "true",
		"%", "_", "*", "?", "[a]", "a%", "a_", "a*", "'", "''", "\"", "`", "\\", "\\\\", "$1", "?1", ":a", "@a", "a;--", "/* */", "{}", "<a>", "&amp;",
		"/", ".", "..", "a/b", "a%2fb", "a%2Fb", "a+b", "a b", "a:b", "a.b", "a@b", "a\x01", "a\x7f",
		// Four-byte characters, and two whose order differs in UTF-16.
		"😀", "😁", "a😀", "\U0010ffff", "\ufffd", "\uff5e",
		// As long as a user may be, different in the last byte or character.
		strings.Repeat("a", 64), strings.Repeat("a", 65), strings.Repeat("a", 127), strings.Repeat("a", 128), strings.Repeat("a", 191), strings.Repeat("a", 192),
		strings.Repeat("a", 253), strings.Repeat("a", 254), strings.Repeat("a", 254) + "b", strings.Repeat("a", 255), strings.Repeat("a", 254) + " ",
		strings.Repeat("é", 127) + "x", strings.Repeat("é", 127) + "y", strings.Repeat("日", 85), strings.Repeat("日", 84) + "本",
		strings.Repeat("😀", 63) + "abc", strings.Repeat("😀", 63) + "abd",
	}
	slices.Sort(users)
	return users
}

func usersAreComparedByteByByte(s *subject) {
	const rule = "users are compared byte by byte, up to 255 bytes: no case, no trimming, no normal form, no cut"
	users := exactUsers()
	records := make(map[string]factor.Record)
	for _, user := range users {
		s.holds(user, factor.Record{}, rule)
		records[user] = s.add(user, time.Time{})
	}
	for _, user := range users {
		s.holds(user, records[user], rule)
	}
	s.walk(time.Time{}, 7, users, users)
	for i, user := range users {
		next := factor.Record{}
		if i%2 == 0 {
			next = s.record()
		}
		s.swap(user, records[user].Version, next)
		records[user] = next
	}
	for _, user := range users {
		s.holds(user, records[user], rule)
	}
}
