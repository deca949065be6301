package cluster

import (
	"testing"

	"github.com/knowhave/factor/dbtest/server"
)

func TestWithoutAServerItsTestsAreSkipped(t *testing.T) {
	server.SkipsWithout(t, `^TestGalera$`, "mariadbd", "mariadb-install-db", "libgalera_smm.so", "wsrep_sst_rsync", "rsync", "ss")
	server.SkipsWithout(t, `Standby`, "postgres", "initdb", "pg_basebackup")
}
