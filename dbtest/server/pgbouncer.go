package server

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"
)

// A PgBouncer is a running pgbouncer in transaction mode.
type PgBouncer struct {
	*Process
	Port int
	user string
}

// PgBouncer starts a pgbouncer on loopback, in front of the PostgreSQL server of a
// data source name. It admits the user of that name without a password.
func (h *Home) PgBouncer(dsn string) (*PgBouncer, error) {
	pgbouncer, err := Find("pgbouncer")
	if err != nil {
		return nil, err
	}
	to, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	dir, err := h.Directory("pgbouncer", PostgresUser)
	if err != nil {
		return nil, err
	}
	if err := configurePgBouncer(dir, port, to); err != nil {
		return nil, err
	}
	s := &PgBouncer{Port: port, user: to.User}
	s.Process, err = h.Start(Command{
		Name: "pgbouncer", User: PostgresUser, Path: pgbouncer, Args: []string{filepath.Join(dir, "pgbouncer.ini")}, Dir: dir,
		Ready: func(ctx context.Context) error { return pingPostgres(ctx, s.DSN(to.Database)) },
	})
	return s, err
}

// configurePgBouncer writes pgbouncer's files, with its port and its server.
func configurePgBouncer(dir string, port int, to *pgx.ConnConfig) error {
	uid, gid, err := ids(PostgresUser)
	if err != nil {
		return err
	}
	database := fmt.Sprintf("* = host=%s port=%d user=%s", to.Host, to.Port, to.User)
	if to.Password != "" {
		database += " password='" + to.Password + "'"
	}
	files := map[string]string{
		"users.txt": fmt.Sprintf("%q %q\n", to.User, to.Password),
		"pgbouncer.ini": fmt.Sprintf(`[databases]
%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = trust
auth_file = %s
pool_mode = transaction
default_pool_size = 20
max_client_conn = 1000
`, database, port, filepath.Join(dir, "users.txt")),
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
		if err := os.Chown(path, uid, gid); err != nil {
			return err
		}
	}
	return nil
}

// DSN returns the data source name of a database. Its default_query_exec_mode keeps
// pgx from preparing statements, which the next transaction might not find on its
// connection.
func (s *PgBouncer) DSN(database string) string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable&default_query_exec_mode=exec", s.user, s.Port, database)
}
