package redis_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest/server"
	"github.com/knowhave/factor/storetest"
)

// defects are what New refuses, made behind its back.
var defects = map[string]struct {
	args    []string // of the server
	retries int      // of the client
}{
	"the client tries again": {nil, 3},
	"no append-only file":    {[]string{"--appendonly", "no"}, 0},
}

// defectEnv names the defect with which TestDefectiveStore runs, in a process of its
// own, because a subtest that fails would fail this one too.
const defectEnv = "FACTOR_TEST_REDIS_DEFECT"

func TestDefectiveStore(t *testing.T) {
	d, ok := defects[os.Getenv(defectEnv)]
	if !ok {
		return // TestContractFindsWhatNewRefuses runs it.
	}
	s := started(t, d.args...)
	storetest.Run(t, func(t *testing.T) factor.Store { return onMortal(t, s, d.retries) })
}

func TestContractFindsWhatNewRefuses(t *testing.T) {
	server.Need(t, "redis-server")
	const clause = "InterruptedSwapsTellTheTruth"
	for name := range defects {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDefectiveStore$/^"+clause+"$", "-test.v", "-test.timeout=2m")
			cmd.Env = append(os.Environ(), defectEnv+"="+name)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "--- FAIL: TestDefectiveStore/"+clause) {
				t.Errorf("%s passes: %v\n%s", clause, err, out)
			}
			for line := range strings.Lines(string(out)) {
				if strings.Contains(line, "swap") {
					t.Log(strings.TrimSpace(line))
				}
			}
		})
	}
}
