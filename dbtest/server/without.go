package server

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// SkipsWithout runs some tests of this test binary again, once for each program
// and once for "all", with this program hidden. It fails the test unless each run
// passes and says that it left tests out because the program is missing. The
// pattern is one for -test.run, of tests that need each of the programs.
func SkipsWithout(t *testing.T, pattern string, programs ...string) {
	t.Helper()
	for _, hidden := range append(slices.Clone(programs), "all") {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run="+pattern,
			"-test.skip=^"+t.Name()+"$", "-test.v", "-test.short", "-test.timeout=2m") // never itself
		// The last value of a variable counts.
		cmd.Env = append(os.Environ(), "CI=", postgresEnv+"=", mysqlEnv+"=", withoutEnv+"="+hidden)
		out, err := cmd.CombinedOutput()
		if text := string(out); err != nil || !strings.Contains(text, "--- SKIP: ") || !strings.Contains(text, withoutEnv+" hides it") {
			t.Errorf("with %s hidden, the tests %s do not just skip: %v\n%s", hidden, pattern, err, out)
		}
	}
}
