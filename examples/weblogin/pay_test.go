package main

import "testing"

// A payment is paid once, whatever codes and however many requests there are.
func TestPaymentIsPaidOnce(t *testing.T) {
	s := newSite(t)
	p, err := newPayment("Bob", "12.5")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.wallet.add(t.Context(), "alice", p); err != nil {
		t.Fatal(err)
	}
	if err := s.wallet.pay(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if err := s.wallet.pay(t.Context(), p); err == nil {
		t.Fatal("paid twice")
	}
}

// What a mail and a page show is what was meant: nothing turns the text around or hides in it.
func TestPaymentShowsWhatItIs(t *testing.T) {
	for _, payee := range []string{"\u202eboB", "a\x00b", "a\u200bb", "\xff", "\u2066Bob", ""} {
		if p, err := newPayment(payee, "12.50"); err == nil {
			t.Errorf("%+q is taken as %+q", payee, p.Payee)
		}
	}
	p, err := newPayment(" Zoë  & Söhne\n东京 ", "12.5")
	if err != nil || p.Payee != "Zoë & Söhne 东京" || p.Amount != "12.50" {
		t.Fatalf("%+v, %v", p, err)
	}
}
