package redis_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest/server"
	"github.com/knowhave/factor/redisstore"
)

func TestUnsafeSettingsAreRefusedWithTheRemedy(t *testing.T) {
	client := connected(t, options(started(t).Addr()))
	for _, c := range []struct{ name, unsafe, safe string }{
		{"appendonly", "no", "yes"},
		{"appendfsync", "everysec", "always"},
		{"appendfsync", "no", "always"},
		{"no-appendfsync-on-rewrite", "yes", "no"},
		{"maxmemory-policy", "allkeys-lru", "noeviction"},
		{"maxmemory-policy", "volatile-ttl", "noeviction"},
	} {
		t.Run(c.name+" "+c.unsafe, func(t *testing.T) {
			set := func(value string) {
				if err := client.ConfigSet(t.Context(), c.name, value).Err(); err != nil {
					t.Fatal(err)
				}
			}
			set(c.unsafe)
			_, err := redisstore.New(t.Context(), client, nil)
			refused(t, err, c.name+" "+c.unsafe, "set it to "+c.safe)
			opened(t, client, &redisstore.Options{TrustSettings: true})
			set(c.safe)
			opened(t, client, nil)
		})
	}
}

func TestUnfitClientIsRefusedWithTheRemedy(t *testing.T) {
	addr := server.SharedRedis(t)
	single := func(change func(*redis.Options)) redis.UniversalClient {
		o := options(addr)
		change(o)
		return connected(t, o)
	}
	ring := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"a": addr}})
	t.Cleanup(func() { ring.Close() })
	for name, c := range map[string]struct {
		client redis.UniversalClient
		says   string
	}{
		"retries by default":      {single(func(o *redis.Options) { o.MaxRetries = 0 }), "MaxRetries to -1"},
		"one retry":               {single(func(o *redis.Options) { o.MaxRetries = 1 }), "MaxRetries to -1"},
		"no deadlines":            {single(func(o *redis.Options) { o.ContextTimeoutEnabled = false }), "ContextTimeoutEnabled"},
		"several servers":         {ring, "pass a *redis.Client or a *redis.ClusterClient"},
		"nil":                     {nil, "pass a *redis.Client or a *redis.ClusterClient"},
		"nobody listens":          {single(func(o *redis.Options) { o.Addr = "127.0.0.1:1" }), "connection refused"},
		"a database out of range": {single(func(o *redis.Options) { o.DB = 99 }), "DB index is out of range"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := redisstore.New(t.Context(), c.client, &redisstore.Options{TrustSettings: true})
			refused(t, err, c.says)
		})
	}
}

// The keys of a store named "a}:record:b" would be records of the store a, and with
// fewer replicas than none a swap would not wait.
func TestUnfitOptionsAreRefused(t *testing.T) {
	client := connected(t, options(server.SharedRedis(t)))
	for _, o := range []redisstore.Options{{Name: "a}:record:b"}, {Replicas: -1}} {
		_, err := redisstore.New(t.Context(), client, &o)
		refused(t, err, "Options.Name", "Options.Replicas")
	}
}

func TestReplicaIsRefused(t *testing.T) {
	master := connected(t, options(started(t).Addr())).Options().Addr
	replica := connected(t, options(started(t, "--replicaof", strings.Replace(master, ":", " ", 1)).Addr()))
	_, err := redisstore.New(t.Context(), replica, nil)
	refused(t, err, "role is [slave", "connect to the master")
}

// A managed server refuses CONFIG, and so does one whose rules say so.
func TestRefusedConfigIsTrustedOnlyIfTheHostSaysSo(t *testing.T) {
	unknown := connected(t, options(started(t, "--rename-command", "CONFIG", "").Addr()))
	forbidden := connected(t, options(started(t).Addr()))
	allow(t, forbidden, "-config")
	for name, client := range map[string]*redis.Client{"no such command": unknown, "no permission": forbidden} {
		t.Run(name, func(t *testing.T) {
			_, err := redisstore.New(t.Context(), client, nil)
			refused(t, err, "reading the setting appendonly", "Options.TrustSettings")
			opened(t, client, &redisstore.Options{TrustSettings: true})
		})
	}
}

// allow changes what clients may do.
func allow(t *testing.T, c *redis.Client, rules ...any) {
	t.Helper()
	if err := c.Do(t.Context(), append([]any{"ACL", "SETUSER", "default"}, rules...)...).Err(); err != nil {
		t.Fatal(err)
	}
}

func refused(t *testing.T, err error, says ...string) {
	t.Helper()
	for _, text := range append(says, "redisstore: ") {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("New = %v, want a refusal that says %q", err, text)
		}
	}
}

const secretUser = "user-4711"

