package cluster

import (
	"io"
	"log"
	"os"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/knowhave/factor/dbtest/etcd"
)

// TestMain runs the tests, or, in a process that one of them has started, a node
// of etcd or an application.
func TestMain(m *testing.M) {
	etcd.Serve()
	// What the driver says of broken connections is in the faults that are counted.
	if err := mysql.SetLogger(log.New(io.Discard, "", 0)); err != nil {
		log.Fatal(err)
	}
	text, ok := os.LookupEnv(placeEnv)
	if !ok {
		os.Exit(m.Run())
	}
	if err := serve(text); err != nil {
		log.Fatal(err)
	}
}
