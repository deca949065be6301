package main

import (
	"net/http"

	"github.com/knowhave/factor"
)

func (a *app) showPay(w http.ResponseWriter, r *http.Request, v visitor) error {
	cards, err := a.wallet.cards(r.Context(), v.ID)
	if err != nil {
		return err
	}
	return a.show(w, r, v, "pay", cards)
}

// pay takes the PIN, which the user knows, and mails a code that is right only for
// this payee and amount.
func (a *app) pay(w http.ResponseWriter, r *http.Request, v visitor) error {
	ctx := r.Context()
	cards, err := a.wallet.cards(ctx, v.ID)
	if err != nil {
		return err
	}
	p, err := newPayment(r.PostFormValue("payee"), r.PostFormValue("amount"))
	if err == nil && len(cards) == 0 {
		err = inputError("Save a card first.")
	}
	if err != nil {
		return a.refuse(w, r, v, "pay", cards, err)
	}
	issuer := factor.NewOTPIssuer(a.verifier.For(p.purpose()...))
	code, err := issuer.Issue(ctx, v.ID, factor.Credentials{PIN: factor.CleanCode(r.PostFormValue("pin"))})
	if err == nil {
		err = a.wallet.add(ctx, v.ID, p)
	}
	if err == nil {
		err = a.mail.code(ctx, v.ID, "to pay "+p.Amount+" to "+p.Payee, code)
	}
	if err != nil {
		return a.refuse(w, r, v, "pay", cards, err)
	}
	return a.next(w, r, "/pay/"+p.ID, "A code is in your mailbox.")
}

func (a *app) showPayment(w http.ResponseWriter, r *http.Request, v visitor) error {
	p, err := a.wallet.payment(r.Context(), v.ID, r.PathValue("id"))
	if err != nil {
		return err
	}
	return a.show(w, r, v, "payment", p)
}

// confirmPayment takes payee and amount from the table, not from the form: it
// judges the code for what will be paid.
func (a *app) confirmPayment(w http.ResponseWriter, r *http.Request, v visitor) error {
	p, err := a.wallet.payment(r.Context(), v.ID, r.PathValue("id"))
	if err != nil {
		return err
	}
	if p.Paid {
		return a.next(w, r, "/pay/"+p.ID, "")
	}
	_, err = a.verifier.For(p.purpose()...).VerifyOTP(r.Context(), v.ID, factor.CleanCode(r.PostFormValue("code")))
	if err != nil {
		return a.refuse(w, r, v, "payment", p, err)
	}
	if err := a.wallet.pay(r.Context(), p); err != nil {
		return err
	}
	return a.next(w, r, "/pay/"+p.ID, "Paid.")
}
