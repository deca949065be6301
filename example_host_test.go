package factor_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/memstore"
	"golang.org/x/crypto/bcrypt"
)

// A thief with only the user's mailbox can reset the password, but loses the
// critical data.
func ExampleResetGuard() {
	ctx := context.Background()
	verifier := exampleVerifier(&factor.Options{
		Wipe: func(_ context.Context, w factor.Wipe) error {
			fmt.Println("delete the cards that", w.User, "had before the wipe, because of", w.Reason)
			return nil
		},
	})
	if err := factor.NewAdmin(verifier).SetPIN(ctx, "alice", "8299"); err != nil {
		log.Fatal(err)
	}
	guard, err := factor.NewResetGuard(verifier)
	if err != nil {
		log.Fatal(err)
	}

	// Each of these calls follows a proven link of the reset mail.
	for _, pin := range []string{"8299", "1357", "2468", "3579", "4680"} {
		err := guard.Prove(ctx, "alice", factor.Credentials{PIN: pin})
		var mismatch *factor.MismatchError
		switch {
		case err == nil:
			fmt.Println("proven: reset the password, keep the cards")
		case errors.As(err, &mismatch):
			fmt.Println("wrong: more chances before the last one:", mismatch.Remaining)
		case errors.Is(err, factor.ErrWiped):
			fmt.Println("wiped: reset the password, nothing is left to protect")
		default:
			log.Fatal(err)
		}
	}
	// Output:
	// proven: reset the password, keep the cards
	// wrong: more chances before the last one: 2
	// wrong: more chances before the last one: 1
	// wrong: more chances before the last one: 0
	// delete the cards that alice had before the wipe, because of strikes
	// wiped: reset the password, nothing is left to protect
}

// CheckPassword asks the host, here with bcrypt. A mismatch is "no", and counts as a
// guess; any other error is a fault and does not.
func ExampleOptions() {
	hash, err := bcrypt.GenerateFromPassword([]byte("correct horse"), bcrypt.MinCost)
	if err != nil {
		log.Fatal(err)
	}
	passwords := map[string][]byte{"alice": hash} // your table of users
	verifier := exampleVerifier(&factor.Options{
		CheckPassword: func(_ context.Context, user, password string) (bool, error) {
			err := bcrypt.CompareHashAndPassword(passwords[user], []byte(password))
			if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
				return false, nil
			}
			return err == nil, err
		},
	})
	ctx := context.Background()
	fmt.Println("right:", verifier.VerifyPassword(ctx, "alice", "correct horse") == nil)
	for range 5 {
		err = verifier.VerifyPassword(ctx, "alice", "battery staple")
	}
	fmt.Println(err)
	err = verifier.VerifyPassword(ctx, "alice", "correct horse")
	fmt.Println("locked, right or wrong:", errors.Is(err, factor.ErrLocked))
	// Output:
	// right: true
	// factor: password does not match, tries left: 0
	// locked, right or wrong: true
}

// Support sees what a user has, but no secret, and lifts a lock.
func ExampleAdmin() {
	ctx := context.Background()
	verifier := exampleVerifier(nil)
	admin := factor.NewAdmin(verifier)
	if err := admin.SetPIN(ctx, "alice", "8299"); err != nil {
		log.Fatal(err)
	}
	for range 3 {
		_ = verifier.VerifyPIN(ctx, "alice", "1357")
	}

	status, err := admin.Status(ctx, "alice")
	if err != nil {
		log.Fatal(err)
	}
	for _, b := range status.Budgets {
		fmt.Println("PIN set:", status.PIN, "- wrong in a row for", b.Kind, b.Wrong, "- locked:", b.Locked)
	}
	if err := admin.Unlock(ctx, "alice", factor.KindPIN); err != nil {
		log.Fatal(err)
	}
	fmt.Println("right PIN after the unlock:", verifier.VerifyPIN(ctx, "alice", "8299") == nil)

	// For your cron: finish what was cut off, drop what has expired.
	changed, err := admin.Sweep(ctx)
	fmt.Println("swept:", changed, err)
	// Output:
	// PIN set: true - wrong in a row for pin 3 - locked: true
	// right PIN after the unlock: true
	// swept: 0 <nil>
}

// To change the key, open with both, seal everything under the new one, and then
// forget the old one.
func ExampleKeyring() {
	ctx := context.Background()
	oldKey, newKey := exampleKey(), exampleKey()
	store := memstore.New()
	open := func(primary []byte, old ...[]byte) *factor.Admin {
		keyring, err := factor.NewKeyring(primary, old...)
		if err != nil {
			log.Fatal(err)
		}
		verifier, err := factor.NewVerifier(store, keyring, nil)
		if err != nil {
			log.Fatal(err)
		}
		return factor.NewAdmin(verifier)
	}
	for _, user := range []string{"alice", "bob"} {
		if err := open(oldKey).SetPIN(ctx, user, "8299"); err != nil {
			log.Fatal(err)
		}
	}

	_, err := open(newKey).Status(ctx, "alice")
	fmt.Println("the new key alone opens nothing:", errors.Is(err, factor.ErrUnsealed))
	admin := open(newKey, oldKey)
	for user, err := range admin.Users(ctx, "") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("reseal", user, admin.Reseal(ctx, user))
	}
	status, err := open(newKey).Status(ctx, "alice")
	fmt.Println("the new key alone now finds the PIN:", status.PIN, err)
	// Output:
	// the new key alone opens nothing: true
	// reseal alice <nil>
	// reseal bob <nil>
	// the new key alone now finds the PIN: true <nil>
}

// Past the first factor, a login offers what the user holds as the second factor.
func ExampleHoldings() {
	ctx := context.Background()
	verifier := exampleVerifier(nil)
	if err := factor.NewAdmin(verifier).SetPIN(ctx, "alice", "8299"); err != nil {
		log.Fatal(err)
	}
	held, err := verifier.Holdings(ctx, "alice")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("ask for the PIN:", held.PIN)
	fmt.Println("ask for a code of an app:", held.Authenticator || held.Devices > 0)
	// Output:
	// ask for the PIN: true
	// ask for a code of an app: false
}

// An OpenID Connect provider writes these values into the amr claim.
func ExampleKind_AMR() {
	fmt.Println([]string{factor.KindPassword.AMR(), factor.KindDeviceTOTP.AMR()})
	// Output: [pwd otp]
}
