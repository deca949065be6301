package redis_test

import (
	"context"
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest"
	"github.com/knowhave/factor/dbtest/server"
	"github.com/knowhave/factor/redisstore"
)

func TestSuite(t *testing.T) {
	s := started(t)
	dbtest.Suite{New: empty, Contract: func(t *testing.T) factor.Store { return onMortal(t, s, 0) }, Histories: 100}.Run(t)
}

// onMortal returns an empty store on a server, which is killed under it. Its client
// tries again so many times, unknown to New.
func onMortal(t *testing.T, s *server.Redis, retries int) factor.Store {
	t.Helper()
	var wire cutter
	o := options(s.Addr())
	o.Dialer = wire.dial
	o.PoolSize = 1000 // After so many failures go-redis dials only once a second.
	client := connected(t, o)
	name := newName()
	name.TrustSettings = true // so that one can be defective
	store := opened(t, client, name)
	client.Options().MaxRetries = retries
	return mortal{store, &wire, s}
}

// mortal is a storetest.Interrupter.
type mortal struct {
	*redisstore.Store
	wire   *cutter
	server *server.Redis
}

// Interrupt keeps some answers from the client, and then kills the server and starts
// it again on what it has left.
func (m mortal) Interrupt(ctx context.Context) error {
	if err := m.wire.cut(ctx, 4); err != nil {
		return err
	}
	return restart(m.server)
}
