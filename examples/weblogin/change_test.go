package main

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
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

// However many requests come at once, one link is mailed a minute.
func TestLinksAreNotMailedInBulk(t *testing.T) {
	s := newSite(t)
	s.client().register()
	before, who := len(s.letters()), s.alice()
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if err := s.mailLink(t.Context(), who); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(s.letters()) - before; n != 1 {
		t.Fatalf("%d links were mailed, want 1", n)
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

// The sweep tells factor of a change that was cut off before that.
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

// Mail that is down delays nobody, and its notices are sent once, later.
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
	told, err := s.mail.told(t.Context(), s.alice().ID)
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
	if told, err = s.mail.told(t.Context(), s.alice().ID); err != nil || len(told) != 2 {
		t.Fatalf("told %v, %v", told, err)
	}
}

// A change that began with an old password or address changes nothing.
func TestLateChangeIsRefused(t *testing.T) {
	s := newSite(t)
	s.client().register()
	before := s.alice()
	if err := s.setPassword(t.Context(), before, "battery staple"); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"password": s.setPassword(t.Context(), before, "of the thief"),
		"address":  s.setAddress(t.Context(), before, "thief@example.com"),
	} {
		if err == nil {
			t.Errorf("the %s of before is taken", name)
		}
	}
	between := s.alice()
	if err := s.setAddress(t.Context(), between, "new@example.com"); err != nil {
		t.Fatal(err)
	}
	if err := s.setAddress(t.Context(), between, "thief@example.com"); err == nil {
		t.Error("the address of before is taken")
	}
	if right, err := s.users.checkPassword(t.Context(), before.ID, "battery staple"); err != nil || !right || s.alice().Address != "new@example.com" {
		t.Fatalf("the password is the owner's: %v, %v; mail goes to %s", right, err, s.alice().Address)
	}
}

// If mail is down nothing changes, so that no change goes untold.
func TestNothingChangesUntold(t *testing.T) {
	s := newSite(t)
	s.client().register()
	before := s.alice()
	s.exec(`ALTER TABLE mails RENAME TO away`)
	if err := s.setPassword(t.Context(), before, "battery staple"); err == nil {
		t.Fatal("changed without a mail")
	}
	if err := s.setAddress(t.Context(), before, "new@example.com"); err == nil {
		t.Fatal("changed without a mail")
	}
	if s.alice() != before {
		t.Fatalf("changed and not told: %+v, was %+v", s.alice(), before)
	}
}

// A reset that began with a link to the old address ends with that address, and so does
// the link itself, even if the old address comes back.
func TestNewAddressEndsResets(t *testing.T) {
	s := newSite(t)
	s.client().register()
	thief := s.client()
	var tokens [2]string
	for i := range tokens {
		thief.post("/forgot", url.Values{"name": {"alice"}})
		_, tokens[i], _ = strings.Cut(s.letters()[0].Link, "token=")
		s.clock.Turn(2 * time.Minute)
	}
	thief.post("/reset", url.Values{"token": {tokens[0]}})
	for _, address := range []string{"new@example.com", aliceAddress} {
		if err := s.setAddress(t.Context(), s.alice(), address); err != nil {
			t.Fatal(err)
		}
	}
	if to := thief.post("/reset/proof", url.Values{"pin": {alicePIN}}).Header.Get("Location"); to != "/login" {
		t.Errorf("the reset goes on: %q", to)
	}
	if response := thief.post("/reset", url.Values{"token": {tokens[1]}}); response.StatusCode == http.StatusSeeOther {
		t.Error("the link of before is good again")
	}
}

// One user whose record does not open does not keep the others from being settled.
func TestOneFaultDelaysNobodyElse(t *testing.T) {
	s := newSite(t)
	for _, name := range []string{"alice", "bob", "carol"} {
		who, err := s.users.create(t.Context(), name, name+"@example.com", alicePassword)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.codes.IssueUnproven(t.Context(), who.ID, factor.KindLogin); err != nil {
			t.Fatal(err)
		}
	}
	s.exec(`UPDATE users SET epoch = epoch + 1, moves = moves + 1`)
	s.exec(`UPDATE factor_records SET data = x'00' WHERE user_id = '` + s.alice().ID + `'`)
	if err := s.settleChanges(t.Context()); err == nil {
		t.Fatal("the fault is not told")
	}
	waiting, err := stringsOf(s.db.QueryContext(t.Context(), `SELECT name FROM users WHERE epoch_told < epoch OR moves_told < moves`))
	if err != nil || len(waiting) != 1 || waiting[0] != "alice" {
		t.Fatalf("these wait: %v, %v", waiting, err)
	}
}

// The account shows what its user was told, at whatever address.
func TestNoticesAreTheUsers(t *testing.T) {
	s := newSite(t)
	c := s.client()
	c.pastBoth()
	c.post("/account/pin", url.Values{"pin": {alicePIN}, "password": {alicePassword}})
	s.clock.Turn(time.Minute)
	c.post("/account/address", url.Values{"address": {"new@example.com"}, "password": {alicePassword}})
	c.post("/account/address/confirm", url.Values{"code": {s.mailed()}})
	if to := s.alice().Address; to != "new@example.com" {
		t.Fatalf("mail goes to %s", to)
	}
	if page := c.page("/account"); !strings.Contains(page, "A PIN was set.") {
		t.Fatalf("the account does not tell it: %s", page)
	}
}
