package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"html/template"
	"image/png"
	"net/http"

	"github.com/knowhave/factor"
)

// An accountPage holds the data of the account page.
type accountPage struct {
	Held       factor.Holdings
	Cards      []string
	Told       []letter
	AMR        string
	NewAddress string // to which a code was mailed
}

func (a *app) accountPage(r *http.Request, v visitor) (accountPage, error) {
	ctx := r.Context()
	held, err := a.verifier.Holdings(ctx, v.ID)
	if err != nil {
		return accountPage{}, err
	}
	cards, err := a.wallet.cards(ctx, v.ID)
	if err != nil {
		return accountPage{}, err
	}
	told, err := a.mail.told(ctx, v.ID)
	return accountPage{
		Held: held, Cards: cards, Told: told,
		AMR: a.sessions.GetString(ctx, keyAMR), NewAddress: a.sessions.GetString(ctx, keyNewAddress),
	}, err
}

func (a *app) showAccount(w http.ResponseWriter, r *http.Request, v visitor) error {
	p, err := a.accountPage(r, v)
	if err != nil {
		return err
	}
	return a.show(w, r, v, "account", p)
}

// done shows the account page again, with an error or a message of success.
func (a *app) done(w http.ResponseWriter, r *http.Request, v visitor, say string, err error) error {
	if err == nil {
		return a.next(w, r, "/account", say)
	}
	p, failed := a.accountPage(r, v)
	if failed != nil {
		return failed
	}
	return a.refuse(w, r, v, "account", p, err)
}

// password returns the proof for each change here. The session is past both
// factors, but a person who finds it open does not know the password.
func password(r *http.Request) factor.Credentials {
	return factor.Credentials{Password: r.PostFormValue("password")}
}

func (a *app) setPIN(w http.ResponseWriter, r *http.Request, v visitor) error {
	err := a.pins.Set(r.Context(), v.ID, factor.CleanCode(r.PostFormValue("pin")), password(r))
	return a.done(w, r, v, "The PIN is set.", err)
}

// addCard saves critical data. It requires a PIN first: otherwise there would be
// nothing to prove before a reset, and no way to keep the card.
func (a *app) addCard(w http.ResponseWriter, r *http.Request, v visitor) error {
	set, err := a.pins.IsSet(r.Context(), v.ID)
	if err == nil && !set {
		err = inputError("Set a PIN first: it protects your cards when you forget the password.")
	}
	if err == nil {
		err = a.wallet.addCard(r.Context(), v.ID, r.PostFormValue("label"))
	}
	return a.done(w, r, v, "The card is saved.", err)
}

// A qrPage shows the secret of an authenticator once.
type qrPage struct {
	Image  template.URL
	Secret string
}

func (a *app) beginAuthenticator(w http.ResponseWriter, r *http.Request, v visitor) error {
	enrollment, err := a.authenticators.Begin(r.Context(), v.ID, password(r))
	if err != nil {
		return a.done(w, r, v, "", err)
	}
	qr, err := qrOf(enrollment, v.Name)
	if err != nil {
		return err
	}
	return a.show(w, r, v, "authenticator", qr)
}

// qrOf labels the secret with the user's name, not the ID.
func qrOf(enrollment factor.Enrollment, name string) (qrPage, error) {
	labeled, err := enrollment.WithLabel(issuer, name)
	if err != nil {
		return qrPage{}, err
	}
	image, err := labeled.QR(240)
	if err != nil {
		return qrPage{}, err
	}
	var encoded bytes.Buffer
	if err := png.Encode(&encoded, image); err != nil {
		return qrPage{}, err
	}
	url := "data:image/png;base64," + base64.StdEncoding.EncodeToString(encoded.Bytes())
	return qrPage{Image: template.URL(url), Secret: enrollment.Secret}, nil
}

