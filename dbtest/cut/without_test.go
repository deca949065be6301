package cut

import (
	"testing"

	"github.com/knowhave/factor/dbtest/server"
)

func TestWithoutAServerItsTestsAreSkipped(t *testing.T) {
	server.SkipsWithout(t, `^Test(Promises|Statement|Nobody|EveryMethod)/^PostgreSQL$`, "postgres", "initdb")
	server.SkipsWithout(t, `^Test(Promises|Statement|Nobody|EveryMethod)/^MariaDB$`, "mariadbd", "mariadb-install-db")
}
