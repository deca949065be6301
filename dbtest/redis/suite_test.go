package redis_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest"
	"github.com/knowhave/factor/dbtest/server"
	"github.com/knowhave/factor/redisstore"
)

func TestSuite(t *testing.T) {
	dbtest.Suite{New: empty, Contract: onMortal(mortal(t)), Histories: 100}.Run(t)
}

// mortal starts a server that may be killed.
func mortal(t *testing.T, args ...string) *server.Redis {
	t.Helper()
	return server.Must(server.NewHome(t).Redis(server.RedisConfig{Args: args}))(t)
}

// onMortal returns what makes empty stores on a server, which they kill.
func onMortal(s *server.Redis) func(t *testing.T) factor.Store {
	return func(t *testing.T) factor.Store {
		return killing{opened(t, client(t, s.Addr()), &redisstore.Options{Name: fmt.Sprint("test", stores.Add(1))}), s}
	}
}

// killing is a storetest.Interrupter.
type killing struct {
	*redisstore.Store
	server *server.Redis
}

// Interrupt kills the server, and starts it again on what it has left.
func (k killing) Interrupt(context.Context) error {
	if err := k.server.Kill(); err != nil {
		return err
	}
	if err := k.server.Launch(); err != nil {
		return err
	}
	return k.server.Await(time.Minute)
}
