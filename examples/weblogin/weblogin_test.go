package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/knowhave/factor"
)

func TestRegisterAndLogInWithAMailedCode(t *testing.T) {
	b := newSite(t).browser()
	b.open("/")
	b.register()
	b.want("#amr", "pwd otp")
	b.submit("logout")
	b.want("#stage", "Nobody is logged in")
	b.open("/account")
	b.want("h1", "Log in")

	b.clock.Turn(time.Minute)
	b.logIn()
	b.want("#stage", "alice is half logged in")
	b.open("/account")
	b.want("h1", "The second factor")
	b.submit("mail")
	b.want("#said", "in your mailbox")
	b.picture("second")
	b.wantStatus(b.submit("second", "code", "000000"), http.StatusForbidden)
	b.want("#problem", "Tries left: 4")
	code := b.mailed()
	b.submit("second", "code", code[:3]+" "+code[3:]) // as people type it
	b.want("#stage", "past both factors")
}

func TestLogInWithAnAuthenticatorOrARecoveryCode(t *testing.T) {
	b := newSite(t).browser()
	b.register()
	secret := b.withAuthenticator()
	b.submit("generate-recovery", "password", alicePassword)
	codes := strings.Fields(b.text("#codes"))
	if len(codes) != 10 {
		t.Fatalf("%d recovery codes, want 10", len(codes))
	}
	b.open("/account")
	b.want("#has-recovery", "10 unused")
	b.submit("logout")

	b.logIn()
	if b.text("#mail") != "" {
		t.Fatal("a mailed code is offered beside the authenticator")
	}
	mailed, err := b.codes.IssueUnproven(t.Context(), b.alice().ID, factor.KindLogin)
	if err != nil {
		t.Fatal(err)
	}
	b.wantStatus(b.submit("second", "code", mailed.Code), http.StatusForbidden)
	b.submit("second", "code", b.codeOf(secret))
	b.want("#stage", "past both factors")
	b.submit("logout")

	b.logIn()
	b.submit("second", "code", strings.ToUpper(codes[3]))
	b.want("#has-recovery", "9 unused")
	b.want("#told", "A recovery code was used.")
	b.submit("logout")
	b.logIn()
	b.wantStatus(b.submit("second", "code", codes[3]), http.StatusForbidden)
	b.want("#problem", "was used")
}

func TestPaymentNeedsThePINAndItsOwnCode(t *testing.T) {
	b := newSite(t).browser()
	b.withCard()
	begin := func(payee, amount, pin string) int {
		b.clock.Turn(time.Minute)
		b.open("/pay")
		return b.submit("pay", "payee", payee, "amount", amount, "pin", pin)
	}
	b.wantStatus(begin("Bob", "12.50", "1357"), http.StatusForbidden)
	begin("Bob", "12.50", alicePIN)
	bobs, toBob := b.mailed(), b.text("#payment")
	begin("Mallory", "9000", alicePIN)
	mallorys := b.mailed()
	b.want("#payment", "Pay 9000.00 euros to Mallory.")
	if toBob != "Pay 12.50 euros to Bob." {
		t.Fatalf("the first payment is %q", toBob)
	}
	b.wantStatus(b.submit("confirm-payment", "code", bobs), http.StatusForbidden)
	b.picture("payment")
	b.submit("confirm-payment", "code", mallorys)
	b.want("#paid", "This is paid.")
}

func TestResetKeepsTheCardAfterARightPIN(t *testing.T) {
	b := newSite(t).browser()
	b.withCard()
	b.submit("logout")
	b.follow()
	b.wantStatus(b.submit("prove", "pin", alicePIN), http.StatusTooManyRequests)
	b.want("#problem", "too soon. Time left: 1m0s") // a PIN so young proves nothing
	b.clock.Turn(time.Minute)
	b.wantStatus(b.submit("prove", "pin", "1357"), http.StatusForbidden)
	b.want("#problem", "Tries left: 2")
	b.picture("proof")
	b.submit("prove", "pin", alicePIN)
	b.want("#said", "you keep your cards")
	b.submit("reset-password", "new", "battery staple")
	b.want("#said", "The password is changed")
	b.clock.Turn(time.Minute)
	b.wantStatus(b.submit("login", "name", "alice", "password", alicePassword), http.StatusUnprocessableEntity)
	b.submit("login", "name", "alice", "password", "battery staple")
	b.submit("mail")
	b.submit("second", "code", b.mailed())
	b.want("#cards", "Visa 4242")
}

func TestResetDeletesTheCardWithoutTheRightPIN(t *testing.T) {
	for name, lose := range map[string]func(b *browser){
		"forfeit": func(b *browser) {
			b.wantStatus(b.submit("forfeit"), http.StatusUnprocessableEntity)
			b.submit("forfeit", "sure", "on")
		},
		"four wrong PINs": func(b *browser) {
			for _, guess := range []string{"1357", "2468"} {
				b.wantStatus(b.submit("prove", "pin", guess), http.StatusForbidden)
			}
			b.submit("prove", "pin", "3579")
			b.want("#problem", "With the next wrong PIN we delete your cards.")
			b.wantLetter("With one more wrong PIN we delete your cards.")
			b.submit("prove", "pin", "4680")
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newSite(t).browser()
			b.withCard()
			b.submit("logout")
			b.clock.Turn(time.Hour)
			b.follow()
			lose(b)
			b.want("#said", "Your cards were deleted.")
			b.submit("reset-password", "new", alicePassword)
			b.clock.Turn(time.Minute)
			b.logIn()
			b.submit("mail")
			b.submit("second", "code", b.mailed())
			b.want("#cards", "none")
			b.want("#has-pin", "none")
			b.want("#told", "Your cards were deleted.")
			b.wantStatus(b.submit("add-card", "label", "Visa"), http.StatusUnprocessableEntity)
		})
	}
}

