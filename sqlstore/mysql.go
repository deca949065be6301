package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// MySQL is the dialect of MySQL 8 and of MariaDB 10.6 or later, Galera clusters
// included. With github.com/go-sql-driver/mysql, interpolateParams saves a round
// trip for each call:
//
//	factor@tcp(db.example.com:3306)/app?interpolateParams=true
//
// New asks for autocommit and for a log that is on disk before a write is
// acknowledged: innodb_flush_log_at_trx_commit=1 and, where there is a binary
// log, sync_binlog=1, without which a server that has lost power gives up writes
// that are not in it. On a node of Galera it does not, because there the other
// nodes have the write. Every isolation level serves, because each swap is one
// statement, or locks what it relies on.
var MySQL = newMySQL()

func newMySQL() *Dialect {
	return &Dialect{
		name:  "MySQL",
		quote: "`",
		schema: []string{
			// With more room than a record takes, because a server whose sql_mode is
			// not strict cuts off what is too long.
			`CREATE TABLE IF NOT EXISTS {table} (
	user_id VARBINARY(255) NOT NULL PRIMARY KEY,
	version BIGINT NOT NULL,
	due     BIGINT,
	data    MEDIUMBLOB NOT NULL,
	INDEX {indexname} (due, user_id)
) ENGINE = InnoDB`,
		},
		statements: statements{
			load: `SELECT version, data FROM {table} WHERE user_id = ?`,
			// Neither IGNORE, which makes warnings of other errors, nor ON DUPLICATE
			// KEY UPDATE, whose count depends on a setting of the driver.
			insert:   `INSERT INTO {table} (user_id, version, due, data) VALUES (?, ?, ?, ?)`,
			update:   `UPDATE {table} SET version = ?, due = ?, data = ? WHERE user_id = ? AND version = ?`,
			remove:   `DELETE FROM {table} WHERE user_id = ? AND version = ?`,
			list:     `SELECT user_id FROM {table} WHERE user_id > ? ORDER BY user_id LIMIT ?`,
			versions: `SELECT user_id, version FROM {table} WHERE user_id IN ({users})` + everyRow,
			// The planner must not walk the primary key, past all who are not due, in
			// order to save a sort.
			listDue: `SELECT user_id FROM {table} IGNORE INDEX (PRIMARY) WHERE due <= ? AND user_id > ? ORDER BY user_id LIMIT ?`,
		},
		sharing: sharingOnMySQL,
		lost:    lostOnMySQL,
		taken:   takenOnMySQL,
		raced:   lostOnMySQL,
		code:    codeOfMySQL,
		absent:  absentOnMySQL,
		keeps:   keepsMySQL,
		check:   checkMySQL,
		inspect: inspectMySQL,
	}
}

// mysqlNumber returns the server's number for an error, and the error that has it:
// a Number in github.com/go-sql-driver/mysql, a Code in
// github.com/go-mysql-org/go-mysql.
func mysqlNumber(err error) (number int64, said error) {
	if number, said := errorCode(err, "Number"); said != nil {
		return number, said
	}
	return errorCode(err, "Code")
}

// lostOnMySQL recognises a deadlock (1213), which in a Galera cluster is also
// what a write gets that another node was faster than, a row that has changed
// since the statement began (1020, with innodb_snapshot_isolation) and a lock
// that was not had in time (1205). The latter undoes only the statement, which
// with autocommit is all there is.
func lostOnMySQL(err error) bool {
	number, _ := mysqlNumber(err)
	return number == 1213 || number == 1020 || number == 1205
}

// takenOnMySQL recognises a duplicate key.
func takenOnMySQL(err error) bool {
	number, _ := mysqlNumber(err)
	return number == 1062 || number == 1586
}

// speakingOnMySQL are the errors that a host may meet and whose texts name
// tables, accounts and settings, but nothing that a row or an argument holds:
// too many connections, access denied, a node of Galera that is not ready, no
// table, an error during commit, a server that is read-only or shuts down, and
// the conflicts.
var speakingOnMySQL = []int64{1020, 1040, 1044, 1045, 1047, 1049, 1053, 1142, 1146, 1180, 1205, 1213, 1290, 1317, 1792, 1836}

func codeOfMySQL(err error) (name string, speaking bool, said error) {
	number, said := mysqlNumber(err)
	return "error " + strconv.FormatInt(number, 10), slices.Contains(speakingOnMySQL, number), said
}

// absentOnMySQL recognises that there is no such table.
func absentOnMySQL(err error) bool {
	number, _ := mysqlNumber(err)
	return number == 1146
}

// checkMySQL refuses settings under which acknowledged writes can be lost.
func checkMySQL(ctx context.Context, l *lease, _ table) error {
	settings, err := readMySQLSettings(ctx, l)
	if err != nil {
		return fmt.Errorf("reading the settings of MySQL: %w", err)
	}
	replicated := settings["wsrep_on"] == "ON"
	flushed := settings["innodb_flush_log_at_trx_commit"]
	switch {
	case settings["autocommit"] != "ON":
		return errors.New("a connection to MySQL has autocommit off and commits nothing: take autocommit out of the data source name, or set it to 1")
	case settings["completion_type"] == "CHAIN":
		return errors.New("a connection to MySQL has completion_type CHAIN, and after any COMMIT commits nothing that comes next: " +
			"take completion_type out of the data source name and of the server's settings")
	case !replicated && flushed != "1" && flushed != "3":
		return fmt.Errorf("the MySQL server has innodb_flush_log_at_trx_commit %s and forgets the last writes when it fails: set it to 1", flushed)
	case !replicated && settings["log_bin"] == "ON" && settings["sync_binlog"] != "1":
		return fmt.Errorf("the MySQL server has sync_binlog %s and gives up the last writes when it has lost power: set it to 1, or turn the binary log off",
			settings["sync_binlog"])
	}
	return nil
}

func readMySQLSettings(ctx context.Context, l *lease) (map[string]string, error) {
	rows, err := l.query(ctx, `SHOW VARIABLES WHERE Variable_name IN
('autocommit', 'completion_type', 'innodb_flush_log_at_trx_commit', 'log_bin', 'sync_binlog', 'wsrep_on')`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	settings := make(map[string]string)
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return nil, err
		}
		settings[name] = value
	}
	return settings, rows.Err()
}
