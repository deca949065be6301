package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// A Dialect is what differs between databases. This package has all there are.
type Dialect struct {
	quote      string // stands around identifiers
	schema     []string
	statements statements
	oneWriter  bool // whether writes of one Store take turns

	// lost reports whether a write's error means that nothing was written and
	// never will be, because others were in the way.
	lost func(error) bool
	// check refuses a connection whose settings make a lost write likely or what
	// was acknowledged forgettable. It is nil where there is nothing to check.
	check func(context.Context, *sql.Conn, table) error
	// inspect refuses a table that is not as the first statement of schema would
	// have made it.
	inspect func(context.Context, *sql.Conn, table) error
}

// statements are the SQL texts of a Store. Each takes its arguments in the
// order given here, so that a dialect whose placeholders have no numbers can
// serve, and has {table} in the place of the table's name.
type statements struct {
	load    string // user; returns version, data
	insert  string // user, version, due, data; changes no row where there is one
	update  string // version, due, data, user, old
	remove  string // user, old
	list    string // after, limit; returns user
	listDue string // due, after, limit; returns user
}

// in returns the statements for a table.
func (s statements) in(t table) statements {
	return statements{
		load: t.in(s.load), insert: t.in(s.insert), update: t.in(s.update),
		remove: t.in(s.remove), list: t.in(s.list), listDue: t.in(s.listDue),
	}
}

// table is the name of a table.
type table struct {
	schema string // empty if none was given
	name   string
	quote  string
}

// in puts the name into an SQL text: {table} stands for the table, schema
// included, {index} for the name of its index, with the schema before it, and
// {name} and {indexname} for the same without the schema.
func (t table) in(text string) string {
	quoted := func(name string) string { return t.quote + name + t.quote }
	schema := ""
	if t.schema != "" {
		schema = quoted(t.schema) + "."
	}
	name, index := quoted(t.name), quoted(t.index())
	return strings.NewReplacer("{table}", schema+name, "{index}", schema+index, "{name}", name, "{indexname}", index).Replace(text)
}

// index returns the name of the table's index on due.
func (t table) index() string { return t.name + "_due" }

// String returns the name as it was given.
func (t table) String() string {
	if t.schema == "" {
		return t.name
	}
	return t.schema + "." + t.name
}

const defaultTable = "factor_records"

// identifier is what serves as a name in every database, with a _due behind it
// too: PostgreSQL cuts names off at 63 bytes.
var identifier = regexp.MustCompile(`^(?:([A-Za-z_][A-Za-z0-9_]{0,58})\.)?([A-Za-z_][A-Za-z0-9_]{0,58})$`)

// resolve checks what New and Schema are given and returns the table's name.
func resolve(d *Dialect, opts *Options) (table, error) {
	if d == nil {
		return table{}, errors.New("sqlstore: the dialect is nil: pass the one of the database, such as sqlstore.SQLite")
	}
	given := defaultTable
	if opts != nil && opts.Table != "" {
		given = opts.Table
	}
	parts := identifier.FindStringSubmatch(given)
	if parts == nil {
		return table{}, fmt.Errorf("sqlstore: Options.Table is %q: give a name of at most 59 letters (A to Z), digits and underscores that does not begin with a digit, "+
			"or a schema and such a name with a dot in between", given)
	}
	return table{schema: parts[1], name: parts[2], quote: d.quote}, nil
}
