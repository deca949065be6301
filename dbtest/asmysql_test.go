package dbtest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"testing"

	mysqldriver "github.com/go-sql-driver/mysql"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest/server"
	"github.com/knowhave/factor/sqlstore"
	"github.com/knowhave/factor/storetest"
)

// asMySQL is MariaDB that says it is MySQL, for the statements that are shared there.
// MariaDB understands them too.
var asMySQL = Engine{Name: "MariaDB as MySQL", Dialect: sqlstore.MySQL, driver: "mysql as 8.0", dsn: server.SharedMariaDB, server: true}

func init() {
	sql.Register(asMySQL.driver, pretender{})
	apart = append(apart, asMySQL)
}

type pretender struct{}

func (pretender) Open(dsn string) (driver.Conn, error) {
	conn, err := mysqldriver.MySQLDriver{}.Open(dsn)
	if err != nil {
		return nil, err
	}
	return pretence{conn.(mysqlConn)}, nil
}

// mysqlConn is what the driver's connections can do.
type mysqlConn interface {
	driver.Conn
	driver.ExecerContext
	driver.QueryerContext
	driver.NamedValueChecker
	driver.SessionResetter
	driver.Validator
}

type pretence struct{ mysqlConn }

func (c pretence) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if query == "SELECT version()" {
		query = "SELECT '8.0.36'"
	}
	return c.mysqlConn.QueryContext(ctx, query, args)
}

func TestStatementsForMySQLKeepTheContract(t *testing.T) {
	server.SharedMariaDB(t)
	storetest.Run(t, func(t *testing.T) factor.Store { return asMySQL.Store(t) })
}
