package main

import (
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// A client is a browser without pages. It follows no redirect.
type client struct {
	*site
	http *http.Client
}

func (s *site) client() *client {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &client{s, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (c *client) send(method, path, from string, form url.Values) *http.Response {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", from)
	response, err := c.http.Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	_ = response.Body.Close()
	return response
}

func (c *client) post(path string, form url.Values) *http.Response {
	c.t.Helper()
	return c.send(http.MethodPost, path, "same-origin", form)
}

func (c *client) register() {
	c.t.Helper()
	form := url.Values{"name": {"alice"}, "address": {aliceAddress}, "password": {alicePassword}}
	if to := c.post("/register", form).Header.Get("Location"); to != "/login/second" {
		c.t.Fatalf("sent to %q", to)
	}
}

// pastBoth registers alice and goes past the second factor.
func (c *client) pastBoth() {
	c.t.Helper()
	c.register()
	c.post("/login/second/mail", nil)
	if to := c.post("/login/second", url.Values{"code": {c.mailed()}}).Header.Get("Location"); to != "/account" {
		c.t.Fatalf("sent to %q", to)
	}
}

// page returns a page that the client gets.
func (c *client) page(path string) string {
	c.t.Helper()
	response, err := c.http.Get(c.base + path)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return string(body)
}

// routes are all patterns.
type routes []string

func (r *routes) Handle(pattern string, _ http.Handler) { *r = append(*r, pattern) }

func (s *site) routes(of func(router)) (all routes) {
	of(&all)
	if len(all) == 0 {
		s.t.Fatal("no routes")
	}
	return all
}

// No page of an account is open to strangers, to users who are half logged in, or to users
// who have followed a link. Each page sends them to where they can go on.
func TestAccountIsClosedBeforeBothFactors(t *testing.T) {
	s := newSite(t)
	half := s.client()
	half.register()
	reset := s.client()
	reset.post("/forgot", url.Values{"name": {"alice"}})
	_, token, _ := strings.Cut(s.letters()[0].Link, "token=")
	reset.post("/reset", url.Values{"token": {token}})
	for _, route := range s.routes(s.routeAccount) {
		method, path, _ := strings.Cut(route, " ")
		for _, c := range []struct {
			*client
			to string
		}{{s.client(), "/login"}, {half, "/login/second"}, {reset, "/reset/proof"}} {
			response := c.send(method, path, "same-origin", url.Values{"password": {alicePassword}, "pin": {alicePIN}})
			if to := response.Header.Get("Location"); response.StatusCode != http.StatusSeeOther || to != c.to {
				t.Errorf("%s is %s, and leads to %q, not to %q", route, response.Status, to, c.to)
			}
		}
	}
}

// A wrong password and an unknown name get the same answer, whatever was typed.
func TestLoginTellsNoNames(t *testing.T) {
	s := newSite(t)
	s.client().register()
	for _, password := range []string{"guess", "", strings.Repeat("a", 73), strings.Repeat("a", 5000)} {
		var said [2]string
		for i, name := range []string{"alice", "nobody"} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.base+"/login",
				strings.NewReader(url.Values{"name": {name}, "password": {password}}.Encode()))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if err != nil {
				t.Fatal(err)
			}
			said[i] = response.Status + string(body)
		}
		if said[0] != said[1] {
			t.Errorf("a password of %d bytes: alice gets\n%s\nand nobody\n%s", len(password), said[0], said[1])
		}
	}
}

// A form of another site is refused, whatever it is about.
func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	s := newSite(t)
	c := s.client()
	c.pastBoth()
	for _, of := range []func(router){s.routeEntrance, s.routeAccount, s.routeReset} {
		for _, route := range s.routes(of) {
			method, path, _ := strings.Cut(route, " ")
			if method != http.MethodPost {
				continue
			}
			if response := c.send(method, path, "cross-site", nil); response.StatusCode != http.StatusForbidden {
				t.Errorf("%s is %s", route, response.Status)
			}
		}
	}
	if response := c.send(http.MethodGet, "/account", "same-origin", nil); response.StatusCode != http.StatusOK {
		t.Fatalf("the session is over: %s", response.Status)
	}
}

