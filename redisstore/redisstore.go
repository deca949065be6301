package redisstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/knowhave/factor"
)

// Store is a factor.Store in Redis. Make one with New. Its methods may be called
// from many goroutines and many processes at once. Their errors wrap those of
// go-redis, but the ones that would name a user, and their texts name neither a user
// nor data.
type Store struct {
	client   redis.UniversalClient
	tag      string // begins every key
	replicas int
}

var _, _ = factor.Store((*Store)(nil)), factor.VersionLister((*Store)(nil))

// Options are the options of New. The zero value, and nil, means the defaults.
type Options struct {
	// Name tells several stores in one database apart, by default main. Every key
	// begins with it, as {factor:main}: it holds no closing brace itself.
	Name string

	// Replicas is how many replicas must have received a swap before it succeeds,
	// by default none. The store sends WAIT with each swap, and a swap that fewer
	// have received within 2 s fails with its outcome open. A failover to a replica
	// that has received all that was acknowledged forgets nothing: with as many
	// Replicas as there are, that is each of them. While one is away, no swap
	// succeeds.
	Replicas int

	// TrustSettings is for servers that refuse CONFIG, as managed ones do. New then
	// reads no settings of the server, and the host vouches for them.
	TrustSettings bool
}

// New returns a Store in the database that a client is connected to, which stays
// the host's to close. The client is a *redis.Client, also one of Sentinel's, or a
// *redis.ClusterClient.
//
// New asks the server for its role and its settings, and refuses those under which
// it would forget what it has acknowledged: see the package comment. It also refuses
// a client that tries again, heeds no deadline, or reads from replicas. The error
// names the remedy.
func New(ctx context.Context, client redis.UniversalClient, opts *Options) (*Store, error) {
	opts = cmp.Or(opts, &Options{})
	s := &Store{client: client, tag: "{factor:" + cmp.Or(opts.Name, "main") + "}:", replicas: opts.Replicas}
	master, err := s.master(ctx)
	if err != nil {
		return nil, wrap("looking for the master", err)
	}
	role, err := master.Do(ctx, "ROLE").Slice()
	cluster, _ := client.(*redis.ClusterClient)
	switch o := master.Options(); {
	case slices.Contains([]byte(opts.Name), '}') || opts.Replicas < 0:
		return nil, errors.New("redisstore: Options.Name holds a closing brace, so that its keys could be records of another store, or Options.Replicas is below 0: choose others")
	case o.MaxRetries > 0 || !o.ContextTimeoutEnabled:
		return nil, errors.New("redisstore: the client tries again, and would report a conflict for a swap that was stored, or heeds no deadline: set its options MaxRetries to -1 and ContextTimeoutEnabled to true")
	case cluster != nil && cluster.Options().ReadOnly:
		return nil, errors.New("redisstore: the client reads from replicas, which lag: do without its options ReadOnly, RouteByLatency and RouteRandomly")
	case err != nil:
		return nil, wrap("asking for the server's role", err)
	case len(role) == 0 || role[0] != "master":
		return nil, fmt.Errorf("redisstore: the server's role is %v: connect to the master, for example with redis.NewFailoverClient", role[:min(1, len(role))])
	case opts.TrustSettings:
		return s, nil
	}
	for _, set := range settings {
		got, err := master.ConfigGet(ctx, set.name).Result()
		if err != nil {
			return nil, fmt.Errorf("redisstore: reading the setting %s: %w: allow CONFIG GET, or see to the settings yourself and set Options.TrustSettings", set.name, err)
		}
		if got[set.name] != set.value {
			return nil, fmt.Errorf("redisstore: a server with %s %s may forget what it has acknowledged: set it to %s", set.name, got[set.name], set.value)
		}
	}
	return s, nil
}

// settings are those under which Redis keeps what it has acknowledged.
var settings = []struct{ name, value string }{{"appendonly", "yes"}, {"appendfsync", "always"}, {"no-appendfsync-on-rewrite", "no"}, {"maxmemory-policy", "noeviction"}}

// master returns the client of the server that has the records. A ClusterClient
// itself would send a swap again, whatever MaxRetries is.
func (s *Store) master(ctx context.Context) (*redis.Client, error) {
	switch c := s.client.(type) {
	case *redis.Client:
		return c, nil
	case *redis.ClusterClient:
		return c.MasterForKey(ctx, s.tag)
	}
	return nil, fmt.Errorf("the client is a %T: pass a *redis.Client or a *redis.ClusterClient", s.client)
}

// A record is a string: its version in so many digits, and then its data. List puts
// up to mostDue users in order by itself. A swap waits so long for replicas.
const digits, mostDue, waitTimeout = 16, 10_000, 2 * time.Second

// text returns a number as it is stored, in as many digits at least, or "" for none.
func text(n int64, width int, none bool) string {
	if none {
		return ""
	}
	return fmt.Sprintf("%0*d", width, n)
}

