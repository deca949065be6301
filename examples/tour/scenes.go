package main

import (
	"errors"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/pquerna/otp/totp"

	"github.com/knowhave/factor"
)

const (
	alice = "alice"
	pin   = "8299"
)

// The clients choose the IDs of their devices.
var (
	phone  = uuid.MustParse("738e379f-fe30-45ab-819c-ba88804b6368")
	tablet = uuid.MustParse("1c0f2f0a-6d43-4b5c-9d07-0d6f5f6b2a11")
)

func (t *tour) registration() {
	t.scene("Alice registers", "the host's own business")
	t.ask("register with a password, save a payment card")
	t.host.passwords[alice] = "superSecret12345!"
	t.host.registered[alice] = t.host.clock()
	t.host.cards[alice] = []time.Time{t.host.clock()}
	t.shown(true, nil, "factor knows nothing of her yet")
}

func (t *tour) deviceEnrolment() {
	t.scene("Her devices are enrolled", "POST /user/devices/totp: DeviceTOTPEnroller.Enroll")
	t.host.turn(2 * time.Minute)
	t.ask("enrol the phone without a proof, 2 minutes after registration")
	e, err := t.devices.Enroll(t.ctx, alice, phone, factor.Credentials{})
	t.accepted(err, "a secret of %d characters, period %v, %d digits, %s", len(e.Secret), e.Period, e.Digits, e.Algorithm)
	t.phoneSecret = e.Secret

	t.host.turn(4 * time.Minute)
	t.ask("enrol the tablet without a proof, 6 minutes after registration")
	_, err = t.devices.Enroll(t.ctx, alice, tablet, factor.Credentials{})
	t.refused(err, factor.ErrNoCredential)
	t.ask("enrol the tablet with a mailed code")
	mailed, err := t.issuer.IssueUnproven(t.ctx, alice, factor.KindAccount)
	t.shown(true, err, "(the host mails a code of kind %s)", mailed.Kind)
	_, err = t.devices.Enroll(t.ctx, alice, tablet, factor.Credentials{OTP: mailed.Code})
	t.accepted(err, "a secret of its own")
}

func (t *tour) settingPIN() {
	t.scene("She sets a PIN", "GET /user/pin: PINs.IsSet, PINs.Wait; PINs.Set")
	t.host.turn(time.Minute)
	t.ask("is a PIN set?")
	set, err := t.pins.IsSet(t.ctx, alice)
	t.shown(!set, err, "no")
	t.ask("set 1234, with a code of the phone")
	proof := factor.Credentials{OTP: t.codeOf(t.phoneSecret)}
	t.refused(t.pins.Set(t.ctx, alice, "1234", proof), factor.ErrWeakPIN)

	t.ask("another client waits for a PIN; the phone sets a better one, with the same code")
	woken := make(chan bool)
	go func() {
		set, err := t.pins.Wait(t.ctx, alice, 20*time.Second)
		woken <- set && err == nil
	}()
	t.accepted(t.pins.Set(t.ctx, alice, pin, proof), "the PIN is set: the weak one had not spent the code")
	t.shown(<-woken, nil, "and the waiting client woke")
}

func (t *tour) issuing() {
	t.scene("She asks for an account code", "POST /user/otp: OTPIssuer.Issue")
	t.host.turn(time.Minute)
	t.ask("issue a code, with a wrong password")
	_, err := t.issuer.Issue(t.ctx, alice, factor.Credentials{Password: "superSecret"})
	t.refused(err, factor.ErrMismatch)
	t.ask("issue a code, with the PIN")
	otp, err := t.issuer.Issue(t.ctx, alice, factor.Credentials{PIN: pin})
	t.accepted(err, "a code of %d digits, until %s", len(otp.Code), otp.ExpiresAt.Format(time.RFC3339))
	t.accountCode = otp.Code
}

