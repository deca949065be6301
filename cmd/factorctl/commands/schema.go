package commands

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/knowhave/factor/sqlstore"
)

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the SQL that creates the table",
		Long: "Print the SQL that creates the table, for a migration tool. With --dialect it needs no\n" +
			"database.",
		Example: "  " + a.Name + " schema --dialect postgres",
		Args:    exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			d, table, err := a.schemaOf(c)
			if err != nil {
				return err
			}
			text, err := schema(d, table)
			if err != nil {
				return err
			}
			if a.flags.json {
				return a.printJSON(map[string]string{"schema": text})
			}
			_, err = fmt.Fprint(a.out, text)
			return err
		},
	}
}

func (a *app) schemaOf(c *cobra.Command) (*sqlstore.Dialect, string, error) {
	if a.Open != nil {
		s, err := a.open(c.Context(), needTable)
		if err != nil {
			return nil, "", err
		}
		if s.SQL == nil {
			return nil, "", refused("the store is not a table of sqlstore")
		}
		return s.SQL.Dialect, s.SQL.Table, nil
	}
	name, err := a.dialect()
	if err != nil {
		return nil, "", err
	}
	if name != "" {
		return dialects[name], a.table(), nil
	}
	s, err := a.source(true)
	return s.dialect, a.table(), err
}

// schema returns the statements, or an error for a bad table name.
func schema(d *sqlstore.Dialect, table string) (text string, err error) {
	defer func() {
		if wrong := recover(); wrong != nil {
			err = usage("--table: %v", wrong)
		}
	}()
	return sqlstore.Schema(d, &sqlstore.Options{Table: table}), nil
}

func (a *app) migrateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Create the table if it does not exist",
		Long: "Create the table and its index if they do not exist, and with SQLite the file. migrate\n" +
			"leaves an existing table as it is, and refuses one that does not fit. You may run it\n" +
			"any number of times, and several at once.",
		Example: "  " + a.Name + " migrate --dsn-file /run/secrets/dsn",
		Args:    exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := a.open(c.Context(), needTable)
			if err != nil {
				return err
			}
			if s.SQL == nil {
				return refused("the store is not a table of sqlstore")
			}
			store, err := sqlstore.New(s.SQL.DB, s.SQL.Dialect, &sqlstore.Options{Table: s.SQL.Table})
			if err != nil {
				return err
			}
			if err := store.Migrate(c.Context()); err != nil {
				return err
			}
			return a.print(map[string]string{"done": "migrated"}, "the table exists")
		},
	}
}