// parse returns the record that was read, zero if there is none.
func parse(read *redis.StringCmd) (factor.Record, error) {
	stored, err := read.Result()
	if err != nil || stored == "" {
		return factor.Record{}, err
	}
	version, err := strconv.ParseInt(stored[:min(digits, len(stored))], 10, 64)
	if err != nil || len(stored) < digits {
		return factor.Record{}, errors.New("a key holds something else than a record: give the store a Name of its own")
	}
	return factor.Record{Version: version, Data: []byte(stored[digits:])}, nil
}

// wrap says what met an error, if there is one. Redis repeats the arguments of a
// command that it does not know, and users are among them.
func wrap(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case redis.HasErrorPrefix(err, "unknown command"):
		err = errors.New("the server does not know a command that the store needs")
	}
	return fmt.Errorf("redisstore: %s: %w", doing, err)
}

// Load returns the user's record without its Due, or the zero Record if there is
// none.
func (s *Store) Load(ctx context.Context, user string) (factor.Record, error) {
	r, err := parse(s.client.GetRange(ctx, s.tag+"record:"+user, 0, -1))
	return r, wrap("load", err)
}

// swap compares and writes in one step. It compares versions as text, because a
// number of Lua is a float. Redis refuses a script at its first write or not at all,
// unless its rules forbid a later command. Then a user may be listed who has no
// record, and none is left out who has one.
const swap = `local call, user, old, record, due = redis.call, unpack(ARGV)
if call('GETRANGE', KEYS[1], 0, 15) ~= old then return 0 end
if record == '' then call('DEL', KEYS[1]) call('ZREM', KEYS[2], user) else call('ZADD', KEYS[2], 0, user) end
if due == '' then call('ZREM', KEYS[3], user) else call('ZADD', KEYS[3], due, user) end
if record ~= '' then call('SET', KEYS[1], record) end
return 1`

// CompareAndSwap replaces the user's record by next, or removes it if next is
// zero, provided that the stored version is old; 0 stands for no record. Its error
// matches factor.ErrConflict only if the server has found another version. After
// any other error the outcome is open.
func (s *Store) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	master, err := s.master(ctx)
	if err != nil {
		return wrap("swap", err)
	}
	swapped := redis.NewIntCmd(ctx, "EVAL", swap, 3, s.tag+"record:"+user, s.tag+"users", s.tag+"due", user, text(old, digits, old == 0),
		text(next.Version, digits, next.IsZero())+string(next.Data), text(next.Due.UnixMilli(), 0, next.Due.IsZero()))
	received := redis.NewIntCmd(ctx, "WAIT", s.replicas, waitTimeout.Milliseconds())
	pipe := master.Pipeline()
	_ = pipe.Process(ctx, swapped) // queues it
	if s.replicas > 0 {
		_ = pipe.Process(ctx, received) // on the same connection, to which it refers
	}
	switch _, err := pipe.Exec(ctx); {
	case err != nil:
		return wrap("swap", err)
	case swapped.Val() == 0:
		return factor.ErrConflict
	case received.Val() < int64(s.replicas):
		return fmt.Errorf("redisstore: swap: within %v %d replicas have received it of the %d that Options.Replicas asks for", waitTimeout, received.Val(), s.replicas)
	}
	return nil
}

// List returns up to limit users after the given one in byte order; with due not
// zero, those whose Due is in the same millisecond or before it. Where these are
// more than 10,000 in all, it lists the others as well.
func (s *Store) List(ctx context.Context, after string, due time.Time, limit int) (users []string, err error) {
	if !due.IsZero() {
		users, err = s.client.ZRangeByScore(ctx, s.tag+"due", &redis.ZRangeBy{Min: "-inf", Max: text(due.UnixMilli(), 0, false), Count: mostDue + 1}).Result()
	}
	if due.IsZero() || len(users) > mostDue {
		users, err = s.client.ZRangeByLex(ctx, s.tag+"users", &redis.ZRangeBy{Min: "(" + after, Max: "+", Count: int64(max(1, limit))}).Result()
	}
	users = slices.DeleteFunc(users, func(user string) bool { return user <= after })
	slices.Sort(users)
	return users[:max(0, min(limit, len(users)))], wrap("list", err)
}

// Versions returns the version of each user's record in the order asked, 0 for a
// user who has none.
func (s *Store) Versions(ctx context.Context, users []string) ([]int64, error) {
	pipe, reads, versions := s.client.Pipeline(), make([]*redis.StringCmd, len(users)), make([]int64, len(users))
	for i, user := range users {
		reads[i] = pipe.GetRange(ctx, s.tag+"record:"+user, 0, digits-1)
	}
	_, err := pipe.Exec(ctx)
	for i := 0; err == nil && i < len(users); i++ {
		r, invalid := parse(reads[i])
		versions[i], err = r.Version, invalid
	}
	return versions, wrap("versions", err)
}