// What fails, fails as an open outcome, and names neither the user nor the data.
func TestErrorsAreNoConflictsAndNameNobody(t *testing.T) {
	for name, rules := range map[string][]any{
		"no permission on the key": {"resetkeys", "~test*"},
		"no permission to script":  {"-eval", "-getrange", "-zrangebylex"},
	} {
		t.Run(name, func(t *testing.T) {
			client := connected(t, options(started(t).Addr()))
			store := opened(t, client, nil)
			allow(t, client, rules...)
			checkErrors(t, store)
		})
	}
	t.Run("no such command", func(t *testing.T) {
		args := []string{"--rename-command", "GETRANGE", "", "--rename-command", "ZRANGEBYLEX", ""}
		checkErrors(t, opened(t, connected(t, options(started(t, args...).Addr())), nil))
	})
	for name, args := range map[string][]string{
		"no memory":   {"--maxmemory", "1"},
		"no replicas": {"--min-replicas-to-write", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			checkErrors(t, opened(t, connected(t, options(started(t, args...).Addr())), nil))
		})
	}
	t.Run("no record", func(t *testing.T) {
		client := connected(t, options(server.SharedRedis(t)))
		o := newName()
		for _, foreign := range []string{"7", "no version is here", "000000000000000"} {
			if err := client.Set(t.Context(), "{factor:"+o.Name+"}:record:"+secretUser, foreign, 0).Err(); err != nil {
				t.Fatal(err)
			}
			store := opened(t, client, o)
			_, err := store.Load(t.Context(), secretUser)
			if err == nil || !strings.Contains(err.Error(), "Name of its own") {
				t.Errorf("Load of %q = %v", foreign, err)
			}
			if _, err := store.Versions(t.Context(), []string{secretUser}); err == nil {
				t.Errorf("Versions of %q succeeds", foreign)
			}
		}
	})
	t.Run("no server", func(t *testing.T) {
		s := started(t)
		store := opened(t, connected(t, options(s.Addr())), nil)
		if err := s.Kill(); err != nil {
			t.Fatal(err)
		}
		checkErrors(t, store)
	})
}

// checkErrors looks at the errors of all methods of a store whose swaps fail.
func checkErrors(t *testing.T, store *redisstore.Store) {
	t.Helper()
	errs := []error{store.CompareAndSwap(t.Context(), secretUser, 0, recordOf(7))}
	if errs[0] == nil {
		t.Fatal("the swap succeeds")
	}
	_, err := store.Load(t.Context(), secretUser)
	errs = append(errs, err)
	_, err = store.List(t.Context(), secretUser, time.Time{}, 1)
	errs = append(errs, err)
	_, err = store.Versions(t.Context(), []string{secretUser})
	errs = append(errs, err)
	for _, err := range errs {
		text := fmt.Sprint(err)
		if errors.Is(err, factor.ErrConflict) || strings.Contains(text, secretUser) || strings.Contains(text, "sealed") {
			t.Errorf("%v is a conflict, or names the user or the data", err)
		}
	}
	t.Log(errors.Join(errs...))
}

// Rules that forbid a part of the script leave nobody with a record whom List leaves
// out.
func TestRulesThatForbidSomeCommandsHideNobody(t *testing.T) {
	due := recordOf(7)
	due.Due = time.Now()
	for _, command := range []string{"set", "del", "zadd", "zrem"} {
		t.Run(command, func(t *testing.T) {
			client := connected(t, options(started(t).Addr()))
			store := opened(t, client, nil)
			if err := store.CompareAndSwap(t.Context(), "bob", 0, due); err != nil {
				t.Fatal(err)
			}
			allow(t, client, "-"+command)
			_ = store.CompareAndSwap(t.Context(), "alice", 0, due)
			_ = store.CompareAndSwap(t.Context(), "carol", 0, recordOf(7))
			_ = store.CompareAndSwap(t.Context(), "bob", 7, factor.Record{})
			for _, by := range []time.Time{{}, time.Now()} {
				listed, err := store.List(t.Context(), "", by, 10)
				if err != nil {
					t.Fatal(err)
				}
				for _, user := range []string{"alice", "bob", "carol"} {
					r, err := store.Load(t.Context(), user)
					if err != nil {
						t.Fatal(err)
					}
					if !r.IsZero() && (by.IsZero() || user != "carol") && !slices.Contains(listed, user) {
						t.Errorf("%s has a record, and List with due %v names only %q", user, by, listed)
					}
				}
			}
		})
	}
}

// A call ends with its context, though the server says nothing.
func TestSilentServerIsLeftAtTheDeadline(t *testing.T) {
	s := started(t)
	o := options(s.Addr())
	o.ReadTimeout = -1 // none
	store := opened(t, connected(t, o), nil)
	s.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := store.CompareAndSwap(ctx, secretUser, 0, recordOf(7))
	if err == nil || errors.Is(err, factor.ErrConflict) {
		t.Errorf("the swap = %v, want an open outcome", err)
	}
	s.Cont()
}
