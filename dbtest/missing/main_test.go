package main

import (
	"slices"
	"testing"

	"github.com/knowhave/factor/dbtest/server"
)

func TestEachMissingProgramHasItsLine(t *testing.T) {
	t.Setenv("FACTOR_TEST_WITHOUT", "all")
	missing, err := server.Missing()
	if err != nil {
		t.Fatal(err)
	}
	lines := tests(missing)
	if len(lines) != len(server.Programs) {
		t.Fatalf("with all hidden it says %d lines, want one for each of %d programs: %q", len(lines), len(server.Programs), lines)
	}
	want := "pgbouncer is missing (apt-get install pgbouncer). NOT RUN: the tests that start pgbouncer in front of PostgreSQL"
	if !slices.Contains(lines, want) {
		t.Errorf("%q is not among %q", want, lines)
	}
	packages := debian(missing)
	if !slices.Contains(packages, "galera-4") || len(slices.Compact(slices.Sorted(slices.Values(packages)))) != len(packages) {
		t.Errorf("the packages are %q, want each once", packages)
	}
	if npm := fromNpm(missing); !slices.Contains(npm, "dynalite@4.0.0") || len(npm) != 2 || slices.ContainsFunc(packages, func(p string) bool { return slices.Contains(npm, p) || p == "" }) {
		t.Errorf("the packages of npm are %q, those of Debian %q", npm, packages)
	}
}
