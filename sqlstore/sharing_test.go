package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

// shareOn returns what is shared on a server with such a version and binary log.
func shareOn(t *testing.T, d *Dialect, version, log string) (s sharing) {
	t.Helper()
	server := &fakeServer{answer: func(query string, _ []driver.NamedValue) ([][]driver.Value, error) {
		if query == "SELECT version()" {
			return [][]driver.Value{{version}}, nil
		}
		return [][]driver.Value{{"log_bin", map[bool]string{true: "ON", false: "OFF"}[log != ""]}, {"binlog_format", log}}, nil
	}}
	err := onConn(t.Context(), openFake(t, server), func(l *lease) (err error) {
		s, err = d.sharing(t.Context(), l, table{name: defaultTable})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestServersWithoutSkipLockedShareNothing(t *testing.T) {
	for _, c := range []struct {
		dialect *Dialect
		version string
		log     string
		shares  string
	}{
		{Postgres, "PostgreSQL 15.14 (Debian 15.14-0+deb12u1) on x86_64-pc-linux-gnu, compiled by gcc", "", "load insert update"},
		{Postgres, "PostgreSQL 12.0 on x86_64", "", "load insert update"},
		{Postgres, "PostgreSQL 18beta1 on x86_64", "", "load insert update"},
		{Postgres, "PostgreSQL 11.22 on x86_64", "", ""},
		{Postgres, "PostgreSQL 9.4.26 on x86_64", "", ""},
		{Postgres, "PostgreSQL 15.2-YB-2.25.0.0-b0 on x86_64-pc-linux-gnu", "", ""},
		{Postgres, "CockroachDB CCL v23.2.4 (x86_64-pc-linux-gnu)", "", ""},
		{MySQL, "10.11.14-MariaDB-0+deb12u2-log", "MIXED", "load insert update"},
		{MySQL, "10.6.0-MariaDB", "", "load insert update"},
		{MySQL, "5.5.5-10.6.4-MariaDB", "ROW", "load insert update"},
		{MySQL, "11.4.2-MariaDB", "STATEMENT", "load"},
		{MySQL, "10.5.29-MariaDB", "", ""},
		{MySQL, "5.5.5-10.5.8-MariaDB", "", ""},
		{MySQL, "8.0.36", "ROW", "load update"},
		{MySQL, "8.4.0-0ubuntu1", "STATEMENT", "load"},
		{MySQL, "8.0.1", "", "load update"},
		{MySQL, "8.0.0", "", ""},
		{MySQL, "5.7.44-log", "", ""},
		{MySQL, "8.0.11-TiDB-v7.5.0", "", ""},
		{MySQL, "8.0.30-Vitess", "", ""},
		{MySQL, "garbled", "", ""},
		{SQLite, "", "", "update serial"},
	} {
		s := shareOn(t, c.dialect, c.version, c.log)
		var shares []string
		for _, kind := range []struct {
			name string
			is   bool
		}{{"load", s.load != nil}, {"insert", s.insert != nil}, {"update", s.update != nil}, {"serial", s.serial}} {
			if kind.is {
				shares = append(shares, kind.name)
			}
		}
		if got := strings.Join(shares, " "); got != c.shares {
			t.Errorf("%s %q with binlog_format %q shares %q, want %q", c.dialect.name, c.version, c.log, got, c.shares)
		}
	}
}

// New must not take a server that does not answer for one that cannot share.
func TestNewFailsIfItCannotReadTheVersion(t *testing.T) {
	down := errors.New("down")
	for name, d := range map[string]*Dialect{"current_setting": Postgres, "SHOW VARIABLES": MySQL} {
		settings := [][]driver.Value{{"on", "UTF8"}}
		if d == MySQL {
			settings = [][]driver.Value{{"autocommit", "ON"}, {"innodb_flush_log_at_trx_commit", "1"}}
		}
		server := &fakeServer{answer: func(query string, _ []driver.NamedValue) ([][]driver.Value, error) {
			switch {
			case query == "SELECT version()":
				return nil, down
			case strings.Contains(query, name):
				return settings, nil
			}
			return readCatalogue(query), nil
		}}
		if _, err := New(openFake(t, server), d, nil); !errors.Is(err, down) {
			t.Errorf("%s: New = %v", d.name, err)
		}
	}
}

// Without a driver that takes slices, arrays are written as PostgreSQL reads them.
func TestArraysAreWrittenOut(t *testing.T) {
	batch := []*request{newRequest(context.Background(), `a"b\c, {d}`), newRequest(context.Background(), "é")}
	batch[0].old, batch[0].next = 7, factor.Record{Version: 8, Data: []byte{0, 255}}
	batch[1].old, batch[1].next = -1, factor.Record{Version: 9, Data: []byte("x"), Due: time.UnixMilli(0)}
	want := []any{`{"a\"b\\c, {d}","é"}`, `{7,-1}`, `{8,9}`, `{-9223372036854775808,0}`, `{"\\x00ff","\\x78"}`}
	for i, got := range swapArrays(false, batch) {
		if got != want[i] {
			t.Errorf("argument %d is %s, want %s", i+1, got, want[i])
		}
	}
	for _, got := range swapArrays(true, batch) {
		if _, ok := got.(string); ok {
			t.Errorf("a driver that takes slices is given %s", got)
		}
	}
}

// A driver that does not say that it takes slices is not given any.
func TestSlicesAreForDriversThatTakeThem(t *testing.T) {
	for _, native := range []bool{true, false} {
		server := &shareServer{shape: shape{native: native}}
		db := sql.OpenDB(server)
		defer db.Close()
		err := onConn(t.Context(), db, func(l *lease) error {
			if got := takesArrays(l); got != native {
				t.Errorf("a driver is taken for one that takes slices, %v, and does, %v", got, native)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
