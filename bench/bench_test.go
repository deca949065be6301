package bench

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	full  = flag.Bool("full", false, "measure in full, which takes minutes and wants a quiet machine")
	write = flag.Bool("write", false, "write the table into MEASURED.md, and docs/throughput.svg")
)

// measured is the table of this run.
var measured table

// atEnd is done after all tests, the last first: it removes what several of them
// share.
var atEnd []func()

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	for _, do := range slices.Backward(atEnd) {
		do()
	}
	if code == 0 && *write {
		err := measured.write("MEASURED.md", machine())
		if err := errors.Join(err, throughput.write("../docs/throughput.svg")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// scale returns the first number in a full run and the second, which is just
// enough to show that the measurement works, otherwise.
func scale(inFull, quick int) int {
	if *full {
		return inFull
	}
	return quick
}

// machine says where this was measured.
func machine() string {
	model := "unknown processor"
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("Measured on %s with %s, %s/%s, %d cores (%s). Ratios are the median of the rounds of one run, with the quartiles.",
		time.Now().UTC().Format(time.DateOnly), runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), model)
}