// confirmAuthenticator shows the page without the secret after a wrong code:
// nothing here keeps the secret, and the app has it.
func (a *app) confirmAuthenticator(w http.ResponseWriter, r *http.Request, v visitor) error {
	err := a.authenticators.Confirm(r.Context(), v.ID, factor.CleanCode(r.PostFormValue("code")))
	if errors.Is(err, factor.ErrMismatch) || errors.Is(err, factor.ErrMalformed) {
		return a.refuse(w, r, v, "authenticator", qrPage{}, err)
	}
	return a.done(w, r, v, "The authenticator counts from now on.", err)
}

func (a *app) removeAuthenticator(w http.ResponseWriter, r *http.Request, v visitor) error {
	err := a.authenticators.Remove(r.Context(), v.ID, password(r))
	return a.done(w, r, v, "The authenticator is removed.", err)
}

func (a *app) generateRecovery(w http.ResponseWriter, r *http.Request, v visitor) error {
	codes, err := a.recovery.Generate(r.Context(), v.ID, password(r))
	if err != nil {
		return a.done(w, r, v, "", err)
	}
	return a.show(w, r, v, "recovery", codes)
}

// changePassword ends all sessions of the user and starts this one again.
func (a *app) changePassword(w http.ResponseWriter, r *http.Request, v visitor) error {
	err := checkNewPassword(r.PostFormValue("new"))
	if err == nil {
		err = a.verifier.VerifyPassword(r.Context(), v.ID, r.PostFormValue("password"))
	}
	if err == nil {
		err = a.setPassword(r.Context(), v.user, r.PostFormValue("new"))
	}
	if err != nil {
		return a.done(w, r, v, "", err)
	}
	renewed := v.user
	renewed.Epoch++
	if err := a.enter(r.Context(), renewed, stageFull); err != nil {
		return err
	}
	return a.next(w, r, "/account", "The password is changed. All other sessions are over.")
}

// newAddressPurpose binds a code to the address it is mailed to, so that no other
// code proves that the user reads it.
func newAddressPurpose(address string) []string { return []string{"new address", address} }

// newAddressKind differs from the kind of codes that confirm an act: somebody else
// may read these codes, and a right code sets the count of its kind back.
const newAddressKind = factor.KindLogin

func (a *app) beginAddress(w http.ResponseWriter, r *http.Request, v visitor) error {
	address := r.PostFormValue("address")
	err := checkAddress(address)
	if err == nil {
		err = a.verifier.VerifyPassword(r.Context(), v.ID, r.PostFormValue("password"))
	}
	if err != nil {
		return a.done(w, r, v, "", err)
	}
	view := a.verifier.For(newAddressPurpose(address)...)
	code, err := factor.NewOTPIssuer(view).IssueUnproven(r.Context(), v.ID, newAddressKind)
	if err == nil {
		err = a.mail.send(r.Context(), codeLetter(address, "for your new address", code))
	}
	if err != nil {
		return a.done(w, r, v, "", err)
	}
	a.sessions.Put(r.Context(), keyNewAddress, address)
	return a.next(w, r, "/account", "A code is in the new mailbox.")
}

func (a *app) confirmAddress(w http.ResponseWriter, r *http.Request, v visitor) error {
	address := a.sessions.GetString(r.Context(), keyNewAddress)
	if address == "" {
		return a.next(w, r, "/account", "")
	}
	view := a.verifier.For(newAddressPurpose(address)...)
	_, err := view.VerifyOTP(r.Context(), v.ID, factor.CleanCode(r.PostFormValue("code")), newAddressKind)
	if err == nil {
		err = a.setAddress(r.Context(), v.user, address)
	}
	if err != nil {
		return a.done(w, r, v, "", err)
	}
	renewed := v.user
	renewed.Moves++
	if err := a.enter(r.Context(), renewed, stageFull); err != nil {
		return err
	}
	a.sessions.Remove(r.Context(), keyNewAddress)
	return a.next(w, r, "/account", "Mail goes to the new address from now on. All other sessions are over.")
}
