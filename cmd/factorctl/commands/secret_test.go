package commands

import (
	"path/filepath"
	"strings"
	"testing"
)

// mistyped are data source names that no command can use. Each holds the password
// hunter2, of which a driver may take a part for something else.
var mistyped = []struct{ dialect, dsn string }{
	{"", "postgres://app:hun/ter2@127.0.0.1/app"},
	{"", "postgres://app:hun%ter2@127.0.0.1/app"},
	{"", "postgres://app:hun ter2@127.0.0.1/app"},
	{"", "postgresq://app:hunter2@127.0.0.1/app.db"},
	{"", "host=127.0.0.1 password=hun\\ ter2 port=x"},
	{"", "host=127.0.0.1 password=hun ter2 port=1"},
	{"", "postgres://app@127.0.0.1/app?statement_cache_capacity=hunter2"},
	{"", "app:hunter2@tcp(127.0.0.1:1)"},
	{"", "app:hun/ter2@tcp(127.0.0.1:1)"},
	{"", "app:hunter2@tcp(127.0.0.1:1)/app?tls=hunter2"},
	{"", "app:hunter2@/app"},
	{"sqlite", "postgres://app:hunter2@127.0.0.1/app"},
	{"sqlite", "app:hunter2@/app"},
	{"sqlite", "app:hunter2@tcp(127.0.0.1:1)/app"},
	{"sqlite", "host=127.0.0.1 password=hunter2"},
	{"mysql", "postgres://app:hunter2@127.0.0.1/app"},
	{"mysql", "host=127.0.0.1 password=hunter2 dbname=a/b"},
	{"postgres", "app:hunter2@tcp(127.0.0.1:1)/app"},
	{"postgres", "app:hunter2@/app"},
}

func TestAMistypedDataSourceNameIsRefusedWithoutItsPassword(t *testing.T) {
	for _, m := range mistyped {
		for _, command := range []string{"users", "migrate"} {
			t.Chdir(t.TempDir())
			t.Setenv("FACTOR_DIALECT", m.dialect)
			var out strings.Builder
			code := Program{}.Run(t.Context(), []string{command, "--dsn", m.dsn}, nil, &out, &out)
			if code != Usage || strings.Contains(out.String(), "hun") || strings.Contains(out.String(), "ter2") {
				t.Errorf("%s of %s %q ends with %d and prints %s", command, m.dialect, m.dsn, code, &out)
			}
			if made, _ := filepath.Glob("*"); len(made) > 0 {
				t.Errorf("%s of %s %q makes %q", command, m.dialect, m.dsn, made)
			}
		}
	}
}

func TestADataSourceNameInThePlaceOfItsFileIsNotRepeated(t *testing.T) {
	for _, dsn := range []string{"app:hunter2@/app", "postgres:/app:hunter2@127.0.0.1/app"} {
		var out strings.Builder
		code := Program{}.Run(t.Context(), []string{"users", "--dsn-file", dsn}, nil, &out, &out)
		if code != Usage || strings.Contains(out.String(), "hunter2") || !strings.Contains(out.String(), "no such file") {
			t.Errorf("%q: it ends with %d and prints %s", dsn, code, &out)
		}
	}
}
