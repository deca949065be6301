// Package redisstore keeps records in Redis.
//
// A failover of Redis forgets what the replica had not received, though it was
// acknowledged: guesses are given back, and used codes work again. Measured with a
// replica that got nothing more before the primary was killed, where Final is 30: by
// default 60 guesses were judged, and a code was accepted twice. With
// min-replicas-to-write 1, a replica that was cut off made it 30 guesses and one
// acceptance, because the primary refused them; but one that only lagged, and was
// heard of within min-replicas-max-lag, made it 60 and two again. With
// Options.Replicas set to 1, both made it 30 and one: no swap is acknowledged before a
// replica has received it, and none succeeds while no replica does. Without a failover,
// a server that is killed or loses power forgets nothing under the settings below.
//
// # Settings
//
// New refuses other settings than these, which are not the defaults of Redis:
//
//	appendonly yes
//	appendfsync always
//	no-appendfsync-on-rewrite no
//	maxmemory-policy noeviction
//
// Set them in redis.conf, so that they outlive a restart, and on replicas too, which
// may become the primary. A server of its own for factor keeps others from sharing its
// disk and its memory. A snapshot that is restored is a store that forgot.
//
// WAIT names no replica: set Options.Replicas to the number of those that may be
// promoted, so that each has every swap. A primary that was cut off then acknowledges
// nothing; otherwise it is a second store until it is stopped. WAIT says that a replica
// has received a swap, not that it is on its disk: if primary and replica lose power at
// once, start the primary again and do not promote the replica.
//
// # The client
//
//	redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1, ContextTimeoutEnabled: true})
//
// By default go-redis sends a command up to three times more when its answer is lost.
// A swap that has landed then finds its own version, which is a conflict, and a guess
// is counted twice. New refuses such a client. It also demands that a deadline ends a
// call; a context that is cancelled without one ends it only before it is sent.
//
// A *redis.ClusterClient sends a command again even so, and therefore the store sends
// swaps to the server that has its slot. All keys of a store have the same hash tag
// and so the same slot, because the script of a swap writes three of them: a cluster
// gives a store failover, and no more than the rate and the memory of one server.
// Stores with different names may be on different servers. A redis.Ring is refused,
// because it moves users to another server when one is away, and so is a client that
// reads from replicas, because these lag.
//
// # Keys
//
// A store has one string for each user, {factor:main}:record:USER, which holds the
// version in 16 digits and then the data, and two sorted sets: {factor:main}:users in
// byte order, and {factor:main}:due by Due in milliseconds. A swap is one EVAL that
// compares the version and writes all three, or nothing. The script, 380 bytes,
// goes with each swap, so that there is no NOSCRIPT after a restart or a failover,
// and no second message that could meet another outcome. A server's rules must allow
// EVAL, GETRANGE, SET, DEL, ZADD, ZREM, ZRANGEBYLEX, ZRANGEBYSCORE, ROLE and CONFIG
// GET, and WAIT with Options.Replicas: without ZADD or ZREM a user who has no record
// may be listed. Nothing else may write or expire these keys.
//
// The tests run on Redis 7.0.15: alone, with a replica and Sentinel, and as a cluster
// of one server.
package redisstore
