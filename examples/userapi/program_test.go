package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/knowhave/factor/dbtest/server"
)

// TestProgramAndItsCurlLines starts the program as a process, runs each curl line
// as it is printed, and stops it as an operator does.
func TestProgramAndItsCurlLines(t *testing.T) {
	server.Need(t, "sh", "curl", "cut")
	s := startProgram(t)
	if len(s.demo) != len(described)+len(ours)+2 {
		t.Fatalf("%d lines were printed for %d operations", len(s.demo), len(described)+len(ours))
	}
	for i, op := range described {
		if !strings.Contains(s.demo[i].curl, s.base+op.path) {
			t.Errorf("line %d is not for %s: %s", i, op.path, s.demo[i].curl)
		}
	}
	for _, line := range s.demo {
		said, err := exec.Command("sh", "-c", line.curl).Output()
		if err != nil {
			t.Fatalf("%s: %v", line.curl, err)
		}
		if !strings.HasPrefix(string(said), "HTTP/1.1 "+line.status+" ") {
			t.Errorf("%s\nwant %s:\n%s", line.curl, line.status, said)
		}
	}
	if mail, err := os.ReadFile(filepath.Join(s.dir, "mail.txt")); err != nil || !strings.Contains(string(mail), "To: "+demoUser+"@example.com") {
		t.Errorf("the mail is not in its file: %v %s", err, mail)
	}
	if err := s.stop(); err != nil {
		t.Fatalf("it ended with %v\n%s", err, s.log)
	}
}

// startProgram starts the program as a process, on new files. Its stop is an
// operator's.
func startProgram(t *testing.T, args ...string) *running {
	t.Helper()
	s := &running{dir: t.TempDir(), log: &buffer{}}
	program := exec.Command(os.Args[0], append([]string{"-addr", "127.0.0.1:0", "-dir", s.dir}, args...)...)
	program.Env = append(os.Environ(), "USERAPI_TEST_MAIN=1")
	program.Stderr = s.log
	printed, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Process.Kill() })
	s.stop = sync.OnceValue(func() error {
		if err := program.Process.Signal(syscall.SIGTERM); err != nil {
			return err
		}
		_, _ = io.Copy(io.Discard, printed)
		return program.Wait()
	})
	if err := s.read(printed); err != nil {
		t.Fatal(err, s.log)
	}
	return s
}

func TestStoppingAnswersLongPolls(t *testing.T) {
	s := startServer(t)
	c := s.newCaller(t, time.Hour)
	polled := c.poll()
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	answered := (<-polled).want(t, 503).is(t, "stopping", "")
	if answered.header.Get("Retry-After") != "1" {
		t.Fatalf("Retry-After is %q", answered.header.Get("Retry-After"))
	}
}

// TestRestartKeepsEverything but the demo user's token.
func TestRestartKeepsEverything(t *testing.T) {
	dir := t.TempDir()
	first, err := start(dir)
	if err != nil {
		t.Fatal(err)
	}
	c := first.newCaller(t, time.Hour)
	c.setPIN("8299")
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	second, err := start(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer second.stop()
	c.s = second
	c.json("POST", "/user/otp", `{"pin":"8299"}`).want(t, 201)
	second.send(t, request{method: "GET", path: "/user/pin", token: second.token}).want(t, 404)
	second.send(t, request{method: "GET", path: "/user/pin", token: first.token}).want(t, 401)
}

// TestRestartFinishesAWipe that was cut off: the first sweep is at the start. The wipe
// is due at the next full minute, which the test does not wait for.
func TestRestartFinishesAWipe(t *testing.T) {
	dir := t.TempDir()
	first, err := start(dir)
	if err != nil {
		t.Fatal(err)
	}
	c := first.withPIN(t)
	c.card("Visa")
	first.exec(t, `ALTER TABLE userapi_payment_methods RENAME TO elsewhere`)
	c.reset(`{"skip":true}`).want(t, 503)
	first.exec(t, `ALTER TABLE elsewhere RENAME TO userapi_payment_methods`)
	c.wantCards("Visa")
	first.exec(t, `UPDATE factor_records SET due = 1`)
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	second, err := start(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer second.stop()
	c.s = second
	second.waitForMetric(t, `factor_sweeps_total{result="ok"} 1`)
	c.wantCards()
	c.wantMails(deleted)
}

// TestLogHoldsNoSecret: it has a line for each request, and nothing that a
// client sent or was given.
func TestLogHoldsNoSecret(t *testing.T) {
	s := startServer(t)
	c := s.withPIN(t)
	secrets := []string{c.token, s.token, s.resetToken, callerPassword, "8299", "7391", "wrong-password"}
	otp := c.code()
	_, secret := c.device(`{"pin":"8299"}`)
	deviceOTP := deviceCode(t, secret)
	secrets = append(secrets, otp, secret, deviceOTP)
	c.json("POST", "/user/otp", `{"pin":"7391","password":"wrong-password"}`)
	c.json("POST", "/user/otp", `{"8299":"8299"}`)
	c.json("POST", "/user/otp", `{"pin":["8299"]}`)
	c.json("POST", "/user/otp/verify", `{"otp":"`+otp+`"}`).want(t, 204)
	c.json("POST", "/user/otp/verify", `{"otp":"`+deviceOTP+`"}`).want(t, 204)
	c.get("/user/pin?timeout=8299&otp=" + otp)
	c.get("/user/8299/" + otp)
	c.s.send(t, request{method: "POST", path: "/user/otp/sendmail", token: c.token}).want(t, 204)
	secrets = append(secrets, c.mailedCode())
	for range 3 {
		c.reset(`{"pin":"7391"}`).want(t, 422)
	}
	s.exec(t, `DROP TABLE userapi_payment_methods`)
	last := c.reset(`{"pin":"7391"}`).want(t, 503)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	log := s.log.String()
	for line := range strings.Lines(log) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("not JSON: %s", line)
		}
		for _, name := range []string{"time", "id", "took", "until", "user", "device"} {
			delete(entry, name) // any digits may be in these
		}
		rest, _ := json.Marshal(entry)
		for _, secret := range secrets {
			if bytes.Contains(rest, []byte(secret)) {
				t.Errorf("the log holds %q: %s", secret, line)
			}
		}
	}
	if !strings.Contains(log, last.header.Get("Request-Id")) || !strings.Contains(log, `"code":"wipe-pending"`) {
		t.Errorf("the log lacks the fault:\n%s", log)
	}
}

func TestFlagsThatCannotBeAreRefused(t *testing.T) {
	for _, args := range [][]string{{"-port", "1"}, {"serve"}, {"-dsn", "oracle://x"}, {"-addr", "nowhere"}, {"-metrics", "nowhere"}, {"-key", os.DevNull}} {
		var out, log buffer
		if err := run(t.Context(), append([]string{"-dir", t.TempDir()}, args...), &out, &log); err == nil {
			t.Errorf("%v was taken", args)
		}
	}
	t.Setenv("USERAPI_RESET_TOKEN", "guess me")
	var out, log buffer
	if err := run(t.Context(), []string{"-addr", "127.0.0.1:0", "-dir", t.TempDir()}, &out, &log); err == nil {
		t.Error("a short token of the identity provider was taken")
	}
	if err := run(t.Context(), []string{"-h"}, &out, &log); err != nil || !strings.Contains(log.String(), "-dsn") {
		t.Errorf("-h: %v\n%s", err, log.String())
	}
}
