package bench

import (
	"testing"

	"github.com/knowhave/factor/dbtest/server"
)

func TestWithoutAServerItsTestsAreSkipped(t *testing.T) {
	server.SkipsWithout(t, `^TestTarget6Size$/^PostgreSQL$`, "postgres", "initdb")
	server.SkipsWithout(t, `^TestTarget6Size$/^MariaDB$`, "mariadbd", "mariadb-install-db")
}
