package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// Schema returns the statements that Migrate runs, each with a semicolon and a
// line of its own after it, for hosts that keep their migrations elsewhere. It
// panics if New would refuse d or opts.
func Schema(d *Dialect, opts *Options) string {
	table, err := resolve(d, opts)
	if err != nil {
		panic(err)
	}
	return table.in(strings.Join(d.schema, ";\n") + ";\n")
}

// Migrate creates the table and its index where they do not exist. It may be
// called each time a process starts, and by several processes at once. A table
// of that name which cannot serve is left as it is, and the error says what is
// wrong with it.
func (s *Store) Migrate(ctx context.Context) error {
	done, err := s.takeTurn(ctx)
	if err != nil {
		return fmt.Errorf("sqlstore: migrate: %w", err)
	}
	defer done()
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("sqlstore: migrate: %w", err)
	}
	defer conn.Close()
	if err := s.create(ctx, conn); err != nil {
		return fmt.Errorf("sqlstore: migrate: %w", err)
	}
	return nil
}

// create runs the statements of the schema. The first one makes the table,
// unless there is one; what is there is looked at before anything is added.
func (s *Store) create(ctx context.Context, conn *sql.Conn) error {
	for i, text := range s.dialect.schema {
		if _, err := conn.ExecContext(ctx, s.table.in(text)); err != nil {
			return err
		}
		if i > 0 {
			continue
		}
		if err := s.dialect.inspect(ctx, conn, s.table); err != nil {
			return err
		}
	}
	return nil
}
