package dbtest

import (
	"strings"
	"testing"
)

// A driver may prepare the statements, or not, and count the rows that a
// statement found instead of those it changed.
func TestEveryModeOfTheDriversServes(t *testing.T) {
	modes := map[string][]string{
		"PostgreSQL": {
			"default_query_exec_mode=cache_statement", "default_query_exec_mode=cache_describe", "default_query_exec_mode=describe_exec",
			"default_query_exec_mode=exec", "default_query_exec_mode=simple_protocol",
		},
		"MariaDB": {"interpolateParams=false", "clientFoundRows=true", "interpolateParams=false&clientFoundRows=true", "charset=latin1", "sql_mode=%27%27"},
	}
	for engine, parameters := range modes {
		for _, parameter := range parameters {
			t.Run(engine+"/"+parameter, func(t *testing.T) {
				p := onServer(engine).Place(t)
				db := p.open(t, strings.Replace(p.with(parameter), "interpolateParams=true&interpolateParams=false", "interpolateParams=false", 1))
				store := p.migrated(t, db)
				for range 2 {
					for _, c := range calls {
						if err := c.call(t.Context(), store); err != nil {
							t.Fatalf("%s: %v", c.name, err)
						}
					}
				}
				swap(t, store, "älice", 0, record(1))
				says(t, store.CompareAndSwap(t.Context(), "älice", 0, record(2)), true, "")
				says(t, store.CompareAndSwap(t.Context(), "älice", 3, record(2)), true, "")
				swap(t, store, "\U0001f600", 0, record(2))
				if version(t, store, "älice") != 1 || version(t, store, "\U0001f600") != 2 {
					t.Fatal("a user beyond ASCII is not found again")
				}
			})
		}
	}
}
