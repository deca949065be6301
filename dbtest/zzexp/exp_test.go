package zzexp

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/knowhave/factor/dbtest/server"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func TestMaria(t *testing.T) {
	dsn := server.SharedMariaDB(t)
	t.Log(dsn)
	db, err := sql.Open("mysql", dsn)
	must(err)
	ctx := context.Background()
	exec := func(c *sql.Conn, q string, a ...any) { _, err := c.ExecContext(ctx, q, a...); must(err) }
	c, err := db.Conn(ctx)
	must(err)
	exec(c, "DROP TABLE IF EXISTS zz")
	exec(c, "CREATE TABLE zz (user_id varbinary(255) not null primary key, version bigint not null, due bigint, data mediumblob not null, index d (due,user_id)) engine=innodb")
	const users = 20000
	for i := 0; i < users; i += 500 {
		var q strings.Builder
		q.WriteString("INSERT INTO zz VALUES ")
		var a []any
		for j := range 500 {
			if j > 0 {
				q.WriteString(",")
			}
			q.WriteString("(?,1,null,?)")
			a = append(a, name(i+j), make([]byte, 300))
		}
		exec(c, q.String(), a...)
	}
	version := make([]int64, users)
	for i := range version {
		version[i] = 1
	}
	scan := func(rows *sql.Rows, err error) int {
		must(err)
		n := 0
		for rows.Next() {
			var u string
			var v int64
			must(rows.Scan(&u, &v))
			n++
		}
		must(rows.Err())
		rows.Close()
		return n
	}
	data := make([]byte, 300)
	for i := range data {
		data[i] = byte(rand.Int())
	}
	a := func(us []int) int {
		exec(c, "BEGIN")
		args := []any{}
		for _, u := range us {
			args = append(args, name(u))
		}
		n := scan(c.QueryContext(ctx, "SELECT user_id, version FROM zz WHERE user_id IN ("+strings.TrimSuffix(strings.Repeat("?,", len(us)), ",")+") FOR UPDATE SKIP LOCKED", args...))
		args = args[:0]
		for _, u := range us {
			args = append(args, name(u), version[u]+1, nil, data)
		}
		exec(c, "INSERT INTO zz (user_id, version, due, data) VALUES "+strings.TrimSuffix(strings.Repeat("(?,?,?,?),", len(us)), ",")+" ON DUPLICATE KEY UPDATE version=values(version),due=values(due),data=values(data)", args...)
		exec(c, "COMMIT")
		return n
	}
	tail := " SELECT STRAIGHT_JOIN s.u, s.v, s.d, s.b FROM s JOIN zz t FORCE INDEX (PRIMARY) ON t.user_id = s.u AND t.version = s.o FOR UPDATE SKIP LOCKED ON DUPLICATE KEY UPDATE version=values(version),due=values(due),data=values(data) RETURNING user_id, version"
	argsOf := func(us []int) (args []any) {
		for _, u := range us {
			args = append(args, []byte(name(u)), version[u], version[u]+1, nil, data)
		}
		return
	}
	b := func(us []int) int {
		q := "INSERT INTO zz (user_id, version, due, data) WITH s (u,o,v,d,b) AS (SELECT ?,?,?,?,?" + strings.Repeat(" UNION ALL SELECT ?,?,?,?,?", len(us)-1) + ")" + tail
		return scan(c.QueryContext(ctx, q, argsOf(us)...))
	}
	tvc := func(us []int) int {
		q := "INSERT INTO zz (user_id, version, due, data) WITH s (u,o,v,d,b) AS (VALUES (?,?,?,?,?)" + strings.Repeat(",(?,?,?,?,?)", len(us)-1) + ")" + tail
		return scan(c.QueryContext(ctx, q, argsOf(us)...))
	}
	// explain of tvc
	{
		us := pick(users, 8)
		q := "EXPLAIN INSERT INTO zz (user_id, version, due, data) WITH s (u,o,v,d,b) AS (VALUES (?,?,?,?,?)" + strings.Repeat(",(?,?,?,?,?)", len(us)-1) + ")" + strings.TrimSuffix(tail, "RETURNING user_id, version")
		rows, err := c.QueryContext(ctx, q, argsOf(us)...)
		must(err)
		cols, _ := rows.Columns()
		for rows.Next() {
			v := make([]any, len(cols))
			for i := range v {
				v[i] = new(sql.NullString)
			}
			must(rows.Scan(v...))
			s := ""
			for i := range v {
				s += v[i].(*sql.NullString).String + " | "
			}
			t.Log(s)
		}
		rows.Close()
	}
	for _, n := range []int{1, 4, 8, 16, 64, 256} {
		for round := range 2 {
			for name, f := range map[string]func([]int) int{"A txn": a, "B union": b, "C tvc": tvc} {
				var took time.Duration
				rows := 0
				reps := max(5, 600/n)
				for range reps {
					us := pick(users, n)
					at := time.Now()
					if got := f(us); got != n {
						t.Fatalf("%s: %d of %d", name, got, n)
					}
					took += time.Since(at)
					rows += n
					for _, u := range us {
						version[u]++
					}
				}
				if round == 1 {
					fmt.Printf("maria n=%3d %-8s %6.0f us per batch, %7.0f rows/s\n", n, name, float64(took.Microseconds())/float64(reps), float64(rows)/took.Seconds())
				}
			}
		}
	}
}

