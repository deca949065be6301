package factor_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/pquerna/otp/totp"

	"github.com/knowhave/factor"
)

// A device enrols without a proof only soon after its user registered.
func ExampleDeviceTOTPEnroller() {
	ctx := context.Background()
	registered := time.Now()
	verifier := exampleVerifier(&factor.Options{
		// From your own records, never from the request.
		RegisteredAt: func(context.Context, string) (time.Time, error) { return registered, nil },
	})
	devices := factor.NewDeviceTOTPEnroller(verifier)

	// The client chooses the ID and keeps the secret.
	phone, tablet := uuid.New(), uuid.New()
	enrolment, err := devices.Enroll(ctx, "alice", phone, factor.Credentials{})
	if err != nil {
		log.Fatal(err)
	}
	code, err := totp.GenerateCode(enrolment.Secret, time.Now())
	if err != nil {
		log.Fatal(err)
	}
	match, err := verifier.VerifyOTP(ctx, "alice", code)
	fmt.Println("the phone's code:", match.Kind, match.Device == phone, err)

	registered = registered.Add(-time.Hour)
	_, err = devices.Enroll(ctx, "alice", tablet, factor.Credentials{})
	fmt.Println("an hour later:", err)
	_, err = devices.Enroll(ctx, "alice", tablet, factor.Credentials{OTP: code})
	fmt.Println("with a code that is used:", errors.Is(err, factor.ErrMismatch))
	// Output:
	// the phone's code: device-totp true <nil>
	// an hour later: factor: no credential given
	// with a code that is used: true
}

// The app shows the service and the user's address, not the service's ID of the
// user.
func ExampleEnrollment_WithLabel() {
	verifier := exampleVerifier(&factor.Options{
		CheckPassword: func(_ context.Context, _, password string) (bool, error) { return password == "correct horse", nil },
	})
	enrolment, err := factor.NewAuthenticatorEnroller(verifier).
		Begin(context.Background(), "7f3b2c", factor.Credentials{Password: "correct horse"})
	if err != nil {
		log.Fatal(err)
	}
	labelled, err := enrolment.WithLabel("Acme Shop", "alice@example.org")
	if err != nil {
		log.Fatal(err)
	}
	path, _, _ := strings.Cut(labelled.URL, "?")
	fmt.Println(path)
	// Output: otpauth://totp/Acme%20Shop:alice@example.org
}

// An authenticator counts once the user has shown that it works.
func ExampleAuthenticatorEnroller() {
	ctx := context.Background()
	verifier := exampleVerifier(&factor.Options{TOTP: factor.TOTPOptions{Issuer: "Example"}})
	if err := factor.NewAdmin(verifier).SetPIN(ctx, "alice", "8299"); err != nil {
		log.Fatal(err)
	}
	authenticators := factor.NewAuthenticatorEnroller(verifier)

	enrolment, err := authenticators.Begin(ctx, "alice", factor.Credentials{PIN: "8299"})
	if err != nil {
		log.Fatal(err)
	}
	picture, err := enrolment.QR(200) // show it to the app
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("a QR code of", picture.Bounds().Dx(), "pixels")

	now := time.Now()
	code, err := totp.GenerateCode(enrolment.Secret, now)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("confirmed:", authenticators.Confirm(ctx, "alice", code) == nil)
	_, err = verifier.VerifyOTP(ctx, "alice", code, factor.KindTOTP)
	fmt.Println("that code is spent:", errors.Is(err, factor.ErrMismatch))
	code, err = totp.GenerateCode(enrolment.Secret, now.Add(30*time.Second))
	if err != nil {
		log.Fatal(err)
	}
	match, err := verifier.VerifyOTP(ctx, "alice", code, factor.KindTOTP)
	fmt.Println("the next one is right:", match.Kind, err)
	// Output:
	// a QR code of 200 pixels
	// confirmed: true
	// that code is spent: true
	// the next one is right: totp <nil>
}
