package server

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"

	_ "github.com/go-sql-driver/mysql" // registers the driver "mysql"
)

// MariaDBUser runs MariaDB where the tests run as root.
const MariaDBUser = "mysql"

// A MariaDBConfig configures a MariaDB server.
type MariaDBConfig struct {
	Name string   // default "mariadb"; one of a kind in its Home
	Data string   // an existing data directory; by default a new one is made
	Port int      // default a free one
	Args []string // further options of mariadbd, which win over those set here
	// NoWait returns before the server is ready.
	NoWait bool
}

// A MariaDB is a running MariaDB server.
type MariaDB struct {
	*Process
	Port int
	Data string // the data directory, which belongs to MariaDBUser
}

// MariaDBProgram returns the path of a program of MariaDB.
func MariaDBProgram(name string) (string, error) {
	return Find(name)
}

// MariaDB starts a MariaDB server on loopback, with a user "factor" without a
// password.
func (h *Home) MariaDB(c MariaDBConfig) (*MariaDB, error) {
	mariadbd, err := MariaDBProgram("mariadbd")
	if err != nil {
		return nil, err
	}
	if c.Name == "" {
		c.Name = "mariadb"
	}
	if c.Data == "" {
		if c.Data, err = h.installMariaDB(c.Name); err != nil {
			return nil, err
		}
	}
	if c.Port == 0 {
		if c.Port, err = FreePort(); err != nil {
			return nil, err
		}
	}
	s := &MariaDB{Port: c.Port, Data: c.Data}
	command := Command{
		Name: c.Name, User: MariaDBUser, Path: mariadbd, Dir: c.Data,
		Args: append([]string{
			"--no-defaults", "--datadir=" + c.Data, fmt.Sprintf("--port=%d", c.Port), "--bind-address=127.0.0.1",
			"--socket=server.sock", "--pid-file=server.pid", "--skip-name-resolve", "--max-connections=300",
			"--innodb-flush-log-at-trx-commit=1", "--innodb-doublewrite=ON", "--innodb-buffer-pool-size=64M",
			"--character-set-server=utf8mb4", "--collation-server=utf8mb4_general_ci",
		}, c.Args...),
	}
	ready := func(ctx context.Context) error { return pingMariaDB(ctx, s.DSN("factor")) }
	if !c.NoWait {
		command.Ready = ready
	}
	s.Process, err = h.Start(command)
	if s.Process != nil {
		s.Process.command.Ready = ready
	}
	return s, err
}

// installMariaDB makes a data directory and the database "factor".
func (h *Home) installMariaDB(name string) (string, error) {
	install, err := MariaDBProgram("mariadb-install-db")
	if err != nil {
		return "", err
	}
	dir, err := h.Directory(name, MariaDBUser)
	if err != nil {
		return "", err
	}
	const setup = "CREATE DATABASE factor;\n" +
		"FLUSH PRIVILEGES;\n" +
		"CREATE USER factor@'%';\n" +
		"GRANT ALL PRIVILEGES ON *.* TO factor@'%' WITH GRANT OPTION;\n"
	script := filepath.Join(h.dir, name+".sql")
	if err := os.WriteFile(script, []byte(setup), 0o644); err != nil {
		return "", err
	}
	data := filepath.Join(dir, "data")
	return data, Run(dir, MariaDBUser, install, "--no-defaults", "--datadir="+data, "--skip-test-db",
		"--auth-root-authentication-method=normal", "--skip-name-resolve", "--extra-file="+script)
}

// DSN returns the data source name of a database.
func (s *MariaDB) DSN(database string) string {
	return fmt.Sprintf("factor@tcp(127.0.0.1:%d)/%s?interpolateParams=true", s.Port, database)
}

func pingMariaDB(ctx context.Context, dsn string) error {
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	var one int
	return db.QueryRowContext(ctx, `SELECT 1`).Scan(&one)
}
