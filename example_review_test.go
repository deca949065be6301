package factor_test

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"github.com/knowhave/factor"
)

// A reviewer is an account for the reviewers of an app store, who cannot read its mail.
// It comes from your configuration.
type reviewer struct {
	user, code string
	until      time.Time
}

// judged returns the code to judge: what was typed, or for the right code of the
// reviewer the one that was issued to this session instead of being mailed.
func (r reviewer) judged(user, typed, issued string, now time.Time) string {
	right := subtle.ConstantTimeCompare([]byte(typed), []byte(r.code)) == 1
	if right && user == r.user && now.Before(r.until) {
		return issued
	}
	return typed
}

// The reviewers of an app store get a code that stays the same. factor still judges an
// issued code each time, so the limit holds for the reviewer's account too.
func Example_appReview() {
	ctx := context.Background()
	verifier := exampleVerifier(nil)
	issuer := factor.NewOTPIssuer(verifier)
	r := reviewer{user: "app-review", code: "40718225", until: time.Now().Add(14 * 24 * time.Hour)}

	login := func(user, typed string) error {
		otp, err := issuer.IssueUnproven(ctx, user, factor.KindLogin) // kept in the session of r.user, mailed to others
		if err != nil {
			return err
		}
		code := r.judged(user, typed, otp.Code, time.Now())
		_, err = verifier.VerifyOTP(ctx, user, code, factor.KindLogin)
		return err
	}
	fmt.Println("reviewer:", login("app-review", "40718225"))
	fmt.Println("anybody else:", errors.Is(login("alice", "40718225"), factor.ErrMismatch))
	for range 5 {
		_ = login("app-review", "40718226")
	}
	fmt.Println("locked, the right code too:", errors.Is(login("app-review", "40718225"), factor.ErrLocked))
	// Output:
	// reviewer: <nil>
	// anybody else: true
	// locked, the right code too: true
}
