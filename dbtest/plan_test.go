package dbtest

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/knowhave/factor/sqlstore"
)

// A planning tells how to ask a server for its plan of the store's statements.
type planning struct {
	// fill adds users of whom one in {one} has a Due, and empty removes them.
	fill, empty []string
	// explain stands before a statement; the text is the value of the first
	// column in every line.
	explain string
	// index is what the plan of each statement says, and never what it must not.
	index map[string]string
	never map[string]string
}

var plannings = map[*sqlstore.Dialect]planning{
	sqlstore.Postgres: {
		fill: []string{`INSERT INTO {table} SELECT 'user' || i, i, CASE WHEN i % {one} = 0 THEN 0 END, decode(repeat('ab', 200), 'hex') FROM generate_series(1, 20000) AS i`,
			`VACUUM ANALYZE {table}`},
		empty:   []string{`DELETE FROM {table}`, `VACUUM ANALYZE {table}`},
		explain: `EXPLAIN `,
		index: map[string]string{
			"load": "Index Scan using {table}_pkey", "update": "Index Scan using {table}_pkey", "remove": "Index Scan using {table}_pkey",
			"list": "Index Only Scan using {table}_pkey", "list the due": "Index Only Scan using {table}_due",
		},
		never: map[string]string{"list": "Sort", "list the due": "{table}_pkey"},
	},
	sqlstore.MySQL: {
		fill: []string{`INSERT INTO {table} SELECT concat('user', seq), seq, CASE WHEN seq % {one} = 0 THEN 0 END, repeat('x', 200) FROM seq_1_to_20000`,
			`ANALYZE TABLE {table}`},
		empty:   []string{`DELETE FROM {table}`, `ANALYZE TABLE {table}`},
		explain: `EXPLAIN FORMAT=JSON `,
		index: map[string]string{
			"load": `"key": "PRIMARY"`, "update": `"key": "PRIMARY"`, "remove": `"key": "PRIMARY"`,
			"list": `"key": "PRIMARY"`, "list the due": `"key": "{table}_due"`,
		},
		never: map[string]string{"list": "filesort", "list the due": `"key": "PRIMARY"`},
	},
}

func TestStatementsUseTheirIndex(t *testing.T) {
	for _, name := range []string{"PostgreSQL", "MariaDB"} {
		t.Run(name, func(t *testing.T) { plan(t, onServer(name)) })
	}
}

func plan(t *testing.T, e Engine) {
	p := e.Place(t)
	db, spy := p.spied(t)
	store := p.migrated(t, db)
	queries := make(map[string]string)
	for _, c := range calls {
		spy.sent()
		if err := c.call(t.Context(), store); err != nil {
			t.Fatal(err)
		}
		queries[c.name] = spy.sent()[0]
	}
	ask := plannings[e.Dialect]
	in := func(text string, one int) string {
		return strings.NewReplacer("{table}", p.Table, "{one}", fmt.Sprint(one)).Replace(text)
	}
	for _, one := range []int{1000, 100, 1} {
		for _, statement := range slices.Concat(ask.fill, []string{""}, ask.empty) {
			if statement != "" {
				if _, err := p.pool(t).Exec(in(statement, one)); err != nil {
					t.Fatalf("%s: %v", statement, err)
				}
				continue
			}
			for call, index := range ask.index {
				text := planOf(t, p.pool(t), ask.explain, queries[call])
				// Where everybody is due, reading the whole table is right.
				if want := in(index, one); !strings.Contains(text, want) && !(one == 1 && call == "list the due") {
					t.Errorf("with one user in %d due, the plan of %s is\n%s\nwant it to say %s", one, call, text, want)
				}
				if never := in(ask.never[call], one); never != "" && strings.Contains(text, never) {
					t.Errorf("with one user in %d due, the plan of %s is\n%s\nwant it not to say %s", one, call, text, never)
				}
			}
		}
	}
}

// planOf returns the plan for a query with arguments as a host would have them.
func planOf(t *testing.T, db *sql.DB, explain, query string) string {
	t.Helper()
	for i, arg := range arguments(query) {
		query = strings.Replace(query, fmt.Sprintf("$%d", i+1), arg, 1)
		query = strings.Replace(query, "?", arg, 1)
	}
	rows, err := db.Query(explain + query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var text strings.Builder
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		text.WriteString(line + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// arguments are literals for the placeholders of a statement.
func arguments(query string) []string {
	switch {
	case strings.Contains(query, "due <="):
		return []string{"1", "'user1'", "100"}
	case strings.Contains(query, "LIMIT"):
		return []string{"'user1'", "100"}
	case strings.HasPrefix(query, "UPDATE"):
		return []string{"7", "1", "'x'", "'user77'", "77"}
	default:
		return []string{"'user77'", "77"}
	}
}
