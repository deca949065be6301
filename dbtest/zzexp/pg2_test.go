package zzexp

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/knowhave/factor/dbtest/server"
)

func TestPG2(t *testing.T) {
	dsn := server.SharedPostgres(t)
	db, err := sql.Open("pgx", dsn)
	must(err)
	ctx := context.Background()
	for _, mode := range []string{"auto", "force_generic_plan", "force_custom_plan"} {
		for _, sync := range []string{"on", "off"} {
			c, err := db.Conn(ctx)
			must(err)
			exec := func(q string, a ...any) int64 { r, err := c.ExecContext(ctx, q, a...); must(err); n, _ := r.RowsAffected(); return n }
			exec("DROP TABLE IF EXISTS zz")
			exec(`CREATE TABLE zz (user_id text COLLATE "C" not null primary key, version bigint not null, due bigint, data bytea not null)`)
			exec(`CREATE INDEX zzd ON zz (due,user_id) WHERE due IS NOT NULL`)
			const users = 4000
			version := make([]int64, users)
			data := make([]byte, 300)
			var us []string
			for i := range users {
				version[i] = 1
				us = append(us, name(i))
			}
			exec("INSERT INTO zz SELECT u, 1, null, $2 FROM unnest($1::text[]) u", us, data)
			exec("VACUUM ANALYZE zz")
			exec("SET plan_cache_mode = " + mode)
			exec("SET synchronous_commit = " + sync)
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
			joined := `WITH held AS MATERIALIZED (SELECT g.* FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[]) AS g (user_id, old, version, due, data)
JOIN zz t ON t.user_id = g.user_id AND t.version = g.old FOR NO KEY UPDATE OF t SKIP LOCKED)
UPDATE zz t SET version = held.version, due = held.due, data = held.data FROM held WHERE t.user_id = held.user_id AND t.version = held.old RETURNING t.user_id`
			plain := `UPDATE zz t SET version = g.version, due = g.due, data = g.data FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[]) AS g (user_id, old, version, due, data)
WHERE t.user_id = g.user_id AND t.version = g.old RETURNING t.user_id`
			lateral := `UPDATE zz t SET version = g.version, due = g.due, data = g.data
FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[]) AS g (user_id, old, version, due, data),
LATERAL (SELECT s.user_id FROM zz s WHERE s.user_id = g.user_id AND s.version = g.old FOR NO KEY UPDATE SKIP LOCKED) AS h
WHERE t.user_id = h.user_id AND t.version = g.old RETURNING t.user_id`
			ctid := `UPDATE zz t SET version = g.version, due = g.due, data = g.data
FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[]) AS g (user_id, old, version, due, data),
LATERAL (SELECT s.ctid FROM zz s WHERE s.user_id = g.user_id AND s.version = g.old FOR NO KEY UPDATE SKIP LOCKED) AS h
WHERE t.ctid = h.ctid AND t.version = g.old RETURNING t.user_id`
			for _, n := range []int{8, 64} {
				for _, f := range []struct {
					name string
					f    func([]int) int
				}{
					{"joined", func(us []int) int { return scan(c.QueryContext(ctx, joined, vals(us)...)) }},
					{"lateral", func(us []int) int { return scan(c.QueryContext(ctx, lateral, vals(us)...)) }},
					{"ctid", func(us []int) int { return scan(c.QueryContext(ctx, ctid, vals(us)...)) }},
					{"plain", func(us []int) int { return scan(c.QueryContext(ctx, plain, vals(us)...)) }},
					{"single", func(us []int) int {
						n := 0
						for _, u := range us[:1] {
							n += int(exec("UPDATE zz SET version = $1, due = $2, data = $3 WHERE user_id = $4 AND version = $5", version[u]+1, nil, data, name(u), version[u]))
						}
						for _, u := range us[1:] {
							version[u]--
						}
						return n + len(us) - 1
					}},
				} {
					var took time.Duration
					reps := 200
					for i := range reps + 10 {
						us := pick(users, n)
						at := time.Now()
						if got := f.f(us); got != n {
							t.Fatalf("%s: %d of %d", f.name, got, n)
						}
						if i >= 10 {
							took += time.Since(at)
						}
						for _, u := range us {
							version[u]++
						}
					}
					fmt.Printf("%s sync=%s n=%3d %-8s %6.0f us per batch\n", mode, sync, n, f.name, float64(took.Microseconds())/float64(reps))
				}
			}
			rows, err := c.QueryContext(ctx, "EXPLAIN ANALYZE "+lateral, vals(pick(users, 8))...)
			must(err)
			for rows.Next() {
				var plan string
				must(rows.Scan(&plan))
				if mode != "auto" && sync == "off" {
					fmt.Println(plan)
				}
			}
			rows.Close()
			c.Close()
		}
	}
}