func (t *tour) verifying() {
	t.scene("Her codes are verified, each of them once", "POST /user/otp/verify: Verifier.VerifyOTP")
	t.ask("verify the account code")
	match, err := t.verifier.VerifyOTP(t.ctx, alice, t.accountCode)
	t.accepted(err, "its kind is %s", match.Kind)
	t.ask("verify it again")
	_, err = t.verifier.VerifyOTP(t.ctx, alice, t.accountCode)
	t.refused(err, factor.ErrMismatch)

	t.host.turn(time.Minute)
	code := t.codeOf(t.phoneSecret)
	t.ask("verify a code that an independent generator made of the phone's secret")
	match, err = t.verifier.VerifyOTP(t.ctx, alice, code, factor.KindDeviceTOTP)
	t.accepted(err, "its kind is %s, and its device the phone: %t", match.Kind, match.Device == phone)
	t.ask("replay it within its 30 seconds")
	_, err = t.verifier.VerifyOTP(t.ctx, alice, code, factor.KindDeviceTOTP)
	t.refused(err, factor.ErrMismatch)
}

func (t *tour) guessing() {
	t.scene("Somebody guesses her code", "POST /user/otp/verify: Verifier.VerifyOTP")
	t.host.turn(6 * time.Minute)
	live, err := t.issuer.Issue(t.ctx, alice, factor.Credentials{PIN: pin})
	t.ask("verify 200 wrong codes at the same time")
	right, _ := strconv.Atoi(live.Code)
	var judged, locked atomic.Int64
	var guesses sync.WaitGroup
	for i := range 200 {
		guess := fmt.Sprintf("%06d", (right+1+i)%1_000_000)
		guesses.Go(func() {
			_, err := t.verifier.VerifyOTP(t.ctx, alice, guess, factor.KindAccount)
			switch {
			case errors.Is(err, factor.ErrMismatch):
				judged.Add(1)
			case errors.Is(err, factor.ErrLocked):
				locked.Add(1)
			}
		})
	}
	guesses.Wait()
	t.shown(judged.Load() == 5 && locked.Load() == 195, err, "%d were judged, %d were not even looked at", judged.Load(), locked.Load())
	t.ask("verify the right code")
	_, err = t.verifier.VerifyOTP(t.ctx, alice, live.Code, factor.KindAccount)
	t.refused(err, factor.ErrLocked)
	t.ask("verify the PIN, which has tries of its own")
	t.accepted(t.verifier.VerifyPIN(t.ctx, alice, pin), "it is right")
	t.host.turn(time.Minute)
	t.ask("verify the right code, a minute later")
	_, err = t.verifier.VerifyOTP(t.ctx, alice, live.Code, factor.KindAccount)
	t.accepted(err, "the lock is over")
}

func (t *tour) authenticator() {
	t.scene("She adds an authenticator app", "AuthenticatorEnroller.Begin, AuthenticatorEnroller.Confirm")
	t.ask("begin, with the PIN")
	e, err := t.authenticators.Begin(t.ctx, alice, factor.Credentials{PIN: pin})
	t.accepted(err, "a secret, which counts once its first code is confirmed")
	t.shown(true, saveQR(e, filepath.Join(t.dir, "authenticator.png")), "its QR code for the app is saved as authenticator.png")
	t.ask("confirm the code that the app shows")
	t.accepted(t.authenticators.Confirm(t.ctx, alice, t.codeOf(e.Secret)), "the authenticator counts")
}

func saveQR(e factor.Enrollment, name string) error {
	img, err := e.QR(256)
	if err != nil {
		return err
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(png.Encode(f, img), f.Close())
}

// codeOf computes the code of a TOTP secret as a phone or an app does, with another
// implementation than factor's.
func (t *tour) codeOf(secret string) string {
	code, err := totp.GenerateCode(secret, t.host.clock())
	if err != nil {
		t.wrong = append(t.wrong, err)
	}
	return code
}
