package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

// card saves a payment method.
func (c *caller) card(label string) {
	c.t.Helper()
	if err := c.s.payments.add(c.t.Context(), c.id, label, time.Now()); err != nil {
		c.t.Fatal(err)
	}
}

// wantCards checks what is left.
func (c *caller) wantCards(want ...string) {
	c.t.Helper()
	var got struct{ PaymentMethods []string }
	c.get("/user/payment-methods").want(c.t, 200).decode(c.t, &got)
	slices.Sort(got.PaymentMethods)
	if !slices.Equal(got.PaymentMethods, want) {
		c.t.Fatalf("the payment methods are %v, want %v", got.PaymentMethods, want)
	}
}

// wantMails checks the subjects of the caller's mails, but for those that tell of a change.
func (c *caller) wantMails(want ...string) {
	c.t.Helper()
	mails := slices.DeleteFunc(c.mails(), func(mail string) bool { return strings.Contains(mail, "\nSubject: Your account has changed\n") })
	if len(mails) != len(want) {
		c.t.Fatalf("there are %d mails, want %d: %v", len(mails), len(want), mails)
	}
	for i, subject := range want {
		if !strings.Contains(mails[i], "\nSubject: "+subject+"\n") {
			c.t.Fatalf("mail %d is not %q:\n%s", i, subject, mails[i])
		}
	}
}

const (
	warning = "Somebody is resetting your password"
	deleted = "Your payment data was deleted"
)

func TestResetIsProvenByPINOrDevice(t *testing.T) {
	c := sharedServer(t).withPIN(t)
	c.card("Visa")
	_, secret := c.device(`{"pin":"8299"}`)
	c.reset(`{"pin":"8299"}`).want(t, 204)
	code := deviceCode(t, secret)
	c.reset(`{"pin":"`+code+`","skip":true}`).want(t, 204)
	c.reset(`{"pin":"`+code+`"}`).want(t, 422).is(t, "mismatch", "")
	c.wantCards("Visa")
	c.wantMails()
}

func TestFourWrongProofsDeleteThePaymentData(t *testing.T) {
	c := sharedServer(t).withPIN(t)
	c.card("Visa")
	c.card("SEPA")
	for range 2 {
		c.reset(`{"pin":"5621","skip":true}`).want(t, 422).is(t, "mismatch", "")
	}
	c.wantMails()
	c.reset(`{"pin":"5621"}`).want(t, 422)
	c.wantCards("SEPA", "Visa")
	c.wantMails(warning)
	c.reset(`{"pin":"5621"}`).want(t, 410).is(t, "wiped", "")
	c.wantCards()
	c.wantMails(warning, deleted)

	c.card("Mastercard")
	c.reset(`{"pin":"8299"}`).want(t, 410)
	c.reset(`{"skip":true}`).want(t, 204)
	c.wantCards("Mastercard")
	c.wantMails(warning, deleted)
	c.get("/user/pin").want(t, 404)
}

func TestSkipCountsOnlyWithoutAProof(t *testing.T) {
	c := sharedServer(t).withPIN(t)
	c.card("Visa")
	for _, body := range []string{
		`{"pin":"","skip":true}`, `{}`, `{"skip":false}`, `{"pin":null,"skip":false}`, `null`,
	} {
		c.reset(body).want(t, 400).is(t, "no-credential", "")
	}
	for body, pointer := range map[string]string{
		`{"pin":"829","skip":true}`:    "/pin",
		`{"pin":"12345x","skip":true}`: "/pin",
		`{"pin":8299,"skip":true}`:     "/pin",
		`{"skip":"yes"}`:               "/skip",
		`{"pim":"8299","skip":true}`:   "/pim",
		`{"pin":"82999","skip":true}`:  "/pin",
		`{"skip":true`:                 "",
		`{"skip":true}{}`:              "",
		``:                             "",
	} {
		c.reset(body).want(t, 400).is(t, "malformed", pointer)
	}
	c.wantCards("Visa")

	c.reset(`{"skip":true}`).want(t, 204)
	c.wantCards()
	c.wantMails(deleted)
	c.reset(`{"pin":"8299"}`).want(t, 410)
}

