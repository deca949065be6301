package commands

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
	_ "modernc.org/sqlite"             // registers the driver "sqlite"

	"github.com/knowhave/factor/sqlstore"
)

// An SQL is a table in a database.
type SQL struct {
	DB      *sql.DB
	Dialect *sqlstore.Dialect
	Table   string // "" means the default of sqlstore.Options
	// Name identifies the database to people and in files. It holds no password.
	Name string
}

// place tells where the table is. PostgreSQL looks for it in the schemas of the
// search path, which depends on the data source name and the role: tenants with
// their own schemas have different tables.
func (s *SQL) place(ctx context.Context) (string, error) {
	if s.Dialect != sqlstore.Postgres {
		return s.Name, nil
	}
	var path string
	if err := s.DB.QueryRowContext(ctx, `SELECT current_schemas(false)::text`).Scan(&path); err != nil {
		return "", fmt.Errorf("reading the search path: %w", err)
	}
	return s.Name + " " + path, nil
}

// connections is the most connections that a command opens.
const connections = 16

// source is a parsed data source name.
type source struct {
	driver, dsn string
	dialect     *sqlstore.Dialect
	name        string
	file        string // for SQLite
}

// source parses the data source name from the flags or the environment.
func (a *app) source(create bool) (source, error) {
	dsn, err := a.dsn()
	if err != nil {
		return source{}, err
	}
	named, err := a.dialect()
	if err != nil {
		return source{}, err
	}
	switch first(named, dialectOf(dsn)) {
	case "sqlite":
		if isOfServer(dsn) {
			return source{}, usage("the data source name is a server's, but the dialect is sqlite: write a file with such a name as file:NAME")
		}
		return sqliteSource(dsn, create), nil
	case "postgres":
		return a.postgresSource(dsn)
	case "mysql":
		return a.mysqlSource(dsn)
	default:
		return source{}, usage("the data source name does not tell the dialect: give --dialect sqlite, postgres or mysql")
	}
}

// dialects maps the values of --dialect.
var dialects = map[string]*sqlstore.Dialect{"sqlite": sqlstore.SQLite, "postgres": sqlstore.Postgres, "mysql": sqlstore.MySQL}

// dialect returns the name of the chosen dialect, or "".
func (a *app) dialect() (string, error) {
	name := first(a.flags.dialect, os.Getenv("FACTOR_DIALECT"))
	if name != "" && dialects[name] == nil {
		return "", usage("there is no dialect %q: give sqlite, postgres or mysql", name)
	}
	return name, nil
}

func (a *app) dsn() (string, error) {
	if a.flags.dsn != "" && a.flags.dsnFile != "" {
		return "", usage("give one of --dsn and --dsn-file")
	}
	dsn, file := a.flags.dsn, a.flags.dsnFile
	if dsn == "" && file == "" {
		dsn, file = os.Getenv("FACTOR_DSN"), os.Getenv("FACTOR_DSN_FILE")
	}
	switch {
	case dsn != "" && file != "":
		return "", usage("give one of FACTOR_DSN and FACTOR_DSN_FILE")
	case dsn != "":
		return dsn, nil
	case file == "":
		return "", usage("no database: give --dsn, --dsn-file, FACTOR_DSN or FACTOR_DSN_FILE")
	}
	text, err := os.ReadFile(file)
	if err != nil { // leave out the name: it may be a data source name by mistake
		return "", usage("file of the data source name: %w", errors.Unwrap(err))
	}
	dsn = strings.TrimSpace(string(text))
	if dsn == "" {
		return "", usage("file of the data source name: it is empty")
	}
	return dsn, nil
}

// first returns the first text that is not empty.
func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// dialectOf returns the dialect that the form of a data source name implies, or "".
func dialectOf(dsn string) string {
	path, _, _ := strings.Cut(dsn, "?")
	switch {
	case strings.HasPrefix(dsn, "postgres://"), strings.HasPrefix(dsn, "postgresql://"):
		return "postgres"
	case strings.HasPrefix(dsn, "file:"), strings.HasSuffix(path, ".db"), strings.HasSuffix(path, ".sqlite"), strings.HasSuffix(path, ".sqlite3"):
		return "sqlite"
	case strings.Contains(dsn, "@tcp("), strings.Contains(dsn, "@unix("), strings.Contains(dsn, ")/"):
		return "mysql"
	case strings.Contains(dsn, "host="), strings.Contains(dsn, "dbname="), strings.Contains(dsn, "service="):
		return "postgres"
	default:
		return ""
	}
}

// inServer matches data source names of servers, but not file names.
var inServer = regexp.MustCompile(`://|^[^/]*:.*@|(?i:password|host|user|dbname|service)\s*=`)

// isOfServer reports whether a data source name looks like a server's, even a
// mistyped one. SQLite would create a file with that name, including the password.
func isOfServer(dsn string) bool {
	return !strings.HasPrefix(dsn, "file:") && inServer.MatchString(dsn)
}

