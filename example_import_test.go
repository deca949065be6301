package factor_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
)

// A row of a team's old table moves in. The same row again changes nothing, and a
// bad row is reported by field.
func ExampleAdmin_Import() {
	ctx := context.Background()
	verifier := exampleVerifier(nil)
	admin := factor.NewAdmin(verifier)

	rows := []factor.Import{
		{
			PIN:           &factor.ImportedPIN{Hash: "$2a$04$NBPkQcVG.PKNtI21B/oc6OBQTAZvG05QG35k25drTJ6Eg55wOL9SK"},
			Authenticator: &factor.ImportedTOTP{Secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", LastStep: 59006129},
			Devices: []factor.ImportedDevice{{
				ID:   uuid.MustParse("738e379f-fe30-45ab-819c-ba88804b6368"),
				TOTP: factor.ImportedTOTP{URL: "otpauth://totp/Shop:alice?secret=KRUGKIDROVUWG2ZAMJZG653OEBTG66BA&digits=8"},
			}},
		},
		{Authenticator: &factor.ImportedTOTP{Secret: "JBSWY3DPEHPK3PXP"}},
	}
	for i, user := range []string{"alice", "bob"} {
		for range 2 {
			err := admin.Import(ctx, user, rows[i])
			var refused *factor.MalformedError
			switch {
			case err == nil:
				fmt.Println(user, "has moved in")
			case errors.As(err, &refused):
				fmt.Printf("%s: %s %s\n", user, refused.Field, refused.Reason)
			default: // ErrAlreadyEnrolled, ErrDeviceLimit, ErrWipePending, or a fault
				log.Fatal(err)
			}
		}
	}
	fmt.Println("right PIN:", verifier.VerifyPIN(ctx, "alice", "8299") == nil)
	// Output:
	// alice has moved in
	// alice has moved in
	// bob: Import.Authenticator.Secret must have at least 112 bits (NIST SP 800-63B-4 §3.1.4.1): have the user enrol anew
	// bob: Import.Authenticator.Secret must have at least 112 bits (NIST SP 800-63B-4 §3.1.4.1): have the user enrol anew
	// right PIN: true
}

// phcOfKeycloak converts a PBKDF2 hash of Keycloak to a PHC string: its algorithm,
// such as pbkdf2-sha256, its hashIterations, its salt and its value.
func phcOfKeycloak(algorithm string, iterations int, salt, value string) string {
	unpadded := func(base64 string) string { return strings.TrimRight(base64, "=") }
	return fmt.Sprintf("$%s$i=%d$%s$%s", algorithm, iterations, unpadded(salt), unpadded(value))
}

// If a system keeps the parts of a hash in separate columns, write them as a PHC
// string.
func ExampleImportedPIN() {
	ctx := context.Background()
	verifier := exampleVerifier(nil)
	hash := phcOfKeycloak("pbkdf2-sha256", 7, "c2l4dGVlbiBvZiBzYWx0Lg==", "KLRoy7+FfkmBDd1OPxHg18Bqx18/MgC+FIUzwtDmPf4=")
	err := factor.NewAdmin(verifier).Import(ctx, "alice", factor.Import{PIN: &factor.ImportedPIN{Hash: hash}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("right PIN:", verifier.VerifyPIN(ctx, "alice", "8299") == nil)
	// Output:
	// right PIN: true
}

// Keycloak and better-auth use the bytes of a text as the key.
func ExampleImportedTOTP() {
	verifier := exampleVerifier(nil)
	err := factor.NewAdmin(verifier).Import(context.Background(), "alice", factor.Import{
		Authenticator: &factor.ImportedTOTP{Key: []byte("Kx7mQ2pVt9Zr4WcY8LbN"), Algorithm: "HmacSHA1", Digits: 6, Period: 30 * time.Second},
	})
	fmt.Println("moved in:", err == nil)
	// Output:
	// moved in: true
}

// pseudonym replaces a user in a log. Its key is the service's own secret.
func pseudonym(user string) string {
	mac := hmac.New(sha256.New, []byte("a secret of the service's"))
	mac.Write([]byte(user))
	return fmt.Sprintf("u-%x", mac.Sum(nil)[:4])
}

// Every decision goes to the service's log, with a pseudonym for the user.
func ExampleLogEvents() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch a.Key {
			case "user":
				return slog.String("user", pseudonym(a.Value.String()))
			case slog.TimeKey:
				return slog.Attr{} // left out here, so that each run prints the same
			}
			return a
		},
	}))
	verifier := exampleVerifier(&factor.Options{Observe: factor.LogEvents(logger)})

	ctx := context.Background()
	if err := factor.NewAdmin(verifier).SetPIN(ctx, "alice", "8299"); err != nil {
		log.Fatal(err)
	}
	for _, pin := range []string{"1357", "8299"} { // the right one is logged for Debug only
		_ = verifier.VerifyPIN(ctx, "alice", pin)
	}
	// Output:
	// level=INFO msg="factor pin-set" user=u-82aae9fb kind=pin
	// level=INFO msg="factor refused" user=u-82aae9fb kind=pin remaining=2 err="factor: pin does not match, tries left: 2"
}