func TestSkipCanBeForbidden(t *testing.T) {
	c := startServer(t, "-forbid-skip").withPIN(t)
	c.card("Visa")
	c.reset(`{"skip":true}`).want(t, 403).is(t, "skip-forbidden", "")
	c.wantCards("Visa")
	c.reset(`{"pin":"8299","skip":true}`).want(t, 204)
}

func TestResetWithNothingToProve(t *testing.T) {
	c := sharedServer(t).newCaller(t, time.Hour)
	c.reset(`{"pin":"8299"}`).want(t, 404).is(t, "not-enrolled", "")
	c.s.send(t, request{
		method: "POST", path: "/callbacks/password-reset", token: c.s.resetToken, contentType: jsonType,
		body: `{"skip":true}`, header: map[string]string{"User-Id": "nobody"},
	}).want(t, 404).is(t, "unknown-user", "User-Id")
}

// TestResetIsForTheIdentityProvider: whoever could call it could destroy data.
func TestResetIsForTheIdentityProvider(t *testing.T) {
	c := sharedServer(t).withPIN(t)
	c.card("Visa")
	post := func(token string, header map[string]string) *answer {
		return c.s.send(t, request{
			method: "POST", path: "/callbacks/password-reset", token: token, contentType: jsonType,
			body: `{"skip":true}`, header: header,
		})
	}
	named := map[string]string{"User-Id": c.id}
	post("", named).want(t, 401).is(t, "unauthorized", "Authorization")
	post(c.token, named).want(t, 401)
	post(c.s.token, named).want(t, 401)
	post(c.s.resetToken[1:], named).want(t, 401)
	post(c.s.resetToken, nil).want(t, 400).is(t, "malformed", "User-Id")
	c.s.send(t, request{method: "GET", path: "/user/pin", token: c.s.resetToken}).want(t, 401)
	c.wantCards("Visa")
}

// TestResetWaitsForTheWipe: while the data cannot be deleted, the reset must not
// go on, and nothing is bound. Once it can be, what was saved since then is kept.
func TestResetWaitsForTheWipe(t *testing.T) {
	s := startServer(t)
	c := s.withPIN(t)
	c.card("Visa")
	s.exec(t, `ALTER TABLE userapi_payment_methods RENAME TO elsewhere`)
	pending := c.reset(`{"skip":true}`).want(t, 503).is(t, "wipe-pending", "")
	if pending.header.Get("Retry-After") == "" {
		t.Fatal("there is no Retry-After")
	}
	c.reset(`{"pin":"8299"}`).want(t, 503).is(t, "wipe-pending", "")
	c.json("PUT", "/user/pin", `{"otp":"`+c.code()+`","pin":"8299"}`).want(t, 503).is(t, "wipe-pending", "")
	c.wantMails()

	s.exec(t, `ALTER TABLE elsewhere RENAME TO userapi_payment_methods`)
	if err := s.payments.add(t.Context(), c.id, "Mastercard", time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	c.reset(`{"pin":"8299"}`).want(t, 410)
	c.wantCards("Mastercard")
	c.wantMails(deleted)
	c.setPIN("8299")
	c.reset(`{"pin":"8299"}`).want(t, 204)
	s.waitForMetric(t, `factor_events_total{action="`+string(factor.ActionWipeFailed)+`",kind=""} 3`)
}

// The user hears of what has changed, whoever did it.
func TestChangesAreMailed(t *testing.T) {
	c := sharedServer(t).withPIN(t)
	c.device(`{"pin":"8299"}`)
	var told []string
	for _, mail := range c.mails() {
		if _, what, ok := strings.Cut(mail, "Z: "); ok {
			told = append(told, strings.SplitN(what, "\n", 2)[0])
		}
	}
	if want := []string{"your PIN was set.", "a device was added."}; !slices.Equal(told, want) {
		t.Fatalf("mailed %q, want %q", told, want)
	}
}
