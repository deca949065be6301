package torture_test

import (
	"testing"

	"github.com/knowhave/factor/dbtest/server"
)

func TestWithoutAServerItsTestsAreSkipped(t *testing.T) {
	const suites = `^Test(PromisesHoldWhenTheProcessIsKilled|AuditFindsAServerThatForgets)$`
	server.SkipsWithout(t, suites+"/PostgreSQL", "postgres", "initdb")
	server.SkipsWithout(t, suites+"/MariaDB", "mariadbd", "mariadb-install-db")
}
