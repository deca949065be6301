package factor_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/sqlstore"
)

// On your database, with your driver.
func ExampleNewVerifier() {
	ctx, dsn, key := context.Background(), os.Getenv("DATABASE_URL"), exampleKey()

	// dsn and the key, 32 random bytes, come from your configuration and your secret store.
	db, err := sql.Open("pgx", dsn) // or sqlite and sqlstore.SQLite, mysql and sqlstore.MySQL
	if err != nil {
		log.Fatal(err)
	}
	store, err := sqlstore.New(db, sqlstore.Postgres, nil) // refuses settings that forget, and says what to change
	if err != nil {
		log.Fatal(err)
	}
	if err := store.Migrate(ctx); err != nil { // one table; it may be there already
		log.Fatal(err)
	}
	keyring, err := factor.NewKeyring(key)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := factor.NewVerifier(store, keyring, &factor.Options{
		CheckPassword: checkPassword,                  // asks your table of users
		ProofKinds:    []factor.Kind{factor.KindTOTP}, // the mailbox alone changes nothing
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(verifier.VerifyPassword(ctx, "alice", "correct horse"))
}

// A login is a password and then a code. Between the two your session knows only
// that the user is past the password.
func Example_login() {
	ctx := context.Background()
	verifier := exampleVerifier(&factor.Options{
		CheckPassword: checkPassword, // asks your table of users
		ProofKinds:    []factor.Kind{factor.KindTOTP},
	})

	// The first form. Never ask factor about a user who does not exist.
	if err := verifier.VerifyPassword(ctx, "alice", "correct horse"); err != nil {
		log.Fatal(err)
	}

	// What the second form offers. Ask past the first factor only.
	held, err := verifier.Holdings(ctx, "alice")
	if err != nil {
		log.Fatal(err)
	}
	kinds := []factor.Kind{factor.KindLogin}
	if held.Authenticator {
		kinds = []factor.Kind{factor.KindTOTP}
	}
	if held.RecoveryCodes > 0 {
		kinds = append(kinds, factor.KindRecovery)
	}

	// The button that mails a code, where kinds has KindLogin. The form refuses a
	// mailed code where it has not, and counts it as a wrong one.
	code, err := factor.NewOTPIssuer(verifier).IssueUnproven(ctx, "alice", factor.KindLogin)
	if err != nil {
		log.Fatal(err)
	}
	typed := mailTo("alice", code)

	// The second form, which is posted. After nil your session is whole.
	match, err := verifier.VerifyOTP(ctx, "alice", factor.CleanCode(typed), kinds...)
	fmt.Println(err, match.Kind, match.Kind.AMR())
	// Output: <nil> login otp
}

// checkPassword stands for your own slow hash.
func checkPassword(_ context.Context, user, password string) (bool, error) {
	return user == "alice" && password == "correct horse", nil
}

// mailTo stands for your mail. It returns what the user types.
func mailTo(_ string, code factor.OTP) string { return code.Code[:3] + " " + code.Code[3:] }
