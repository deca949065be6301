package server

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"
	"testing"
)

// A Dynalite is a running server that speaks the API of DynamoDB.
type Dynalite struct {
	*Process
	Endpoint string // its URL
}

// surviving keeps dynalite from ending when a client hangs up in the midst of a request,
// as one does whose context ends.
const surviving = `process.on("uncaughtException",e=>{if(e.code!=="ECONNRESET"){console.error(e);process.exit(1)}})`

// Dynalite starts dynalite on a free port of loopback, with its data in files unless
// it is to be in memory. What it has acknowledged is in the files after a SIGKILL: LevelDB
// hands every write over to the kernel before it answers. It does not sync, so a power
// failure would be another thing.
func (h *Home) Dynalite(name string, inMemory bool) (*Dynalite, error) {
	node, err := Find("node")
	if err != nil {
		return nil, err
	}
	dynalite, err := Find("dynalite")
	if err != nil {
		return nil, err
	}
	dir, err := h.Directory(name, "")
	if err != nil {
		return nil, err
	}
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	s := &Dynalite{Endpoint: "http://" + address}
	args := []string{"--import", "data:text/javascript," + surviving, dynalite, "--host", "127.0.0.1", "--port", strconv.Itoa(port), "--createTableMs", "0"}
	if !inMemory {
		args = append(args, "--path", dir)
	}
	s.Process, err = h.Start(Command{
		Name: name, Path: node, Args: args, Dir: dir,
		Ready: func(ctx context.Context) error {
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
			if err != nil {
				return fmt.Errorf("connecting: %w", err)
			}
			return conn.Close()
		},
	})
	return s, err
}

// SharedDynalite returns the URL of a server that ends with the test binary and keeps
// its data in memory.
func SharedDynalite(t testing.TB) string {
	t.Helper()
	return shared(t, sharedDynalite)
}

var sharedDynalite = sync.OnceValues(func() (instance, error) {
	home, err := newHome()
	if err != nil {
		return instance{}, err
	}
	s, err := home.Dynalite("dynalite", true)
	if err != nil {
		return instance{}, err
	}
	return instance{s.Endpoint, home}, nil
})
