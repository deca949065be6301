package factor

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/knowhave/factor/internal/account"
)

// A guessing is the basis of a row of the guess table in SECURITY.md: a factor with
// its limit, and the share of values that are right at any moment.
type guessing struct {
	factor       string
	limit        Limit
	right, space int
}

// untilFinal returns the most wrong answers in a row, and how long their locks
// take.
func (g guessing) untilFinal() (guesses int, locked time.Duration) {
	var b account.Budget
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for {
		b = b.Charge(account.Limit(g.limit), now)
		if b.Final(account.Limit(g.limit)) {
			return b.Wrong, locked
		}
		if b.Locked(account.Limit(g.limit), now) {
			locked += b.Until.Sub(now)
			now = b.Until
		}
	}
}

// within returns how many wrong answers fit into a time that begins unlocked.
func (g guessing) within(span time.Duration) (guesses int) {
	var b account.Budget
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for now := start; now.Sub(start) < span && !b.Final(account.Limit(g.limit)); {
		if b.Locked(account.Limit(g.limit), now) {
			now = b.Until
			continue
		}
		b = b.Charge(account.Limit(g.limit), now)
		guesses++
	}
	return guesses
}

func (g guessing) row() string {
	guesses, locked := g.untilFinal()
	chance := 100 * float64(guesses) * float64(g.right) / float64(g.space)
	return fmt.Sprintf("| %s | %d of %d | %d | %d | %d | %s | %.2g %% |", g.factor, g.right, g.space,
		g.within(5*time.Minute), g.within(24*time.Hour), guesses, duration(locked), chance)
}

func duration(d time.Duration) string {
	if d < 24*time.Hour {
		return fmt.Sprintf("%.1f h", d.Hours())
	}
	return fmt.Sprintf("%.1f days", d.Hours()/24)
}

// The numbers of the guess table are those of the code.
func TestTheGuessTableAddsUp(t *testing.T) {
	o, err := Options{}.complete()
	if err != nil {
		t.Fatal(err)
	}
	allowed := 0
	for pin := range 10_000 {
		if o.PIN.check(fmt.Sprintf("%04d", pin)) == nil {
			allowed++
		}
	}
	window := 2*o.TOTP.Skew + 1
	want := []string{
		guessing{"PIN", o.PIN.Limit, 1, allowed}.row(),
		guessing{"issued code", o.OTP.Limit, 1, 1e6}.row(),
		guessing{"authenticator", o.TOTP.Limit, window, 1e6}.row(),
		guessing{"one device", o.TOTP.Limit, window, 1e6}.row(),
		guessing{"ten devices", o.TOTP.Limit, 10 * window, 1e6}.row(),
		fmt.Sprintf("| reset guard, by PIN | 1 of %d | %d | %[2]d | %[2]d | none | %.2g %% |", allowed, o.Reset.Strikes+1, 100*float64(o.Reset.Strikes+1)/float64(allowed)),
		fmt.Sprintf("| reset guard, by one device | %d of 1000000 | %d | %[2]d | %[2]d | none | %.2g %% |", window, o.Reset.Strikes+1, 100*float64(window*(o.Reset.Strikes+1))/1e6),
	}
	text, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range want {
		if !strings.Contains(string(text), row+"\n") {
			t.Errorf("SECURITY.md lacks the row\n%s", row)
		}
	}
}
