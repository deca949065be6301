package factor_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/memstore"
)

// ready says why this process should get no requests: the store does not answer, or
// the key does not open what is in it.
func ready(ctx context.Context, store factor.Store, admin *factor.Admin) error {
	users, err := store.List(ctx, "", time.Time{}, 1)
	if err != nil || len(users) == 0 {
		return err
	}
	_, err = admin.Status(ctx, users[0]) // ErrUnsealed: another key; ErrNewerFormat: an old program
	return err
}

// A health check makes two reads, and says nothing of any user.
func Example_healthCheck() {
	ctx := context.Background()
	store := memstore.New()
	start := func() *factor.Admin {
		keyring, err := factor.NewKeyring(exampleKey())
		if err != nil {
			log.Fatal(err)
		}
		verifier, err := factor.NewVerifier(store, keyring, nil)
		if err != nil {
			log.Fatal(err)
		}
		return factor.NewAdmin(verifier)
	}
	admin := start()
	fmt.Println("nobody yet:", ready(ctx, store, admin))
	if err := admin.SetPIN(ctx, "alice", "8299"); err != nil {
		log.Fatal(err)
	}
	fmt.Println("alice:", ready(ctx, store, admin))
	fmt.Println("with another key:", errors.Is(ready(ctx, store, start()), factor.ErrUnsealed))
	// Output:
	// nobody yet: <nil>
	// alice: <nil>
	// with another key: true
}
