package redisstore_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/redis/go-redis/v9"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/redisstore"
)

// On a primary with one replica, which Sentinel may promote.
func ExampleNew() {
	ctx := context.Background()
	client := redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName:            "factor",
		SentinelAddrs:         []string{"sentinel-1:26379", "sentinel-2:26379", "sentinel-3:26379"},
		MaxRetries:            -1, // a swap must not be sent twice
		ContextTimeoutEnabled: true,
	})
	defer client.Close()
	store, err := redisstore.New(ctx, client, &redisstore.Options{Replicas: 1}) // refuses settings that forget, and says what to change
	if err != nil {
		log.Fatal(err)
	}
	keyring, err := factor.NewKeyring([]byte(os.Getenv("FACTOR_KEY"))) // 32 random bytes from your secret store
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := factor.NewVerifier(store, keyring, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(verifier.VerifyOTP(ctx, "alice", "123456", factor.KindTOTP))
}
