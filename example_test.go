package factor_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/memstore"
)

func Example() {
	// The key comes from your secret store: 32 random bytes, kept outside of the
	// database. The store is memory here; sqlstore takes your *sql.DB.
	key := make([]byte, 32)
	rand.Read(key)
	keyring, err := factor.NewKeyring(key)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := factor.NewVerifier(memstore.New(), keyring, nil)
	if err != nil {
		log.Fatal(err)
	}

	// Issue a code to mail to one of your users.
	ctx := context.Background()
	otp, err := factor.NewOTPIssuer(verifier).IssueUnproven(ctx, "alice", factor.KindAccount)
	if err != nil {
		log.Fatal(err)
	}

	// Verify what the user sends back: accepted once, and guesses are limited.
	match, err := verifier.VerifyOTP(ctx, "alice", otp.Code)
	fmt.Println("accepted:", err == nil, match.Kind)
	_, err = verifier.VerifyOTP(ctx, "alice", otp.Code)
	fmt.Println("refused the second time:", errors.Is(err, factor.ErrMismatch))
	for range 6 {
		_, err = verifier.VerifyOTP(ctx, "alice", "000000")
	}
	fmt.Println("locked after five guesses:", errors.Is(err, factor.ErrLocked))
	// Output:
	// accepted: true account
	// refused the second time: true
	// locked after five guesses: true
}

// A transport turns the errors of a check into its own answers.
func ExampleVerifier() {
	ctx := context.Background()
	verifier := exampleVerifier(nil)
	if err := factor.NewAdmin(verifier).SetPIN(ctx, "alice", "8299"); err != nil {
		log.Fatal(err)
	}

	for _, pin := range []string{"82 99", "1357", "2468", "8299", "1111", "2222", "3333", "8299"} {
		err := verifier.VerifyPIN(ctx, "alice", pin)
		var mismatch *factor.MismatchError
		var locked *factor.LockedError
		switch {
		case err == nil:
			fmt.Println(pin, "is right, and sets the count back")
		case errors.As(err, &mismatch):
			fmt.Println(pin, "is wrong, tries left:", mismatch.Remaining)
		case errors.As(err, &locked):
			fmt.Println(pin, "is not looked at: try again in a minute")
		case errors.Is(err, factor.ErrMalformed):
			fmt.Println(pin, "is no PIN, and costs nothing")
		default:
			log.Fatal(err) // a fault of the store: nothing was accepted
		}
	}
	// Output:
	// 82 99 is no PIN, and costs nothing
	// 1357 is wrong, tries left: 2
	// 2468 is wrong, tries left: 1
	// 8299 is right, and sets the count back
	// 1111 is wrong, tries left: 2
	// 2222 is wrong, tries left: 1
	// 3333 is wrong, tries left: 0
	// 8299 is not looked at: try again in a minute
}

// One client waits until the user has set a PIN on another one.
func ExamplePINs() {
	ctx := context.Background()
	verifier := exampleVerifier(nil)
	pins := factor.NewPINs(verifier)

	waited := make(chan bool)
	go func() {
		set, err := pins.Wait(ctx, "alice", 30*time.Second)
		waited <- set && err == nil
	}()

	mailed, err := factor.NewOTPIssuer(verifier).IssueUnproven(ctx, "alice", factor.KindAccount)
	if err != nil {
		log.Fatal(err)
	}
	proof := factor.Credentials{OTP: mailed.Code}
	err = pins.Set(ctx, "alice", "7890", proof)
	fmt.Println("7890 is weak:", errors.Is(err, factor.ErrWeakPIN))
	err = pins.Set(ctx, "alice", "8299", proof)
	fmt.Println("8299 is set, with the code that 7890 did not spend:", err == nil)
	fmt.Println("the other client knows:", <-waited)
	// Output:
	// 7890 is weak: true
	// 8299 is set, with the code that 7890 did not spend: true
	// the other client knows: true
}

// The password or the PIN has to be right. The password is judged first.
func ExampleOTPIssuer() {
	ctx := context.Background()
	verifier := exampleVerifier(&factor.Options{
		CheckPassword: func(_ context.Context, user, password string) (bool, error) {
			return user == "alice" && password == "correct horse", nil // your own slow hash
		},
		Now: func() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 123_456_789, time.UTC) },
	})
	issuer := factor.NewOTPIssuer(verifier)

	_, err := issuer.Issue(ctx, "alice", factor.Credentials{Password: "guess"})
	fmt.Println("no code for a guess:", errors.Is(err, factor.ErrMismatch))
	otp, err := issuer.Issue(ctx, "alice", factor.Credentials{Password: "correct horse"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(otp.Code), "digits for the kind", otp.Kind, "until", otp.ExpiresAt.Format(time.RFC3339Nano))
	// Output:
	// no code for a guess: true
	// 6 digits for the kind account until 2026-03-02T09:05:00.123Z
}

// exampleVerifier keeps everything in memory, under its own key.
func exampleVerifier(opts *factor.Options) *factor.Verifier {
	keyring, err := factor.NewKeyring(exampleKey())
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := factor.NewVerifier(memstore.New(), keyring, opts)
	if err != nil {
		log.Fatal(err)
	}
	return verifier
}

func exampleKey() []byte {
	key := make([]byte, 32)
	rand.Read(key)
	return key
}
