package main

import (
	"testing"

	"github.com/knowhave/factor/dbtest/server"
)

func TestWithoutAProgramItsTestsAreSkipped(t *testing.T) {
	server.SkipsWithout(t, `^TestEachDatabaseServes$/^PostgreSQL$`, "postgres", "initdb")
	server.SkipsWithout(t, `^TestEachDatabaseServes$/^MariaDB$`, "mariadbd", "mariadb-install-db")
	server.SkipsWithout(t, `^TestProgramAndItsCurlLines$`, "sh", "curl", "cut")
}
