package dbtest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

const (
	codeEnv  = "DBTEST_CODE"  // the one-time code to redeem; guesses are made without
	startEnv = "DBTEST_START" // a directory that the processes meet in
)

// hotUser is whom all processes work on.
const hotUser = "hot"

// verifierOn returns a verifier whose limit is 5, with the same key in every
// process.
func verifierOn(t *testing.T, store factor.Store) *factor.Verifier {
	t.Helper()
	keys, err := factor.NewKeyring(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	v, err := factor.NewVerifier(store, keys, &factor.Options{OTP: factor.OTPOptions{Limit: factor.Limit{Tries: 5}}})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// answers counts what many callers in several processes were answered.
func (p Place) answers(t *testing.T, processes int, code string) map[string]int {
	t.Helper()
	counts := make(map[string]int)
	for _, output := range inProcesses(t, processes, "TestProcessThatVerifies", p, codeEnv+"="+code, startEnv+"="+t.TempDir(), fmt.Sprintf("DBTEST_PROCESSES=%d", processes)) {
		for lines := bufio.NewScanner(strings.NewReader(output)); lines.Scan(); {
			if answer, ok := strings.CutPrefix(lines.Text(), "answered: "); ok {
				counts[answer]++
			}
		}
	}
	return counts
}

func TestGuessesFromManyProcessesKeepTheLimit(t *testing.T) {
	onEach(t, func(t *testing.T, e Engine) {
		p := e.Place(t)
		store := p.migrated(t, p.Open(t)) // without a record of the user
		got := p.answers(t, 4, "")
		if got["mismatch"] != 5 || got["locked"] != 95 {
			t.Fatalf("100 guesses in 4 processes were answered %v, want 5 mismatches and 95 times locked", got)
		}
		status, err := factor.NewAdmin(verifierOn(t, store)).Status(t.Context(), hotUser)
		if err != nil || len(status.Budgets) != 1 || status.Budgets[0].Wrong != 5 {
			t.Fatalf("after 100 guesses the status is %+v, %v; want 5 wrong", status, err)
		}
	})
}

func TestCodeIsRedeemedOnceByManyProcesses(t *testing.T) {
	onEach(t, func(t *testing.T, e Engine) {
		p := e.Place(t)
		v := verifierOn(t, p.migrated(t, p.Open(t)))
		otp, err := factor.NewOTPIssuer(v).IssueUnproven(t.Context(), hotUser, factor.KindAccount)
		if err != nil {
			t.Fatal(err)
		}
		got := p.answers(t, 4, otp.Code)
		if got["accepted"] != 1 || got["mismatch"] != 99 {
			t.Fatalf("one code was answered %v when 4 processes redeemed it 100 times, want it accepted once", got)
		}
		status, err := factor.NewAdmin(v).Status(t.Context(), hotUser)
		if err != nil || len(status.Budgets) != 0 {
			t.Fatalf("after a code was redeemed again and again the status is %+v, %v; want no wrong answer", status, err)
		}
	})
}

// TestProcessThatVerifies makes 25 calls at once, when all processes are ready.
func TestProcessThatVerifies(t *testing.T) {
	p := inherited(t)
	v := verifierOn(t, p.store(t, p.Open(t)))
	meet(t)
	const calls = 25
	results := make([]error, calls)
	var done sync.WaitGroup
	for i := range calls {
		done.Go(func() {
			code := os.Getenv(codeEnv)
			if code == "" {
				code = fmt.Sprintf("%06d", i)
			}
			_, results[i] = v.VerifyOTP(t.Context(), hotUser, code, factor.KindAccount)
		})
	}
	done.Wait()
	for _, err := range results {
		switch {
		case err == nil:
			fmt.Println("answered: accepted")
		case errors.Is(err, factor.ErrMismatch):
			fmt.Println("answered: mismatch")
		case errors.Is(err, factor.ErrLocked):
			fmt.Println("answered: locked")
		default:
			t.Error(err)
		}
	}
}

// meet waits until as many processes as there are have come here.
func meet(t *testing.T) {
	t.Helper()
	dir := os.Getenv(startEnv)
	var processes int
	if _, err := fmt.Sscan(os.Getenv("DBTEST_PROCESSES"), &processes); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(os.Getpid())), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		here, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(here) == processes {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after a minute %d of %d processes are here", len(here), processes)
		}
	}
}