// sqliteSource adds the settings that a SQLite data source name leaves out. It
// creates a missing file only if create is set: a mistyped name must not look like
// a table without users.
func sqliteSource(dsn string, create bool) source {
	if !strings.HasPrefix(dsn, "file:") {
		path, query, _ := strings.Cut(dsn, "?")
		dsn = "file:" + strings.NewReplacer("%", "%25", "#", "%23").Replace(path)
		if query != "" {
			dsn += "?" + query
		}
	}
	path, query, _ := strings.Cut(dsn, "?")
	add := func(setting string) { query = strings.TrimPrefix(query+"&"+setting, "&") }
	lower := strings.ToLower(query)
	if !strings.Contains(lower, "mode=rw") && !strings.Contains(lower, "mode=memory") && !create {
		add("mode=rw")
	}
	if create && !strings.Contains(lower, "journal_mode") {
		add("_pragma=journal_mode(wal)")
	}
	for _, setting := range []string{"synchronous(full)", "busy_timeout(5000)"} {
		if name, _, _ := strings.Cut(setting, "("); !strings.Contains(lower, name) {
			add("_pragma=" + setting)
		}
	}
	file := sqliteFile(path)
	s := source{driver: "sqlite", dsn: path + "?" + query, dialect: sqlstore.SQLite, name: "SQLite " + file}
	if !create {
		s.file = file
	}
	return s
}

// sqliteFile returns the path in a URI.
func sqliteFile(uri string) string {
	file := strings.TrimPrefix(uri, "file:")
	file = strings.TrimPrefix(strings.TrimPrefix(file, "//localhost"), "//")
	if plain, err := url.PathUnescape(file); err == nil {
		file = plain
	}
	if abs, err := filepath.Abs(file); err == nil {
		file = abs
	}
	return file
}

func (a *app) postgresSource(dsn string) (source, error) {
	a.hidden.add(dsn)
	c, err := pgx.ParseConfig(dsn)
	if err != nil {
		return source{}, usage("PostgreSQL cannot read the data source name: %s", withoutDSN(err))
	}
	a.hidden.add(c.Password)
	name := fmt.Sprintf("PostgreSQL %s:%d/%s", c.Host, c.Port, c.Database)
	return source{driver: "pgx", dsn: dsn, dialect: sqlstore.Postgres, name: name}, nil
}

// withoutDSN returns the reason of a parse error without any of the data source
// name: the driver may take a part of the password for something else.
func withoutDSN(err error) string {
	text := err.Error()
	if inner := errors.Unwrap(err); inner != nil {
		text = strings.TrimSuffix(text, " ("+inner.Error()+")")
	}
	parts := strings.Split(text, "`: ") // the data source name stands in backquotes
	if len(parts) == 1 {
		return "a setting of the driver has a wrong value"
	}
	text = parts[len(parts)-1]
	if file, ok := errors.AsType[*fs.PathError](err); ok { // such as a missing sslrootcert
		text += ": " + file.Error()
	}
	return text
}

func (a *app) mysqlSource(dsn string) (source, error) {
	a.hidden.add(dsn)
	c, err := mysql.ParseDSN(dsn)
	if err != nil { // leave out err: it may hold a part of the password
		return source{}, usage("MySQL cannot read the data source name: it must look like USER@tcp(HOST:3306)/DATABASE, with :PASSWORD before the @")
	}
	a.hidden.add(c.Passwd)
	_ = mysql.SetLogger(&mysql.NopLogger{}) // calls return the error; SetLogger fails only for nil
	return source{driver: "mysql", dsn: dsn, dialect: sqlstore.MySQL, name: fmt.Sprintf("MySQL %s/%s", c.Addr, c.DBName)}, nil
}

// open connects to the database.
func (s source) open(table string) (*SQL, *sqlstore.Store, error) {
	if s.file != "" {
		if _, err := os.Stat(s.file); errors.Is(err, fs.ErrNotExist) {
			return nil, nil, fmt.Errorf("there is no file %s: run migrate to create it", s.file)
		}
	}
	db, err := sql.Open(s.driver, s.dsn)
	if err != nil {
		return nil, nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	store, err := sqlstore.New(db, s.dialect, &sqlstore.Options{Table: table})
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return &SQL{DB: db, Dialect: s.dialect, Table: table, Name: s.name}, store, nil
}

// openSQL opens the database that the flags name.
func (a *app) openSQL(_ context.Context, create bool) (*Service, error) {
	s, err := a.source(create)
	if err != nil {
		return nil, err
	}
	if _, err := schema(s.dialect, a.table()); err != nil { // not a table name
		return nil, err
	}
	place, store, err := s.open(a.table())
	if err != nil {
		return nil, err
	}
	return &Service{Store: store, SQL: place, Close: place.DB.Close}, nil
}

func (a *app) table() string { return first(a.flags.table, os.Getenv("FACTOR_TABLE")) }
