package main

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"
	"golang.org/x/crypto/bcrypt"

	"github.com/knowhave/factor/dbtest/server"
	"github.com/knowhave/factor/factortest"
)

// patience is how long one step in the browser may take on a busy machine.
const patience = 2 * time.Minute

func TestMain(m *testing.M) {
	bcryptCost = bcrypt.MinCost
	code := m.Run()
	stopChromium()
	os.Exit(code)
}

// A site is the application, served on a database of its own with a clock to turn.
type site struct {
	*app
	t     *testing.T
	base  string
	clock *factortest.Clock
}

func newSite(t *testing.T) *site {
	t.Helper()
	dir := t.TempDir()
	clock := factortest.NewClock(time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC))
	unstarted := httptest.NewUnstartedServer(nil)
	base := "http://" + unstarted.Listener.Addr().String()
	a, err := newApp(t.Context(), config{
		Database: filepath.Join(dir, "weblogin.db"), KeyFile: filepath.Join(dir, "key.hex"), Base: base,
		Now: clock.Now, Burst: 1000, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	unstarted.Config.Handler = a.handler()
	unstarted.Start()
	t.Cleanup(func() {
		unstarted.Close()
		if err := a.close(); err != nil {
			t.Error(err)
		}
	})
	return &site{app: a, t: t, base: base, clock: clock}
}

// chromium is one process for all tests. Each test has a profile of its own in it.
var chromium = sync.OnceValues(func() (context.Context, error) {
	path, err := server.Find("chromium")
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path),
		chromedp.NoSandbox, // tests may run as root; it sees nothing but this application
		chromedp.WSURLReadTimeout(patience))
	allocated, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, _ := chromedp.NewContext(allocated)
	stopChromium = func() { _ = chromedp.Cancel(ctx); stop() }
	return ctx, chromedp.Do(ctx)
})

var stopChromium = func() {}

// A browser is a profile of Chromium, with cookies of its own.
type browser struct {
	*site
	ctx context.Context
}

func (s *site) browser() *browser {
	s.t.Helper()
	started := server.Must(chromium())(s.t)
	ctx, cancel := chromedp.NewContext(started, chromedp.WithNewBrowserContext())
	s.t.Cleanup(cancel)
	// The first step makes the tab, which would end with a deadline of its own.
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(760, 640)); err != nil {
		s.t.Fatal(err)
	}
	return &browser{site: s, ctx: ctx}
}

// inBrowser takes one step in the browser.
func inBrowser[T any](b *browser, step chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	result, err := chromedp.Run(ctx, step)
	if err != nil {
		b.t.Fatal(err)
	}
	return result
}

// load does what leads to another page, waits for it and returns its status.
func (b *browser) load(steps ...chromedp.Action[chromedp.Void]) int {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, steps...)
	if err != nil {
		b.t.Fatal(err)
	}
	return int(response.Status)
}

func (b *browser) open(path string) int {
	b.t.Helper()
	return b.load(chromedp.Navigate(b.base + path))
}

// submit fills in the form that has a button, pairs of names and values, and clicks the
// button.
func (b *browser) submit(button string, filled ...string) int {
	b.t.Helper()
	var steps []chromedp.Action[chromedp.Void]
	for i := 0; i+1 < len(filled); i += 2 {
		field := "form:has(#" + button + ") [name=" + filled[i] + "]"
		if filled[i+1] == "on" {
			steps = append(steps, chromedp.Click(field))
			continue
		}
		steps = append(steps, chromedp.SetValue(field, filled[i+1]))
	}
	inBrowser(b, chromedp.Steps(steps...))
	return b.load(chromedp.Click("#" + button))
}

// text returns what an element of the page says, "" if there is none.
func (b *browser) text(selector string) string {
	b.t.Helper()
	said := inBrowser(b, chromedp.Evaluate[string]("document.querySelector('"+selector+"')?.innerText ?? ''"))
	return strings.TrimSpace(said)
}

// want fails the test unless an element of the page says something.
func (b *browser) want(selector, part string) {
	b.t.Helper()
	if said := b.text(selector); !strings.Contains(said, part) {
		b.t.Fatalf("%s says %q, want %q. The page says:\n%s", selector, said, part, b.text("body"))
	}
}

// wantStatus fails the test unless a step was answered with a status.
func (b *browser) wantStatus(got, want int) {
	b.t.Helper()
	if got != want {
		b.t.Fatalf("status %d, want %d. The page says:\n%s", got, want, b.text("body"))
	}
}

var codePattern = regexp.MustCompile(`\bis (\d{6})\.`)

// mailed returns the code in the newest mail that holds one.
func (s *site) mailed() string {
	s.t.Helper()
	for _, l := range s.letters() {
		if found := codePattern.FindStringSubmatch(l.Body); found != nil {
			return found[1]
		}
	}
	s.t.Fatal("no code was mailed")
	return ""
}

func (s *site) letters() []letter {
	s.t.Helper()
	all, err := s.mail.letters(s.t.Context(), "")
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

func (s *site) wantLetter(part string) {
	s.t.Helper()
	for _, l := range s.letters() {
		if strings.Contains(l.Subject, part) {
			return
		}
	}
	s.t.Fatalf("no mail is about %q: %v", part, s.letters())
}

// codeOf is what an authenticator app shows.
func (s *site) codeOf(secret string) string {
	s.t.Helper()
	code, err := totp.GenerateCode(secret, s.clock.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	return code
}

const (
	alicePassword = "correct horse"
	aliceAddress  = "alice@example.com"
	alicePIN      = "8299"
)

// register registers alice and logs her in with a mailed code.
func (b *browser) register() {
	b.t.Helper()
	b.open("/register")
	b.submit("register", "name", "Alice", "address", aliceAddress, "password", alicePassword)
	b.want("#stage", "alice is half logged in")
	b.submit("mail")
	b.submit("second", "code", b.mailed())
	b.want("#stage", "past both factors")
}

// withCard registers alice, who sets a PIN and saves a card.
func (b *browser) withCard() {
	b.t.Helper()
	b.register()
	b.submit("set-pin", "pin", alicePIN, "password", alicePassword)
	b.want("#has-pin", "set")
	b.submit("add-card", "label", "Visa 4242")
	b.want("#cards", "Visa 4242")
}

func (b *browser) logIn() {
	b.t.Helper()
	b.open("/login")
	b.submit("login", "name", "alice", "password", alicePassword)
}

// withAuthenticator adds one and returns its secret.
func (b *browser) withAuthenticator() (secret string) {
	b.t.Helper()
	b.submit("begin-authenticator", "password", alicePassword)
	secret = b.text("#secret")
	b.picture("authenticator")
	b.submit("confirm-authenticator", "code", b.codeOf(secret))
	b.want("#has-authenticator", "confirmed")
	b.clock.Turn(time.Minute) // the code is spent
	return secret
}
