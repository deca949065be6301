package commands

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/memstore"
)

// atTerminal is an app whose input is typed.
func atTerminal(t *testing.T, typed string) (a *app, printed *bytes.Buffer) {
	t.Helper()
	ring, err := factor.NewKeyring(bytes.Repeat([]byte{1}, keySize))
	if err != nil {
		t.Fatal(err)
	}
	service := &Service{Store: memstore.New(), Sealer: ring, Options: &factor.Options{}}
	printed = &bytes.Buffer{}
	a = &app{in: strings.NewReader(typed), out: printed, errs: printed, terminal: func(any) bool { return true }}
	a.Open = func(context.Context) (*Service, error) { return service, nil }
	return a, printed
}

func TestWhatDestroysAsksFirst(t *testing.T) {
	for typed, done := range map[string]bool{"y\n": true, "yes\n": true, "n\n": false, "\n": false, "": false, "alice\n": false, "Y\n": true} {
		a, printed := atTerminal(t, typed)
		err := a.confirm(t.Context(), "Erase it?")
		if (err == nil) != done || !strings.Contains(printed.String(), "Erase it? [y/N]") {
			t.Errorf("%q: %v, after %q", typed, err, printed)
		}
		if err != nil && a.codeOf(t.Context(), err) != Refused {
			t.Errorf("%q: %v has the exit code %d", typed, err, a.codeOf(t.Context(), err))
		}
	}
}

func TestDiscardHasTheUserTypedAgain(t *testing.T) {
	for typed, done := range map[string]bool{"alice\n": true, "alice": true, "bob\n": false, "y\n": false, "\n": false} {
		a, printed := atTerminal(t, typed)
		s, err := a.open(t.Context(), needOptions)
		if err != nil {
			t.Fatal(err)
		}
		record := factor.Record{Data: []byte("sealed under a key that is lost"), Version: 1}
		if err := s.Store.CompareAndSwap(t.Context(), "alice", 0, record); err != nil {
			t.Fatal(err)
		}
		err = a.discard(t.Context(), "alice")
		if (err == nil) != done || !strings.Contains(printed.String(), "no key opens the data") {
			t.Errorf("%q: %v, after %q", typed, err, printed)
		}
		if left, _ := s.Store.Load(t.Context(), "alice"); (left.Version != record.Version) != done {
			t.Errorf("%q: the record is %+v", typed, left)
		}
	}
}

func TestAnInterruptEndsAQuestion(t *testing.T) {
	a, _ := atTerminal(t, "")
	nobody, _ := io.Pipe()
	a.in = nobody
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.confirm(ctx, "Erase it?"); !errors.Is(err, context.Canceled) || a.codeOf(ctx, err) != Interrupted {
		t.Fatal(err)
	}
}

func TestProgressTellsCountRateAndTimeLeft(t *testing.T) {
	p := &progress{what: "users", before: 100, done: 400, total: 1000}
	if got, want := p.line(10*time.Second), "400 of 1000 users (40 %), 30 a second, 20s left"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	p = &progress{what: "rows", done: 50}
	if got, want := p.line(10*time.Second), "50 rows, 5 a second"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestProgressIsABarOnATerminal(t *testing.T) {
	a, printed := atTerminal(t, "")
	p := a.progress("users", 1, 4)
	p.add(3)
	p.end()
	if got := printed.String(); !strings.Contains(got, "users") || !strings.Contains(got, "4/4") || !strings.HasSuffix(got, "\n") {
		t.Errorf("it shows %q", got)
	}
	a.flags.quiet = true
	printed.Reset()
	p = a.progress("users", 0, 4)
	p.add(4)
	p.end()
	if printed.Len() > 0 {
		t.Errorf("with --quiet it shows %q", printed)
	}
}

func TestAClockThatIsFarOffIsFound(t *testing.T) {
	db, err := sql.Open("sqlite", "file:"+t.TempDir()+"/clock.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for query, want := range map[string]struct {
		most, least time.Duration
	}{
		`SELECT 1000 * 60 * 60`: {least: 365 * 24 * time.Hour, most: 1 << 62}, // an hour after 1970
		`SELECT CAST((julianday('now', '+2 hours') - 2440587.5) * 86400000 AS INTEGER)`: {least: -3 * time.Hour, most: -time.Hour},
	} {
		ahead, err := clockOffset(t.Context(), db, query)
		if err != nil || ahead < want.least || ahead > want.most {
			t.Errorf("%s: this machine is %v ahead, %v", query, ahead, err)
		}
	}
	for ahead, want := range map[time.Duration]string{
		0: resultOK, 900 * time.Millisecond: resultOK, -2 * time.Second: resultWarn, time.Minute: resultFail, -time.Hour: resultFail,
	} {
		if got := clockResult(ahead); got != want {
			t.Errorf("a clock that is %v ahead is %s, want %s", ahead, got, want)
		}
	}
}
