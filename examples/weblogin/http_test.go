package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest/server"
	"github.com/knowhave/factor/factortest"
)

func TestWithoutChromiumItsTestsAreSkipped(t *testing.T) {
	server.SkipsWithout(t, `^TestLockShowsTheTimeLeft$`, "chromium")
}

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

// Each page of an account is closed to strangers, to who is half logged in and to who
// has followed a link, and each sends them to where they can go on.
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

// A token that somebody knew before the login is worth nothing after it.
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

func TestAddressesAreLimited(t *testing.T) {
	clock := factortest.NewClock(time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC))
	l := newAddressLimit(3, clock.Now)
	one, other := netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("2001:db8::/64")
	allowed := func(client netip.Prefix) (n int) {
		for range 10 {
			if l.allow(client) {
				n++
			}
		}
		return n
	}
	if n := allowed(one); n != 3 {
		t.Fatalf("%d at once, want 3", n)
	}
	if n := allowed(other); n != 3 {
		t.Fatalf("another address: %d at once, want 3", n)
	}
	clock.Turn(2 * refill)
	if n := allowed(one); n != 2 {
		t.Fatalf("%d more later, want 2", n)
	}
	clock.Turn(time.Hour)
	if n := allowed(one); n != 3 || len(l.full) != 1 {
		t.Fatalf("an hour later %d at once, want 3; %d rows are kept", n, len(l.full))
	}
	for _, from := range [][2]string{{"192.0.2.1:99", "192.0.2.1/32"}, {"[2001:db8::7%eth0]:99", "2001:db8::/64"}, {"[::ffff:192.0.2.1]:99", "192.0.2.1/32"}, {"@", "invalid Prefix"}} {
		if got := clientOf(&http.Request{RemoteAddr: from[0]}); got.String() != from[1] {
			t.Errorf("%s is %s, want %s", from[0], got, from[1])
		}
	}
}

// Each error that factor exports has an answer of its own, or is a fault.
func TestEveryErrorHasAnAnswer(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	answered := make(map[string]bool)
	for name, want := range map[string]struct {
		err   error
		text  string
		after time.Duration
	}{
		"ErrMalformed":       {&factor.MalformedError{Field: "otp", Reason: "must be digits"}, "422 The otp must be digits.", 0},
		"ErrNoCredential":    {factor.ErrNoCredential, "422 Fill in the form.", 0},
		"ErrWeakPIN":         {&factor.WeakPINError{Reason: "is a series"}, "422 This PIN is a series.", 0},
		"ErrMismatch":        {&factor.MismatchError{Remaining: 2}, "403 This is not right. Tries left: 2.", 0},
		"ErrLocked":          {&factor.LockedError{Until: now.Add(1500 * time.Millisecond)}, "429 Locked after too many tries. Time left: 2s.", 2 * time.Second},
		"ErrNotEnrolled":     {factor.ErrNotEnrolled, "404 There is none, or it has waited too long.", 0},
		"ErrAlreadyEnrolled": {factor.ErrAlreadyEnrolled, "409 There is one already.", 0},
		"ErrUnknownDevice":   {factor.ErrUnknownDevice, "404 There is no such device.", 0},
		"ErrDeviceLimit":     {factor.ErrDeviceLimit, "409 You have as many devices as one may have.", 0},
		"ErrWiped":           {factor.ErrWiped, "410 Your cards were deleted.", 0},
		"ErrWipePending":     {factor.ErrWipePending, "503 Your cards are still being deleted. Try again soon.", 10 * time.Second},
		"ErrConflict":        {factor.ErrConflict, "503 The server is busy. Try again.", time.Second},
		"ErrUnsealed":        {factor.ErrUnsealed, "500 Something went wrong, and nothing was accepted.", 0},
		"ErrNewerFormat":     {factor.ErrNewerFormat, "500 Something went wrong, and nothing was accepted.", 0},
		"ErrNoticesDropped":  {factor.ErrNoticesDropped, "500 Something went wrong, and nothing was accepted.", 0},
		"stale":              {&factor.MismatchError{Stale: true}, "403 This code was used or replaced, or has expired. Take the newest one.", 0},
		"last":               {&factor.MismatchError{}, "403 This is not right, and it was the last try for now.", 0},
		"locked for good":    {&factor.LockedError{}, "429 Locked after too many tries. Write to us to unlock it.", 24 * time.Hour},
		"too soon":           {&factor.LockedError{Until: now, TooSoon: true}, "429 This is too soon. Time left: 1s.", time.Second},
		"a fault":            {io.ErrUnexpectedEOF, "500 Something went wrong, and nothing was accepted.", 0},
	} {
		answered[name] = true
		got := answerOf(want.err, now)
		if fmt.Sprint(got.Status, " ", got.Text) != want.text || got.RetryAfter != want.after {
			t.Errorf("%s is %+v, want %s", name, got, want.text)
		}
	}
	for _, name := range exportedErrors(t) {
		if !answered[name] {
			t.Errorf("factor.%s has no answer here", name)
		}
	}
}

// exportedErrors returns the sentinels of package factor.
func exportedErrors(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("../../*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if parsed.Name.Name != "factor" {
			continue
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(v.Names[0].Name, "Err") {
				names = append(names, v.Names[0].Name)
			}
			return true
		})
	}
	if len(names) < 10 {
		t.Fatalf("found only %v", names)
	}
	return names
}

// TestProgram starts the program as it is started, finds the address that it prints, and
// starts it again on the same files.
func TestProgram(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		base, end := start(t, dir)
		response, err := http.Get(base)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || !bytes.Contains(body, []byte("A login to click through")) {
			t.Fatalf("%v: %s", err, body)
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(t.Context(), []string{"-addr", "nowhere", "-dir", dir}, io.Discard, io.Discard); err == nil {
		t.Error("an address that cannot be is taken")
	}
	if err := run(t.Context(), []string{"-h"}, io.Discard, io.Discard); err != nil {
		t.Error(err)
	}
}

// start starts the program, which picks a port.
func start(t *testing.T, dir string) (base string, end func() error) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	printed, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, []string{"-addr", "localhost:0", "-dir", dir}, out, io.Discard)
		_ = out.CloseWithError(errors.Join(err, io.EOF))
		ended <- err
	}()
	line, err := bufio.NewReader(printed).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, printed) }()
	return strings.TrimPrefix(strings.TrimSpace(line), "Open "), func() error {
		stop()
		return <-ended
	}
}
