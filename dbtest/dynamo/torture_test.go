package dynamo

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest/server"
	"github.com/knowhave/factor/dbtest/torture"
	"github.com/knowhave/factor/dynamostore"
)

var kills = flag.Int("torture.kills", 2, "how many children are killed")

// dynalite is killed once in each life of a child, and again after it.
var dynalite = torture.Engine{Name: "dynalite", New: newSource, Open: openSource, Crash: crash, Settle: settle}

// servers are the servers of the sources.
var servers sync.Map

// newSource returns where a new server and its table are.
func newSource(t testing.TB) string {
	s := server.Must(server.NewHome(t).Dynalite("dynalite", false))(t)
	opts := newTable()
	create(t, client(s.Endpoint), opts)
	source := s.Endpoint + " " + opts.Table
	servers.Store(source, s.Process)
	return source
}

func openSource(source string) (factor.Store, func() error, error) {
	endpoint, table, _ := strings.Cut(source, " ")
	store, err := dynamostore.New(context.Background(), client(endpoint), &dynamostore.Options{Table: table})
	return everybody{store}, func() error { return nil }, err
}

// everybody lists all users as due. dynalite removes an entry from an index before it
// writes the item, each by itself: killed in between, it leaves out a user who is due for
// good, which DynamoDB does not.
type everybody struct{ *dynamostore.Store }

func (e everybody) List(ctx context.Context, after string, _ time.Time, limit int) ([]string, error) {
	return e.Store.List(ctx, after, time.Time{}, limit)
}

func crash(source string) error {
	p, ok := servers.Load(source)
	if !ok {
		return errors.New("nobody's server")
	}
	return restart(p.(*server.Process))
}

// settle ends what a killed child has sent and the server has not done yet, which
// dynalite does not tell.
func settle(_ context.Context, source string) error { return crash(source) }

func TestPromisesHoldWhenTheProcessIsKilled(t *testing.T) {
	t.Parallel()
	report := torture.Run(t, dynalite, *kills, rand.Uint64())
	t.Log(report)
	for _, v := range report.Violations {
		t.Error(v)
	}
}
