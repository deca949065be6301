package factor_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/memstore"
)

// Change the sealing key while the service runs. Drop the old key only once every
// record is sealed under the new one.
func ExampleAdmin_Reseal() {
	ctx := context.Background()
	store := memstore.New() // your sqlstore
	oldKey, newKey := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)

	under := func(primary []byte, old ...[]byte) (*factor.Verifier, *factor.Admin) {
		keyring, err := factor.NewKeyring(primary, old...)
		if err != nil {
			log.Fatal(err)
		}
		verifier, err := factor.NewVerifier(store, keyring, nil)
		if err != nil {
			log.Fatal(err)
		}
		return verifier, factor.NewAdmin(verifier)
	}
	_, admin := under(oldKey)
	users := []string{"alice", "bob", "carol", "dave", "erin"}
	for _, user := range users {
		if err := admin.SetPIN(ctx, user, "8299"); err != nil {
			log.Fatal(err)
		}
	}

	// First every process gets the new key as a second one, to open with only.
	_, _ = under(oldKey, newKey)
	// Then every process seals with it. Each call that stores something moves its
	// user; this loop moves the rest. It keeps its place, so that it resumes after
	// a restart; here it stops after every two users.
	_, admin = under(newKey, oldKey)
	after, left := "", []string(nil)
	reseal := func(most int) (done bool) {
		for user, err := range admin.Users(ctx, after) {
			if most--; most < 0 {
				return false
			}
			if err != nil { // of the list
				log.Fatal(err)
			}
			if err := admin.Reseal(ctx, user); err != nil {
				left = append(left, user) // and the old key stays until it is done
			}
			after = user // to be kept in a file or a table
			fmt.Println("resealed", user)
		}
		return true
	}
	for !reseal(2) {
		fmt.Println("restarted after", after)
	}
	fmt.Println("not resealed:", len(left))

	// Last, drop the old key. A record that was not resealed would now be
	// ErrUnsealed, never "no PIN".
	verifier, _ := under(newKey)
	for _, user := range users {
		if err := verifier.VerifyPIN(ctx, user, "8299"); err != nil {
			log.Fatal(err)
		}
	}
	verifier, _ = under(oldKey)
	err := verifier.VerifyPIN(ctx, "alice", "8299")
	fmt.Println("under the old key:", errors.Is(err, factor.ErrUnsealed))
	// Output:
	// resealed alice
	// resealed bob
	// restarted after bob
	// resealed carol
	// resealed dave
	// restarted after dave
	// resealed erin
	// not resealed: 0
	// under the old key: true
}

// A key management service encrypts the keys. The process calls it once at its
// start, not at every call.
func ExampleNewKeyring() {
	kms, wrappedKeys := exampleKMS()

	keys := make([][]byte, 0, len(wrappedKeys))
	for _, wrapped := range wrappedKeys { // the primary first
		key, err := kms.Decrypt(wrapped, []byte("factor sealing key"))
		if err != nil {
			log.Fatal(err) // better not to start than to answer ErrUnsealed
		}
		keys = append(keys, key)
	}
	keyring, err := factor.NewKeyring(keys[0], keys[1:]...)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(keyring)
	// Output: factor.Keyring[redacted]
}

// exampleKMS stands for a key management service, and for two keys that it
// encrypted.
func exampleKMS() (kms factor.Sealer, wrapped [][]byte) {
	kms, err := factor.NewKeyring(exampleKey())
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		key, err := kms.Encrypt(exampleKey(), []byte("factor sealing key"))
		if err != nil {
			log.Fatal(err)
		}
		wrapped = append(wrapped, key)
	}
	return kms, wrapped
}