func name(i int) string { return fmt.Sprintf("user-%08d-abcdefgh", i*7919%1000003) }

func pick(users, n int) []int {
	seen := map[int]bool{}
	var us []int
	for len(us) < n {
		u := rand.IntN(users)
		if !seen[u] {
			seen[u] = true
			us = append(us, u)
		}
	}
	return us
}

func TestPG(t *testing.T) {
	dsn := server.SharedPostgres(t)
	db, err := sql.Open("pgx", dsn)
	must(err)
	ctx := context.Background()
	c, err := db.Conn(ctx)
	must(err)
	exec := func(q string, a ...any) int64 { r, err := c.ExecContext(ctx, q, a...); must(err); n, _ := r.RowsAffected(); return n }
	exec("DROP TABLE IF EXISTS zz")
	exec(`CREATE TABLE zz (user_id text COLLATE "C" not null primary key, version bigint not null, due bigint, data bytea not null)`)
	exec(`CREATE INDEX zzd ON zz (due,user_id) WHERE due IS NOT NULL`)
	const users = 20000
	version := make([]int64, users)
	data := make([]byte, 300)
	for i := range version {
		version[i] = 1
	}
	var us []string
	for i := range users {
		us = append(us, name(i))
	}
	exec("INSERT INTO zz SELECT u, 1, null, $2 FROM unnest($1::text[]) u", us, data)
	exec("VACUUM ANALYZE zz")
	scan := func(rows *sql.Rows, err error) int {
		must(err)
		n := 0
		for rows.Next() {
			var u string
			must(rows.Scan(&u))
			n++
		}
		must(rows.Err())
		rows.Close()
		return n
	}
	vals := func(us []int) (a []any) {
		var n []string
		var o, v []int64
		var d []*int64
		var b [][]byte
		for _, u := range us {
			n, o, v, d, b = append(n, name(u)), append(o, version[u]), append(v, version[u]+1), append(d, nil), append(b, data)
		}
		return []any{n, o, v, d, b}
	}
	lit := func(us []int) []any {
		var n, o, v, d, b strings.Builder
		for i, u := range us {
			sep := ","
			if i == 0 {
				sep = "{"
			}
			fmt.Fprintf(&n, "%s\"%s\"", sep, name(u))
			fmt.Fprintf(&o, "%s%d", sep, version[u])
			fmt.Fprintf(&v, "%s%d", sep, version[u]+1)
			fmt.Fprintf(&d, "%sNULL", sep)
			fmt.Fprintf(&b, "%s\"\\\\x%x\"", sep, data)
		}
		return []any{n.String() + "}", o.String() + "}", v.String() + "}", d.String() + "}", b.String() + "}"}
	}
	locked := `WITH held AS MATERIALIZED (SELECT user_id FROM zz WHERE user_id = ANY($1::text[]) FOR NO KEY UPDATE SKIP LOCKED)
UPDATE zz t SET version = g.version, due = g.due, data = g.data FROM held, unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[]) AS g (user_id, old, version, due, data)
WHERE g.user_id = held.user_id AND t.user_id = held.user_id AND t.version = g.old RETURNING t.user_id`
	joined := `WITH held AS MATERIALIZED (SELECT g.* FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[]) AS g (user_id, old, version, due, data)
JOIN zz t ON t.user_id = g.user_id AND t.version = g.old FOR NO KEY UPDATE OF t SKIP LOCKED)
UPDATE zz t SET version = held.version, due = held.due, data = held.data FROM held WHERE t.user_id = held.user_id AND t.version = held.old RETURNING t.user_id`
	plain := `UPDATE zz t SET version = g.version, due = g.due, data = g.data FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[]) AS g (user_id, old, version, due, data)
WHERE t.user_id = g.user_id AND t.version = g.old RETURNING t.user_id`
	for _, n := range []int{1, 4, 8, 16, 64, 256} {
		for round := range 2 {
			for name, f := range map[string]func([]int) int{
				"locked":  func(us []int) int { return scan(c.QueryContext(ctx, locked, vals(us)...)) },
				"joined":  func(us []int) int { return scan(c.QueryContext(ctx, joined, vals(us)...)) },
				"joinedlit":  func(us []int) int { return scan(c.QueryContext(ctx, joined, lit(us)...)) },
				"literal": func(us []int) int { return scan(c.QueryContext(ctx, locked, lit(us)...)) },
				"plain":   func(us []int) int { return scan(c.QueryContext(ctx, plain, vals(us)...)) },
			} {
				var took time.Duration
				rows := 0
				reps := max(5, 600/n)
				for range reps {
					us := pick(users, n)
					at := time.Now()
					if got := f(us); got != n {
						t.Fatalf("%s: %d of %d", name, got, n)
					}
					took += time.Since(at)
					rows += n
					for _, u := range us {
						version[u]++
					}
				}
				if round == 1 {
					fmt.Printf("pg n=%3d %-8s %6.0f us per batch, %7.0f rows/s\n", n, name, float64(took.Microseconds())/float64(reps), float64(rows)/took.Seconds())
				}
			}
		}
	}
	var plan string
	rows, err := c.QueryContext(ctx, "EXPLAIN "+joined, vals(pick(users, 64))...)
	must(err)
	for rows.Next() {
		must(rows.Scan(&plan))
		fmt.Println(plan)
	}
}