// follow asks for a link and follows it, once.
func (b *browser) follow() {
	b.t.Helper()
	b.open("/forgot")
	b.submit("forgot", "name", "alice")
	b.open("/mailbox")
	link := b.text("a.link")
	for range 2 { // a mail scanner, and then she: to look uses nothing up
		b.open(strings.TrimPrefix(link, b.base))
	}
	b.submit("reset")
	b.want("#stage", "has followed the link")
	other := b.browser()
	other.open(strings.TrimPrefix(link, b.base))
	other.wantStatus(other.submit("reset"), http.StatusUnprocessableEntity)
}

func TestLockShowsTheTimeLeft(t *testing.T) {
	b := newSite(t).browser()
	b.register()
	b.submit("logout")
	b.open("/login")
	for range 5 {
		b.wantStatus(b.submit("login", "name", "alice", "password", "guess"), http.StatusUnprocessableEntity)
	}
	b.want("#problem", "Name or password is not right.")
	b.clock.Turn(2 * time.Second)
	b.wantStatus(b.submit("login", "name", "alice", "password", alicePassword), http.StatusTooManyRequests)
	b.want("#problem", "Time left: 58s")
	b.picture("locked")
	b.wantStatus(b.submit("login", "name", "nobody", "password", "guess"), http.StatusUnprocessableEntity)
	b.clock.Turn(58 * time.Second)
	b.submit("login", "name", "alice", "password", alicePassword)
	b.want("#stage", "half logged in")
}

func TestWhatChangesIsTold(t *testing.T) {
	b := newSite(t).browser()
	b.withCard()
	secret := b.withAuthenticator()
	b.submit("remove-authenticator", "password", alicePassword)
	b.want("#has-authenticator", "none")
	for _, told := range []string{"A PIN was set.", "An authenticator was added.", "The authenticator was removed."} {
		b.want("#told", told)
		b.wantLetter(told)
	}
	b.picture("account")
	b.open("/mailbox")
	b.picture("mailbox")
	b.open("/account")
	b.submit("begin-authenticator", "password", alicePassword)
	b.wantStatus(b.submit("confirm-authenticator", "code", b.codeOf(secret)), http.StatusForbidden)
	b.want("#problem", "Tries left: 4")
	if b.text("#secret") != "" {
		t.Fatal("the secret is shown twice")
	}
}

// A new password ends the other sessions and voids the codes that wait.
func TestPasswordChangeEndsOtherSessions(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.register()
	b.clock.Turn(time.Minute)
	thief := s.browser()
	thief.logIn()
	thief.submit("mail")
	code := b.mailed()
	b.wantStatus(b.submit("change-password", "password", "guess", "new", "battery staple"), http.StatusForbidden)
	b.submit("change-password", "password", alicePassword, "new", "battery staple")
	b.want("#said", "All other sessions are over")
	b.wantLetter("Your password was changed")
	thief.submit("second", "code", code)
	thief.want("h1", "Log in")
	b.clock.Turn(time.Minute)
	thief.submit("login", "name", "alice", "password", "battery staple")
	thief.wantStatus(thief.submit("second", "code", code), http.StatusForbidden)
	thief.want("#problem", "was used or replaced")
}

func TestNewAddressIsProvenByACodeThatWasMailedToIt(t *testing.T) {
	b := newSite(t).browser()
	b.register()
	b.clock.Turn(time.Minute)
	b.submit("begin-address", "address", "new@example.com", "password", alicePassword)
	if to := b.letters()[0].To; to != "new@example.com" {
		t.Fatalf("the code went to %s", to)
	}
	other := b.mailed()
	b.clock.Turn(time.Minute)
	b.submit("begin-address", "address", "newer@example.com", "password", alicePassword)
	b.wantStatus(b.submit("confirm-address", "code", other), http.StatusForbidden)
	b.wantStatus(b.submit("confirm-address", "code", "000000"), http.StatusForbidden)
	b.submit("confirm-address", "code", b.mailed())
	b.want("#address", "newer@example.com")
	if l := b.letters()[0]; l.To != aliceAddress || l.Subject != "Your address was changed" {
		t.Fatalf("the old address was told %q at %s", l.Subject, l.To)
	}
}

func TestRememberedBrowserIsNotAskedAgainUntilAFactorChanges(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.register()
	b.submit("logout")
	b.clock.Turn(time.Minute)
	b.logIn()
	b.submit("mail")
	b.submit("second", "code", b.mailed(), "remember", "on")
	b.submit("logout")
	b.logIn()
	b.want("#stage", "in a browser that is remembered")
	other := s.browser()
	other.logIn()
	other.want("#stage", "half logged in")
	b.clock.Turn(time.Minute)
	b.load(chromedp.Click("#change"))
	b.submit("mail")
	b.submit("second", "code", b.mailed())
	b.submit("change-password", "password", alicePassword, "new", alicePassword)
	b.submit("logout")
	b.logIn()
	b.want("#stage", "half logged in")

	b.clock.Turn(time.Minute)
	b.submit("mail")
	b.submit("second", "code", b.mailed(), "remember", "on")
	b.withAuthenticator()
	b.submit("logout")
	b.logIn()
	b.want("#stage", "half logged in")
}
