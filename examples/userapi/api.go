package main

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// GET /user/pin: 200 if a PIN is set, otherwise 404. With ?timeout=1..60 it waits
// up to that many seconds for a PIN.
func (a *api) pinIsSet(w http.ResponseWriter, r *http.Request, user string) error {
	set, err := a.waitForPIN(r, user)
	if err != nil {
		return err
	}
	if !set {
		return errNoPIN
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

func (a *api) waitForPIN(r *http.Request, user string) (bool, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	timeouts := query["timeout"]
	if err == nil && len(timeouts) == 0 {
		return a.pins.IsSet(r.Context(), user)
	}
	seconds, notNumber := strconv.ParseUint(strings.Join(timeouts, ","), 10, 16)
	if err != nil || notNumber != nil {
		return false, &badInput{&source{Parameter: "timeout"}, "The timeout must be one whole number of seconds, 1 to 60."}
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(a.stopping, cancel)() // so that the server stops at once
	set, err := a.pins.Wait(ctx, user, time.Duration(seconds)*time.Second)
	if err != nil && a.stopping.Err() != nil {
		return false, errStopping
	}
	return set, err
}

// POST /user/otp: issues a code for the password or the PIN.
func (a *api) issueOTP(w http.ResponseWriter, r *http.Request, user string) error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	proof := factor.Credentials{Password: body.text("password"), PIN: body.digits("pin", pinDigits)}
	if err := body.end(); err != nil {
		return err
	}
	otp, err := a.issuer.Issue(r.Context(), user, proof)
	if err != nil {
		return err
	}
	return write(w, http.StatusCreated, jsonType, issuedOTP{otp.Code, instant(otp.ExpiresAt)})
}

type issuedOTP struct {
	OTP       string `json:"otp"`
	ExpiresAt string `json:"expiresAt"`
}

// POST /user/otp/verify: spends a code. It is a POST because mail scanners follow
// links: a GET would use up the code.
func (a *api) verifyOTP(w http.ResponseWriter, r *http.Request, user string) error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	otp, kinds := body.digits("otp", codeDigits), body.kinds("types", documentedTypes)
	if err := body.end(); err != nil {
		return err
	}
	if len(kinds) == 0 {
		kinds = defaultTypes
	}
	if _, err := a.verifier.VerifyOTP(r.Context(), user, otp, kinds...); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// documentedTypes are the types of the described API. The list keeps out kinds that
// an update of factor adds, such as recovery codes.
var documentedTypes = []factor.Kind{factor.KindLogin, factor.KindAccount, factor.KindTOTP, factor.KindDeviceTOTP}

// defaultTypes stands for no types, null and [].
var defaultTypes = []factor.Kind{factor.KindDeviceTOTP, factor.KindAccount}

// deviceTOTP is the JSON:API resource that a device gets back.
type deviceTOTP struct {
	Data struct {
		Type       string       `json:"type"`
		ID         string       `json:"id"`
		Attributes deviceSecret `json:"attributes"`
	} `json:"data"`
}

const deviceType = "deviceTOTP"

type deviceSecret struct {
	Secret    string `json:"secret"`
	Period    int    `json:"period"` // in seconds
	Digits    int    `json:"digits"`
	Algorithm string `json:"algorithm"`
}

// POST /user/devices/totp: returns the secret of a device whose ID the client
// chose.
func (a *api) enrollDevice(w http.ResponseWriter, r *http.Request, user string) error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	data := body.object("data")
	kind, named, given := data.text("type"), data.text("id"), data.object("attributes")
	proof := factor.Credentials{
		OTP: given.digits("otp", codeDigits), Password: given.text("password"), PIN: given.digits("pin", pinDigits),
	}
	if err := body.end(); err != nil {
		return err
	}
	if kind != deviceType {
		return &badInput{pointer("data", "type"), "The type must be " + deviceType + "."}
	}
	id, err := uuid.Parse(named)
	if err != nil || len(named) != len(id.String()) {
		return &badInput{pointer("data", "id"), "The id must be a UUID in its usual form."}
	}
	device, err := a.devices.Enroll(r.Context(), user, id, proof)
	if err != nil {
		return err
	}
	var answer deviceTOTP
	answer.Data.Type = deviceType
	answer.Data.ID = named // in the client's own upper or lower case
	answer.Data.Attributes = deviceSecret{device.Secret, int(device.Period / time.Second), device.Digits, device.Algorithm}
	return write(w, http.StatusCreated, jsonAPI, answer)
}

// POST /callbacks/password-reset: judges the proof that keeps the payment data.
//
// A CALLER WHO CAN REACH THIS CAN DESTROY A USER'S DATA, with one call that skips
// or four wrong proofs. The user does not call it, and no user's token opens it:
// the identity provider calls it in the middle of its own reset flow, AFTER the
// user has followed the link in the mail and BEFORE the password changes. It asks
// the user for the PIN or a device code, passes that on, and lets the reset go on
// only after 204 (the data is kept after a proof, and gone after a mere skip), 404
// not-enrolled (there was nothing to prove) and 410 (the data is gone).
func (a *api) resetPassword(w http.ResponseWriter, r *http.Request, user string) error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	given := body.has("pin")
	pin, skip := body.digits("pin", pinDigits, codeDigits), body.flag("skip")
	if err := body.end(); err != nil {
		return err
	}
	switch {
	case given: // judge a given proof, whatever skip says
		err = a.guard.Prove(r.Context(), user, resetProof(pin))
	case !skip:
		err = factor.ErrNoCredential
	case a.forbidSkip:
		err = errSkipForbidden
	default:
		err = a.guard.Forfeit(r.Context(), user)
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// resetProof distinguishes a device code from a PIN by its length: the described
// API has one field for both.
func resetProof(given string) factor.Credentials {
	if len(given) == codeDigits {
		return factor.Credentials{OTP: given}
	}
	return factor.Credentials{PIN: given}
}

// PUT /user/pin, this example's own: sets a PIN, with an account or device code as
// the proof.
func (a *api) setPIN(w http.ResponseWriter, r *http.Request, user string) error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	otp, pin := body.digits("otp", codeDigits), body.text("pin")
	if err := body.end(); err != nil {
		return err
	}
	if err := a.pins.Set(r.Context(), user, pin, factor.Credentials{OTP: otp}); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// POST /user/otp/sendmail, this example's own: mails a code to the address on
// record, never to one from the request.
func (a *api) mailOTP(w http.ResponseWriter, r *http.Request, user string) error {
	otp, err := a.issuer.IssueUnproven(r.Context(), user, factor.KindAccount)
	if err != nil {
		return err
	}
	if err := a.mail.code(r.Context(), user, otp); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// GET /user/payment-methods, this example's own: lists what a wipe deletes.
func (a *api) paymentMethods(w http.ResponseWriter, r *http.Request, user string) error {
	methods, err := a.payments.list(r.Context(), user)
	if err != nil {
		return err
	}
	return write(w, http.StatusOK, jsonType, map[string][]string{"paymentMethods": methods})
}
