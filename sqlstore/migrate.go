package sqlstore

import (
	"context"
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
// of that name which cannot serve, or which forgets, is left as it is, and the
// error says what is wrong with it.
func (s *Store) Migrate(ctx context.Context) error {
	if err := s.dialect.onFirstConn(ctx, s.db, func(l *lease) error { return s.create(ctx, l) }); err != nil {
		return fmt.Errorf("sqlstore: migrate: %w", err)
	}
	return nil
}

// migrations is how often the schema is tried while others create the same.
const migrations = 10

// create runs those statements of the schema that have something to do. What is
// there is looked at before anything is added to it.
func (s *Store) create(ctx context.Context, l *lease) error {
	for try := 1; ; try++ {
		err := s.complete(ctx, l)
		raced := err != nil && s.dialect.raced != nil && s.dialect.raced(err)
		if !raced || try == migrations {
			return err
		}
	}
}

func (s *Store) complete(ctx context.Context, l *lease) error {
	present, err := s.inspect(ctx, l)
	for err == nil && present < len(s.dialect.schema) {
		if _, err = l.exec(ctx, statement{text: s.table.in(s.dialect.schema[present])}); err != nil {
			return err
		}
		if present++; present == 1 { // Somebody else may have made the table.
			_, err = s.inspect(ctx, l)
		}
	}
	return err
}

// inspect returns how many statements of the schema have nothing to do. It
// refuses a table that forgets, or that cannot serve.
func (s *Store) inspect(ctx context.Context, l *lease) (present int, err error) {
	if err := s.dialect.keeps(ctx, l, s.table); err != nil {
		return 0, err
	}
	return s.dialect.inspect(ctx, l, s.table)
}
