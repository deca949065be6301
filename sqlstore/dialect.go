package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// A Dialect is what differs between databases. This package has all there are.
type Dialect struct {
	name       string // as it is exported
	quote      string // stands around identifiers
	numbered   bool   // whether placeholders are $1, $2 and so on
	schema     []string
	statements statements
	// sharing finds out what requests that come at the same time share.
	sharing func(context.Context, *lease, table) (sharing, error)

	// lost reports whether a write's error means that nothing was written and
	// never will be, because others were in the way.
	lost func(error) bool
	// taken reports whether an insert's error means that nothing was written,
	// because there is a row already. It is nil where that is no error.
	taken func(error) bool
	// raced reports whether a statement of the schema failed because others run
	// the same one. It is nil where they wait for each other.
	raced func(error) bool
	// code returns the error that the server has given, nil if none has, and
	// before it the name of its code and whether it speaks: its text then holds
	// nothing of a row or an argument.
	code func(error) (name string, speaking bool, said error)
	// absent reports whether an error says that there is no table.
	absent func(error) bool
	// check refuses a connection whose settings make a lost write likely or what
	// was acknowledged forgettable.
	check func(context.Context, *lease, table) error
	// keeps refuses a table that forgets what was acknowledged. It says nothing
	// where there is no table.
	keeps func(context.Context, *lease, table) error
	// inspect returns how many statements of schema have nothing to do: none
	// without a table. It refuses a table that is not as the first one would have
	// made it.
	inspect func(context.Context, *lease, table) (present int, err error)
}

// accept refuses a connection to a database that this dialect is not for, or that
// would forget.
func (d *Dialect) accept(ctx context.Context, l *lease, t table) error {
	err := d.check(ctx, l, t)
	if err == nil {
		err = d.keeps(ctx, l, t)
	}
	if err == nil {
		return nil
	}
	if errors.Unwrap(err) == nil { // What could be read is refused.
		return fmt.Errorf("sqlstore: %w", err)
	}
	if other := identify(ctx, l); other != "" && other != d.name {
		return &fault{fmt.Sprintf("sqlstore: wrong dialect? New was given sqlstore.%s, and the database speaks that of sqlstore.%s", d.name, other), []error{err}}
	}
	return fmt.Errorf("sqlstore: %w", err)
}

// The versions of SQLite, and of MySQL and its like, as they tell them.
var (
	sqliteVersion = regexp.MustCompile(`^3\.\d+`)
	mysqlVersion  = regexp.MustCompile(`^\d+\.\d+\.\d+`)
)

// identify returns the name of the dialect that a database speaks, or "" if that
// cannot be told.
func identify(ctx context.Context, l *lease) string {
	var version string
	if l.queryRow(ctx, `SELECT sqlite_version()`).Scan(&version) == nil && sqliteVersion.MatchString(version) {
		return SQLite.name
	}
	if l.queryRow(ctx, `SELECT version()`).Scan(&version) != nil {
		return ""
	}
	switch {
	case strings.Contains(version, "PostgreSQL"), strings.Contains(version, "CockroachDB"):
		return Postgres.name
	case mysqlVersion.MatchString(version):
		return MySQL.name
	default:
		return ""
	}
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
	// versions has {users} in the place of the placeholders of as many users as
	// are asked about; returns user, version.
	versions string
}

// in returns the statements for a table.
func (s statements) in(t table) statements {
	return statements{
		load: t.in(s.load), insert: t.in(s.insert), update: t.in(s.update),
		remove: t.in(s.remove), list: t.in(s.list), listDue: t.in(s.listDue), versions: t.in(s.versions),
	}
}

// refusal is what is wrong with a table that Migrate did not make.
func (t table) refusal(format string, args ...any) error {
	return fmt.Errorf("there is a table or view %s %s, and it was left as it is: "+
		"give another name in Options.Table, or move the table that is not this package's out of the way", t, fmt.Sprintf(format, args...))
}

// unread is that keeps could not read what it needs.
func (t table) unread(err error) error {
	return fmt.Errorf("reading whether table %s keeps what it is given: %w", t, err)
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
