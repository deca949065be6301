package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
)

// PostgresUser runs PostgreSQL where the tests run as root.
const PostgresUser = "postgres"

// A PostgresConfig configures a PostgreSQL server.
type PostgresConfig struct {
	Name string // default "postgres"; one of a kind in its Home
	// Version is "18", or "" for the one that is installed.
	Version string
	// Data is an existing data directory, such as a base backup. By default a new
	// one is made, in which text is ordered by the rules of a language unless a
	// collation says otherwise.
	Data string
	// Settings are "name=value", and stand before those that postgresql.conf has.
	Settings []string
}

// A Postgres is a running PostgreSQL server.
type Postgres struct {
	*Process
	Port int
	Data string // the data directory, which belongs to PostgresUser
}

// PostgresProgram returns the path of a program of PostgreSQL.
func PostgresProgram(name string) (string, error) {
	return Find(name)
}

// Postgres starts a PostgreSQL server on a free port of loopback, with a user
// "factor" without a password, who may replicate.
func (h *Home) Postgres(c PostgresConfig) (*Postgres, error) {
	postgres, err := PostgresProgram(c.program("postgres"))
	if err != nil {
		return nil, err
	}
	if c.Name == "" {
		c.Name = "postgres"
	}
	if c.Data == "" {
		if c.Data, err = h.initdb(c); err != nil {
			return nil, err
		}
	}
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	s := &Postgres{Port: port, Data: c.Data}
	args := []string{"-D", c.Data}
	for _, setting := range append([]string{
		"listen_addresses=127.0.0.1", fmt.Sprintf("port=%d", port), "unix_socket_directories=",
		"fsync=on", "synchronous_commit=on", "full_page_writes=on",
		"max_connections=200", "shared_buffers=64MB", "dynamic_shared_memory_type=mmap", "log_min_messages=warning", "log_min_error_statement=panic",
	}, c.Settings...) {
		args = append(args, "-c", setting)
	}
	s.Process, err = h.Start(Command{
		Name: c.Name, User: PostgresUser, Path: postgres, Args: args, Dir: c.Data,
		Quit:  syscall.SIGQUIT, // an immediate shutdown, which cleans shared memory up
		Ready: func(ctx context.Context) error { return pingPostgres(ctx, s.DSN("factor")) },
		Clean: func() { removeSharedMemory(filepath.Join(c.Data, "postmaster.pid")) },
	})
	return s, err
}

// program is the name of a program of the version.
func (c PostgresConfig) program(name string) string {
	if c.Version == "" {
		return name
	}
	return name + "-" + c.Version
}

// initdb makes a data directory and the database "factor".
func (h *Home) initdb(c PostgresConfig) (string, error) {
	initdb, err := PostgresProgram(c.program("initdb"))
	if err != nil {
		return "", err
	}
	dir, err := h.Directory(c.Name, PostgresUser)
	if err != nil {
		return "", err
	}
	data := filepath.Join(dir, "data")
	postgres, err := PostgresProgram(c.program("postgres"))
	if err != nil {
		return "", err
	}
	err = Run(dir, PostgresUser, initdb, "-D", data, "-U", "factor", "--auth=trust", "--encoding=UTF8",
		"--locale=C", "--locale-provider=icu", "--icu-locale=en", "--no-sync")
	if err != nil && lacksICU(err.Error()) {
		return "", &MissingError{"PostgreSQL with the locales of ICU", "install version 15 or later"}
	}
	if err != nil {
		return "", err
	}
	script := filepath.Join(dir, "create.sql")
	if err := os.WriteFile(script, []byte("CREATE DATABASE factor;\n"), 0o644); err != nil {
		return "", err
	}
	return data, Run(dir, PostgresUser, "/bin/sh", "-c", `exec "$1" --single -D "$2" postgres < "$3"`, "sh", postgres, data, script)
}

// lacksICU reports whether initdb is too old for the option or was built without
// ICU.
func lacksICU(said string) bool {
	return strings.Contains(said, "unrecognized option '--locale-provider") || strings.Contains(said, "ICU is not supported in this build")
}

// DSN returns the data source name of a database.
func (s *Postgres) DSN(database string) string {
	return fmt.Sprintf("postgres://factor@127.0.0.1:%d/%s?sslmode=disable", s.Port, database)
}

// removeSharedMemory removes the segment of a killed server. Its number is the
// second word of the seventh line of the file, which a server that could clean up
// has removed.
func removeSharedMemory(path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		return
	}
	if lines := strings.Split(string(text), "\n"); len(lines) > 6 {
		var key, segment int
		if n, _ := fmt.Sscan(lines[6], &key, &segment); n == 2 {
			removeSegment(segment)
		}
	}
}

func pingPostgres(ctx context.Context, dsn string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	return errors.Join(conn.Ping(ctx), conn.Close(ctx))
}
