package account_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
	"github.com/knowhave/factor/internal/totp"
)

// Whatever the clock does, the accepted steps of a secret strictly increase. Of the
// steps around now with a code, the latest counts: the code is right if that is
// after the last accepted step, and otherwise stale; without such a step it is
// wrong.
func TestTOTPAcceptsAStepOnceAndNeverAnOlderOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := account.TOTP{totp.Key{Secret: []byte("12345678901234567890"), Digits: 6, Period: 30 * time.Second}, -1}
		skew := rapid.IntRange(0, 3).Draw(t, "skew")
		current, last := int64(50_000_000), int64(-1)
		for range rapid.IntRange(1, 40).Draw(t, "codes") {
			current = max(0, current+rapid.OneOf(rapid.Int64Range(-2, 2), rapid.Int64Range(-10_000_000, 10_000_000)).Draw(t, "clock"))
			code := accounttest.CodeAt(&s, max(0, current+rapid.Int64Range(-4, 4).Draw(t, "off")))
			having := int64(-1)
			for step := max(0, current-int64(skew)); step <= current+int64(skew); step++ {
				if accounttest.CodeAt(&s, step) == code {
					having = step
				}
			}
			want := account.Wrong
			switch {
			case having > last:
				want = account.Right
			case having >= 0:
				want = account.Stale
			}
			step, v := s.Match(code, accounttest.UnixMilli(current*30_000+rapid.Int64Range(0, 29_999).Draw(t, "ms")), skew)
			if v != want || v == account.Right && step != having {
				t.Fatalf("at step %d after %d: step %d, verdict %d; want step %d, verdict %d", current, last, step, v, having, want)
			}
			if v == account.Right {
				s.LastStep, last = step, step
			}
		}
	})
}
