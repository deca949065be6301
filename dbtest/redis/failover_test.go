package redis_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest/server"
	"github.com/knowhave/factor/factortest"
	"github.com/knowhave/factor/redisstore"
)

// final is how many wrong answers a user may give in all.
const final = 30

// What a failover forgets, in each setting, as the documentation of redisstore says.
// The replica is promoted after the primary was killed. Before that, somebody
// redeemed a code and guessed until nothing was judged any more, and afterwards tries
// both again.
func TestWhatAFailoverForgets(t *testing.T) {
	for _, c := range []struct {
		name     string
		args     []string // of both servers
		replicas int      // Options.Replicas
		trouble  func(*testing.T, *pair)
		// first is how many guesses the primary judges, and judged how many both do.
		first, judged int
		redeemed      int // how often the code was accepted
	}{
		{"by default, the replica lags", nil, 0, lag, final, 2 * final, 2},
		{"by default, the replica is cut off", nil, 0, cutOff, final, 2 * final, 2},
		{"min-replicas-to-write, the replica is cut off", waits, 0, cutOff, 0, final, 1},
		{"min-replicas-to-write, the replica lags", waits, 0, lag, final, 2 * final, 2},
		{"Options.Replicas, the replica is cut off", nil, 1, cutOff, 0, final, 1},
		{"Options.Replicas, the replica lags", nil, 1, lag, 0, final, 1},
		{"Options.Replicas, the replica is well", nil, 1, nil, final, final, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, c.args...)
			a := newApp(t)
			code := a.issue(opened(t, p.primary, &redisstore.Options{Replicas: 1})) // the replica has it
			if c.trouble != nil {
				c.trouble(t, p)
			}
			o := &redisstore.Options{Replicas: c.replicas}
			redeemed, first := a.attack(opened(t, p.primary, o), code)
			promoted := p.failOver(t)
			again, second := a.attack(opened(t, promoted, nil), code)
			t.Logf("the primary judged %d guesses and accepted the code %d times, the promoted replica %d and %d", first, redeemed, second, again)
			if first != c.first || first+second != c.judged || redeemed+again != c.redeemed {
				t.Errorf("%d and then %d guesses were judged where Final is %d, and the code was accepted %d times; want %d, %d in all, and %d times",
					first, second, final, redeemed+again, c.first, c.judged, c.redeemed)
			}
		})
	}
}

// waits refuses writes while no replica has been heard of for 10 s, the default.
var waits = []string{"--min-replicas-to-write", "1"}

// lag keeps from the replica what is written from now on. The primary goes on hearing
// of it.
func lag(t *testing.T, p *pair) { p.relay.hold() }

// cutOff cuts the replica off, and waits until the primary has noticed.
func cutOff(t *testing.T, p *pair) {
	t.Helper()
	p.relay.close()
	p.await(t, p.primary, "connected_slaves:0")
}

// A pair is a primary, and a replica behind a relay.
type pair struct {
	primary, replica *redis.Client
	server           *server.Redis // the primary
	relay            *relay
}

func newPair(t *testing.T, args ...string) *pair {
	t.Helper()
	home := server.NewHome(t)
	primary := server.Must(home.Redis(server.RedisConfig{Name: "primary", Args: args}))(t)
	r := newRelay(t, primary.Addr())
	replica := server.Must(home.Redis(server.RedisConfig{Name: "replica", Args: []string{"--replicaof", "127.0.0.1 " + r.port()}}))(t)
	p := &pair{connected(t, options(primary.Addr())), connected(t, options(replica.Addr())), primary, r}
	p.await(t, p.primary, "state=online")
	return p
}

// await waits until a server says this of its replication. Sentinel cuts the
// connections of a server that it promotes, so that one answer may get lost.
func (p *pair) await(t *testing.T, c *redis.Client, says string) {
	t.Helper()
	for !strings.Contains(c.Info(t.Context(), "replication").Val(), says) {
		time.Sleep(5 * time.Millisecond)
	}
}

// failOver kills the primary, and promotes the replica.
func (p *pair) failOver(t *testing.T) *redis.Client {
	t.Helper()
	if err := p.server.Kill(); err != nil {
		t.Fatal(err)
	}
	p.relay.close()
	if err := p.replica.Do(t.Context(), "REPLICAOF", "NO", "ONE").Err(); err != nil {
		t.Fatal(err)
	}
	return p.replica
}

// An app is what outlives a failover: the keys, the limits and the time.
type app struct {
	t    *testing.T
	keys *factor.Keyring
	time *factortest.Clock
}

func newApp(t *testing.T) app {
	t.Helper()
	keys, err := factor.NewKeyring(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return app{t, keys, factortest.NewClock(time.Now())}
}

func (a app) verifier(store factor.Store) *factor.Verifier {
	a.t.Helper()
	v, err := factor.NewVerifier(store, a.keys, &factor.Options{
		Now:  a.time.Now,
		TOTP: factor.TOTPOptions{Limit: factor.Limit{Tries: final - 1, Delay: time.Second, Final: final}},
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return v
}

// issue gives bob a code.
func (a app) issue(store factor.Store) string {
	a.t.Helper()
	otp, err := factor.NewOTPIssuer(a.verifier(store)).IssueUnproven(a.t.Context(), "bob", factor.KindAccount)
	if err != nil {
		a.t.Fatal(err)
	}
	return otp.Code
}

// attack redeems bob's code, and guesses at alice's until that is no use any more. It
// returns how often the code was accepted, and how many guesses were judged.
func (a app) attack(store factor.Store, code string) (accepted, judged int) {
	a.t.Helper()
	v := a.verifier(store)
	var bob sync.WaitGroup
	bob.Go(func() {
		if _, err := v.VerifyOTP(a.t.Context(), "bob", code, factor.KindAccount); err == nil {
			accepted++
		}
	})
	for {
		_, err := v.VerifyOTP(a.t.Context(), "alice", fmt.Sprintf("%06d", judged), factor.KindTOTP)
		if !errors.Is(err, factor.ErrMismatch) {
			a.t.Logf("the last guess: %v", err)
			bob.Wait()
			return accepted, judged
		}
		judged++
		a.time.Turn(2 * time.Second)
	}
}
