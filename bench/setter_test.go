package bench

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

// What a process that sets PINs is told.
const (
	setterDSN   = "FACTOR_BENCH_DSN"
	setterTable = "FACTOR_BENCH_TABLE"
)

// setterSays stands before what such a process answers.
const setterSays = "stored at "

// A setter is another process that sets PINs in the same SQLite file.
type setter struct {
	ask    io.WriteCloser
	answer *bufio.Scanner
}

func startSetter(t *testing.T, dsn, table string) *setter {
	t.Helper()
	process := exec.Command(os.Args[0], "-test.run=^TestProcessThatSetsPINs$", "-test.timeout=0")
	process.Env = append(os.Environ(), setterDSN+"="+dsn, setterTable+"="+table)
	process.Stderr = os.Stderr
	ask, err := process.StdinPipe()
	must(err)
	answer, err := process.StdoutPipe()
	must(err)
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	s := &setter{ask, bufio.NewScanner(answer)}
	t.Cleanup(func() {
		ask.Close()
		if err := process.Wait(); err != nil {
			t.Errorf("the other process: %v", err)
		}
	})
	s.set("somebody whom nobody waits for")
	return s
}

// set returns when the PIN was stored, by the clock of the machine.
func (s *setter) set(user string) time.Time {
	_, err := fmt.Fprintln(s.ask, user)
	must(err)
	for s.answer.Scan() {
		if text, ok := strings.CutPrefix(s.answer.Text(), setterSays); ok {
			nanoseconds, err := strconv.ParseInt(text, 10, 64)
			must(err)
			return time.Unix(0, nanoseconds)
		}
	}
	panic("the other process has ended")
}

// TestProcessThatSetsPINs is the other process: it sets the PIN of each user
// that it is told.
func TestProcessThatSetsPINs(t *testing.T) {
	dsn := os.Getenv(setterDSN)
	if dsn == "" {
		t.Skip("only where another test runs it in a process of its own")
	}
	db := sqlite.open(t, dsn)
	defer db.Close()
	records := &records{sqlite, db, os.Getenv(setterTable)}
	admin := factor.NewAdmin(newVerifier(t, records.store(t), nil))
	for users := bufio.NewScanner(os.Stdin); users.Scan(); {
		must(admin.SetPIN(t.Context(), users.Text(), templatePIN))
		fmt.Printf("%s%d\n", setterSays, time.Now().UnixNano())
	}
}
