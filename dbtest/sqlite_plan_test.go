package dbtest

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestStatementsUseTheirIndexOnSQLite asks SQLite how it would run what the store
// sends, with and without statistics about the table.
func TestStatementsUseTheirIndexOnSQLite(t *testing.T) {
	db, spy := spied(t)
	store := migrated(t, db)
	// fill adds users of whom one in so many has a Due.
	fill := func(one int) string {
		return fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
			INSERT INTO factor_records SELECT 'user' || i, i, CASE WHEN i %% %d = 0 THEN i END, randomblob(200) FROM n`, one)
	}
	want := map[string]string{
		"load":         "USING INDEX sqlite_autoindex_factor_records_1 (user_id=?)",
		"update":       "USING INDEX sqlite_autoindex_factor_records_1 (user_id=?)",
		"remove":       "USING INDEX sqlite_autoindex_factor_records_1 (user_id=?)",
		"list":         "USING COVERING INDEX sqlite_autoindex_factor_records_1 (user_id>?)",
		"list the due": "USING COVERING INDEX factor_records_due (due<?)",
	}
	queries := make(map[string]string)
	for _, c := range calls {
		spy.sent()
		if err := c.call(t.Context(), store); err != nil {
			t.Fatal(err)
		}
		queries[c.name] = spy.sent()[0]
	}
	steps := []string{`SELECT 1`, `ANALYZE`, fill(100), `ANALYZE`, `DELETE FROM factor_records`, fill(1), `ANALYZE`}
	for _, step := range steps {
		if _, err := db.Exec(step); err != nil {
			t.Fatalf("%s: %v", step, err)
		}
		for name, index := range want {
			if plan := explain(t, db, queries[name]); !strings.Contains(plan, index) {
				t.Errorf("after %.40q: the plan of %s is\n%s\nwant it to say %s", step, name, plan, index)
			}
		}
		if plan := explain(t, db, queries["list"]); strings.Contains(plan, "B-TREE") {
			t.Errorf("after %.40q: list sorts:\n%s", step, plan)
		}
	}
	// Older planners, such as that of 3.40, walk the primary key past all who
	// are not due if the statement lets them. Without the index on due it shows
	// that it does not.
	if _, err := db.Exec(`DROP INDEX factor_records_due`); err != nil {
		t.Fatal(err)
	}
	if plan := explain(t, db, queries["list the due"]); strings.Contains(plan, "sqlite_autoindex") {
		t.Errorf("the statement that lists the due lets the planner walk the primary key:\n%s", plan)
	}
}

// explain returns the lines of SQLite's plan for a query.
func explain(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	args := slices.Repeat([]any{1}, strings.Count(query, "?"))
	rows, err := db.Query("EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var id, parent, unused int
		var line string
		if err := rows.Scan(&id, &parent, &unused, &line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}
