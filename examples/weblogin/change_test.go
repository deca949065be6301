package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
)

func TestExpiredLinksAreDropped(t *testing.T) {
	s := newSite(t)
	c := s.client()
	c.register()
	c.post("/logout", nil)
	c.post("/forgot", url.Values{"name": {"alice"}})
	for _, want := range []int{1, 0} {
		if err := s.dropExpired(t.Context()); err != nil {
			t.Fatal(err)
		}
		var left int
		if err := s.db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM reset_links`).Scan(&left); err != nil || left != want {
			t.Fatalf("%d links, want %d; %v", left, want, err)
		}
		s.clock.Turn(linkLife)
	}
}

// A link that was mailed before the password or the address changed is void.
func TestOldLinksAreVoid(t *testing.T) {
	for name, change := range map[string]func(s *site, who user) error{
		"password": func(s *site, who user) error { return s.setPassword(s.t.Context(), who, "battery staple") },
		"address":  func(s *site, who user) error { return s.setAddress(s.t.Context(), who, "new@example.com") },
		"nothing":  func(*site, user) error { return nil },
	} {
		s := newSite(t)
		c := s.client()
		c.register()
		c.post("/logout", nil)
		c.post("/forgot", url.Values{"name": {"alice"}})
		_, token, _ := strings.Cut(s.letters()[0].Link, "token=")
		if err := change(s, s.alice()); err != nil {
			t.Fatal(err)
		}
		void := c.post("/reset", url.Values{"token": {token}}).StatusCode != http.StatusSeeOther
		if void != (name != "nothing") {
			t.Errorf("after %s changed, the link is void: %v", name, void)
		}
	}
}

// What was cut off between a change and its telling factor is finished by the sweep.
func TestCutOffChangesAreFinished(t *testing.T) {
	for _, column := range []string{"epoch", "moves"} {
		s := newSite(t)
		s.client().register()
		who := s.alice()
		if _, err := s.codes.IssueUnproven(t.Context(), who.ID, factor.KindLogin); err != nil {
			t.Fatal(err)
		}
		s.exec(`UPDATE users SET ` + column + ` = ` + column + ` + 1`)
		if err := s.settleChanges(t.Context()); err != nil {
			t.Fatal(err)
		}
		status, err := s.admin.Status(t.Context(), who.ID)
		if err != nil || len(status.Live) != 0 {
			t.Errorf("%s: codes that live: %v, %v", column, status.Live, err)
		}
		var left int
		if err := s.db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM users WHERE `+column+`_told < `+column).Scan(&left); err != nil || left != 0 {
			t.Errorf("%s: %d are left, %v", column, left, err)
		}
	}
}

// While the cards cannot be deleted no reset goes on. The sweep deletes them once they can.
func TestResetStopsUntilTheCardsAreDeleted(t *testing.T) {
	s := newSite(t)
	c := s.client()
	c.pastBoth()
	c.post("/account/pin", url.Values{"pin": {alicePIN}, "password": {alicePassword}})
	c.post("/account/cards", url.Values{"label": {"Visa"}})
	c.post("/logout", nil)
	c.post("/forgot", url.Values{"name": {"alice"}})
	_, token, _ := strings.Cut(s.letters()[0].Link, "token=")
	c.post("/reset", url.Values{"token": {token}})
	s.exec(`ALTER TABLE cards RENAME TO away`)
	for _, try := range []struct {
		path string
		form url.Values
	}{{"/reset/forfeit", url.Values{"sure": {"on"}}}, {"/reset/proof", url.Values{"pin": {alicePIN}}}} {
		response := c.post(try.path, try.form)
		if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") != "10" {
			t.Fatalf("%s is %s", try.path, response.Status)
		}
	}
	if to := c.send(http.MethodGet, "/reset/password", "same-origin", nil).Header.Get("Location"); to != "/reset/proof" {
		t.Fatalf("the reset goes on: sent to %q", to)
	}
	s.exec(`ALTER TABLE away RENAME TO cards`)
	s.clock.Turn(2 * time.Minute)
	if _, err := s.admin.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if to := c.post("/reset/proof", url.Values{"pin": {alicePIN}}).Header.Get("Location"); to != "/reset/password" {
		t.Fatalf("sent to %q", to)
	}
	if cards, err := s.wallet.cards(t.Context(), s.alice().ID); err != nil || len(cards) != 0 {
		t.Fatalf("cards left: %v, %v", cards, err)
	}
}

// Mail that is down holds nobody up, and what was not told is told once, later.
func TestNoticeIsMailedOnce(t *testing.T) {
	s := newSite(t)
	c := s.client()
	c.pastBoth()
	s.exec(`ALTER TABLE mails RENAME TO away`)
	if to := c.post("/account/pin", url.Values{"pin": {alicePIN}, "password": {alicePassword}}).Header.Get("Location"); to != "/account" {
		t.Fatalf("sent to %q", to)
	}
	s.exec(`ALTER TABLE away RENAME TO mails`)
	for range 2 {
		s.clock.Turn(2 * time.Minute)
		if _, err := s.admin.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	told, err := s.mail.told(t.Context(), aliceAddress)
	if err != nil || len(told) != 1 || told[0].Subject != "A PIN was set." {
		t.Fatalf("told %v, %v", told, err)
	}
	again := factor.Notice{ID: uuid.New(), Event: factor.Event{User: s.alice().ID, Action: factor.ActionPINRemoved}}
	for range 2 {
		if err := s.mail.notify(t.Context(), again); err != nil {
			t.Fatal(err)
		}
	}
	again.Event.User = "nobody any more"
	if err := s.mail.notify(t.Context(), again); err != nil {
		t.Fatalf("a notice of a user who is gone waits for ever: %v", err)
	}
	if told, err = s.mail.told(t.Context(), aliceAddress); err != nil || len(told) != 2 {
		t.Fatalf("told %v, %v", told, err)
	}
}