// Mail scanners and browsers fetch every link: that changes nothing, whoever is
// logged in.
func TestGetsChangeNothing(t *testing.T) {
	s := newSite(t)
	full, half := s.client(), s.client()
	full.pastBoth()
	half.post("/login", url.Values{"name": {"alice"}, "password": {alicePassword}})
	s.client().post("/forgot", url.Values{"name": {"alice"}})
	link, _ := strings.CutPrefix(s.letters()[0].Link, s.base)
	s.clock.Turn(time.Minute) // no code is too soon now
	before := s.stored()
	for _, of := range []func(router){s.routeEntrance, s.routeAccount, s.routeReset} {
		for _, route := range s.routes(of) {
			method, path, _ := strings.Cut(strings.ReplaceAll(route, "{$}", ""), " ")
			if method != http.MethodGet {
				continue
			}
			for _, c := range []*client{full, half, s.client()} {
				c.send(method, path, "cross-site", nil)
				c.send(method, link, "cross-site", nil)
			}
			if after := s.stored(); after != before {
				t.Fatalf("%s changed what is stored:\n%s\nwas\n%s", route, after, before)
			}
		}
	}
	if response := full.send(http.MethodGet, "/account", "same-origin", nil); response.StatusCode != http.StatusOK {
		t.Fatalf("the session is over: %s", response.Status)
	}
}

// stored is a text of all tables.
func (s *site) stored() string {
	s.t.Helper()
	all, err := stringsOf(s.db.QueryContext(s.t.Context(), `
		SELECT 'record ' || user_id || version FROM factor_records UNION ALL
		SELECT 'user ' || name || address || password_hash || epoch FROM users UNION ALL
		SELECT 'mail ' || id FROM mails UNION ALL SELECT 'card ' || id FROM cards UNION ALL
		SELECT 'payment ' || id || paid FROM payments UNION ALL
		SELECT 'link ' || token_hash FROM reset_links UNION ALL SELECT 'browser ' || token_hash FROM browsers`))
	if err != nil || len(all) < 4 {
		s.t.Fatal(err, all)
	}
	return strings.Join(all, "\n")
}

// A fault is a fault, and no page that is missing, whatever it wraps. A payment of
// somebody else's is missing.
func TestMissingPagesAreNoFaults(t *testing.T) {
	s := newSite(t)
	broken := s.sessions.LoadAndSave(s.anybody(func(http.ResponseWriter, *http.Request, visitor) error {
		return fmt.Errorf("settle: %w", sql.ErrNoRows)
	}))
	answered := httptest.NewRecorder()
	broken.ServeHTTP(answered, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	if answered.Code != http.StatusInternalServerError {
		t.Errorf("a fault is %d", answered.Code)
	}
	c := s.client()
	c.pastBoth()
	if err := s.wallet.add(t.Context(), "bob", payment{ID: "bobs", Payee: "Carol", Amount: "1.00"}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/pay/bobs", "/pay/none"} {
		if response := c.send(http.MethodGet, path, "same-origin", nil); response.StatusCode != http.StatusNotFound {
			t.Errorf("%s is %s", path, response.Status)
		}
		if response := c.post(path, url.Values{"code": {"123456"}}); response.StatusCode != http.StatusNotFound {
			t.Errorf("a post to %s is %s", path, response.Status)
		}
	}
}

func (s *site) exec(statement string) {
	s.t.Helper()
	if _, err := s.db.ExecContext(s.t.Context(), statement); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) alice() user {
	s.t.Helper()
	who, err := s.users.named(s.t.Context(), "alice")
	if err != nil {
		s.t.Fatal(err)
	}
	return who
}
