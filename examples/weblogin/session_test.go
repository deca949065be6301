package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
)

// A token known before the login is worthless after it.
func TestEachStageHasANewToken(t *testing.T) {
	c := newSite(t).client()
	token := func() string {
		base, _ := url.Parse(c.base)
		for _, cookie := range c.http.Jar.Cookies(base) {
			if cookie.Name == "weblogin" {
				return cookie.Value
			}
		}
		return ""
	}
	c.post("/forgot", url.Values{"name": {"nobody"}}) // a session of a stranger
	seen := map[string]bool{token(): true}
	for _, step := range []func(){c.register, func() {
		c.post("/login/second/mail", nil)
		c.post("/login/second", url.Values{"code": {c.mailed()}})
	}, func() { c.post("/logout", nil) }} {
		step()
		if now := token(); now == "" || seen[now] {
			t.Fatalf("the token is %q, seen before: %v", now, seen[now])
		} else {
			seen[now] = true
		}
	}
}

func TestHalfALoginEnds(t *testing.T) {
	c := newSite(t).client()
	c.register()
	c.clock.Turn(10 * time.Minute)
	if to := c.send(http.MethodGet, "/login/second", "same-origin", nil).Header.Get("Location"); to != "/login" {
		t.Fatalf("sent to %q", to)
	}
}

// A remembered browser and the password open the account. They change nothing in it: the
// second factor comes first.
func TestRememberedBrowserChangesNothing(t *testing.T) {
	s := newSite(t)
	c := s.client()
	c.register()
	c.post("/login/second/mail", nil)
	c.post("/login/second", url.Values{"code": {c.mailed()}, "remember": {"on"}})
	c.post("/logout", nil)
	c.post("/login", url.Values{"name": {"alice"}, "password": {alicePassword}})
	if response := c.send(http.MethodGet, "/account", "same-origin", nil); response.StatusCode != http.StatusOK {
		t.Fatalf("the account is %s", response.Status)
	}
	for _, route := range s.routes(s.routeAccount) {
		method, path, _ := strings.Cut(route, " ")
		if method != http.MethodPost || strings.HasPrefix(path, "/pay") {
			continue
		}
		response := c.post(path, url.Values{"password": {alicePassword}, "pin": {alicePIN}, "new": {"battery staple"}})
		if to := response.Header.Get("Location"); to != "/login/second" {
			t.Errorf("%s is %s, and leads to %q", route, response.Status, to)
		}
	}
	s.clock.Turn(time.Minute)
	c.post("/login/second/mail", nil)
	c.post("/login/second", url.Values{"code": {c.mailed()}})
	c.post("/account/pin", url.Values{"password": {alicePassword}, "pin": {alicePIN}})
	if set, err := s.pins.IsSet(t.Context(), s.alice().ID); err != nil || !set {
		t.Fatalf("past both factors the PIN is set: %v, %v", set, err)
	}
}

// Adding or removing a second factor ends earlier remembered browsers, even if mail
// is down.
func TestRememberedBrowsersEndWithTheAuthenticator(t *testing.T) {
	s := newSite(t)
	c := s.client()
	c.register()
	c.post("/login/second/mail", nil)
	c.post("/login/second", url.Values{"code": {c.mailed()}, "remember": {"on"}})
	at := factor.Event{User: s.alice().ID, Action: factor.ActionAuthenticatorRemoved, At: s.clock.Now()}
	left := func() (n int) {
		if err := s.db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM browsers`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	early := at
	early.At = at.At.Add(-time.Minute)
	notify := s.options().Notify
	if err := notify(t.Context(), factor.Notice{ID: uuid.New(), Event: early}); err != nil || left() != 1 {
		t.Fatalf("a change of before ends %d, %v", 1-left(), err)
	}
	s.exec(`ALTER TABLE mails RENAME TO away`)
	if err := notify(t.Context(), factor.Notice{ID: uuid.New(), Event: at}); err == nil || left() != 0 {
		t.Fatalf("%d are left, %v", left(), err)
	}
}

// A session that was ended stays ended, though a request of its own was still on its way.
func TestLogoutEndsWhatIsOnItsWay(t *testing.T) {
	s := newSite(t)
	c := s.client()
	c.pastBoth()
	base, err := url.Parse(s.base)
	if err != nil {
		t.Fatal(err)
	}
	stolen := c.http.Jar.Cookies(base)
	form := strings.NewReader(url.Values{"pin": {alicePIN}, "password": {alicePassword}}.Encode())
	slow := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/account/pin", readerFunc(func(p []byte) (int, error) {
		if form.Size() == int64(form.Len()) {
			c.post("/logout", nil)
		}
		return form.Read(p)
	}))
	slow.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, cookie := range stolen {
		slow.AddCookie(cookie)
	}
	answered := httptest.NewRecorder()
	s.handler().ServeHTTP(answered, slow)
	if to := answered.Header().Get("Location"); to != "/account" {
		t.Fatalf("the slow request was sent to %q", to)
	}
	c.http.Jar.SetCookies(base, stolen)
	if to := c.send(http.MethodGet, "/account", "same-origin", nil).Header.Get("Location"); to != "/login" {
		t.Fatalf("the session lives on: sent to %q", to)
	}
}

// A readerFunc is an io.Reader.
type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
