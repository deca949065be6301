package sqlstore

import (
	"context"
	"database/sql"
	"math/bits"
	"strconv"
	"strings"
)

// Versions returns the version of each user's record in the order of the users,
// 0 for who has none.
func (s *Store) Versions(ctx context.Context, users []string) ([]int64, error) {
	versions := make([]int64, len(users))
	if len(users) == 0 {
		return versions, nil
	}
	place := make(map[string]int, len(users))
	for i, user := range users {
		place[user] = i
	}
	st := s.versionsOf(users)
	err := s.rows(ctx, st, func(rows *sql.Rows) error {
		var user string
		var version int64
		err := rows.Scan(&user, &version)
		if i, ok := place[user]; ok {
			versions[i] = version
		}
		return err
	})
	if err != nil {
		return nil, s.fault("versions", err, st.args...)
	}
	return versions, nil
}

// versionsOf returns the query for these users. Its text has room for a power of
// two of them, filled up with the last one, so that a driver that prepares
// statements meets a few texts only.
func (s *Store) versionsOf(users []string) statement {
	room := 1 << bits.Len(uint(len(users)-1))
	args := make([]any, room)
	var list strings.Builder
	for i := range args {
		args[i] = users[min(i, len(users)-1)]
		if i > 0 {
			list.WriteByte(',')
		}
		if s.dialect.numbered {
			list.WriteString("$" + strconv.Itoa(i+1))
		} else {
			list.WriteByte('?')
		}
	}
	return statement{strings.Replace(s.text.versions, "{users}", list.String(), 1), args}
}
