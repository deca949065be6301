package dynamo

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest/server"
	"github.com/knowhave/factor/dynamostore"
)

// lostAnswers is how many answers to swaps an interruption loses.
const lostAnswers = 4

// mortal is a store whose network loses answers and whose server is killed.
type mortal struct {
	*dynamostore.Store
	server *server.Dynalite
	cut    chan struct{}
	times  int // it was interrupted
}

// newMortal returns one on a server of its own. What change makes of the client comes
// after the network that loses answers.
func newMortal(t *testing.T, change ...func(*dynamodb.Options)) factor.Store {
	t.Helper()
	m := &mortal{server: server.Must(server.NewHome(t).Dynalite("dynalite", false))(t), cut: make(chan struct{})}
	lossy := func(o *dynamodb.Options) { o.HTTPClient = m }
	m.Store = create(t, client(m.server.Endpoint, append([]func(*dynamodb.Options){lossy}, change...)...), newTable())
	return m
}

// Do sends a request. If an interruption wants an answer to a swap, it gets this one,
// and the client finds its connection closed.
func (m *mortal) Do(r *http.Request) (*http.Response, error) {
	answer, err := http.DefaultClient.Do(r)
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if err != nil || operation != "PutItem" && operation != "DeleteItem" {
		return answer, err
	}
	select {
	case <-m.cut:
		_, _ = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		return nil, syscall.ECONNRESET
	default:
		return answer, nil
	}
}

// Interrupt loses some answers. Every other time it then kills the server and starts it
// again on its data: a client that tries again would often meet no server.
func (m *mortal) Interrupt(ctx context.Context) error {
	for range lostAnswers {
		select {
		case m.cut <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if m.times++; m.times%2 == 1 {
		return nil
	}
	return restart(m.server.Process)
}

func restart(p *server.Process) error {
	if err := errors.Join(p.Kill(), p.Launch()); err != nil {
		return err
	}
	return p.Await(time.Minute)
}

// retriesEnv makes TestStoreOnDynalite use a client that sends swaps again.
const retriesEnv = "FACTOR_DYNAMO_RETRIES"

// retrying puts the SDK's own retries back for every call, swaps included.
func retrying(o *dynamodb.Options) {
	o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error {
		_, err := s.Finalize.Swap("Retry", retry.NewAttemptMiddleware(retry.NewStandard(), smithyhttp.RequestCloner))
		return err
	})
}

// The SDK's retries, which the store keeps from its swaps, are what the suite finds.
// That takes a swap which is sent again between two others, so it may try a few times.
func TestRetriedSwapsAreCaught(t *testing.T) {
	server.Need(t, "node", "dynalite")
	t.Parallel()
	const clause = "TestStoreOnDynalite/contract/InterruptedSwapsTellTheTruth"
	for range 5 {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+strings.ReplaceAll(clause, "/", "$/^")+"$", "-test.v", "-test.timeout=5m")
		cmd.Env = append(os.Environ(), retriesEnv+"=1")
		out, err := cmd.CombinedOutput()
		if err != nil && strings.Contains(string(out), "--- FAIL: "+clause) && strings.Contains(string(out), "factor.ErrConflict is definite") {
			return
		}
		t.Logf("not caught: %v\n%s", err, out)
	}
	t.Fatal("the suite accepts a store whose swaps the SDK sends again")
}
