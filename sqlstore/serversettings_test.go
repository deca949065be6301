package sqlstore

import (
	"database/sql/driver"
	"errors"
	"strings"
	"testing"
)

// newOnSettings is what New says of a server with these settings. The query's
// error comes instead of its rows.
func newOnSettings(t *testing.T, d *Dialect, rows [][]driver.Value, err error) error {
	t.Helper()
	server := &fakeServer{}
	server.answer = func(query string, _ []driver.NamedValue) ([][]driver.Value, error) {
		if err == nil && len(server.asked) > 1 {
			return readCatalogue(query), nil
		}
		return rows, err
	}
	_, got := New(openFake(t, server), d, nil)
	return got
}

// checkSays fails unless err is nil where says is empty, and else names it.
func checkSays(t *testing.T, what string, err error, says string) {
	t.Helper()
	if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
		t.Fatalf("%s: %v, want %q", what, err, says)
	}
}

func TestPostgresThatForgetsOrMisordersIsRefused(t *testing.T) {
	for _, c := range []struct{ commit, encoding, says string }{
		{"on", "UTF8", ""},
		{"local", "UTF8", ""},
		{"remote_write", "UTF8", ""},
		{"remote_apply", "UTF8", ""},
		{"off", "UTF8", "synchronous_commit"},
		{"on", "SQL_ASCII", "SQL_ASCII"},
		{"on", "LATIN1", "ENCODING 'UTF8'"},
	} {
		checkSays(t, c.commit+" "+c.encoding, newOnSettings(t, Postgres, [][]driver.Value{{c.commit, c.encoding}}, nil), c.says)
	}
}

func TestMySQLThatForgetsIsRefused(t *testing.T) {
	for _, c := range []struct{ autocommit, flush, binlog, sync, galera, says string }{
		{"ON", "1", "OFF", "0", "OFF", ""},
		{"ON", "1", "ON", "1", "OFF", ""},
		{"ON", "3", "ON", "1", "OFF", ""},
		{"ON", "1", "OFF", "0", "", ""},
		{"OFF", "1", "OFF", "0", "OFF", "autocommit"},
		{"OFF", "1", "OFF", "0", "ON", "autocommit"},
		{"ON", "0", "OFF", "0", "OFF", "innodb_flush_log_at_trx_commit"},
		{"ON", "2", "OFF", "0", "OFF", "innodb_flush_log_at_trx_commit"},
		{"ON", "1", "ON", "0", "OFF", "sync_binlog"},
		{"ON", "1", "ON", "1000", "OFF", "sync_binlog"},
		// On Galera the other nodes have the write.
		{"ON", "0", "ON", "0", "ON", ""},
		{"ON", "2", "OFF", "0", "ON", ""},
	} {
		rows := [][]driver.Value{{"autocommit", c.autocommit}, {"innodb_flush_log_at_trx_commit", c.flush}, {"log_bin", c.binlog}, {"sync_binlog", c.sync}}
		if c.galera != "" {
			rows = append(rows, []driver.Value{"wsrep_on", c.galera})
		}
		checkSays(t, strings.Join([]string{c.autocommit, c.flush, c.binlog, c.sync, c.galera}, " "), newOnSettings(t, MySQL, rows, nil), c.says)
	}
}

// Settings that cannot be read are no safe ones.
func TestSettingsOfAServerThatCannotBeReadAreAFault(t *testing.T) {
	down := errors.New("gone away")
	for name, d := range map[string]*Dialect{"PostgreSQL": Postgres, "MySQL": MySQL} {
		if err := newOnSettings(t, d, nil, down); !errors.Is(err, down) || !strings.Contains(err.Error(), "reading the settings of "+name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := newOnSettings(t, MySQL, [][]driver.Value{{"autocommit", nil}}, nil); err == nil {
		t.Error("a setting without a value is taken for a safe one")
	}
}
