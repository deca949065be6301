package factor

import (
	"encoding/base32"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"pgregory.net/rapid"

	"github.com/knowhave/factor/internal/totp"
)

// The Validate of pquerna/otp is of no use to the rules, but it is an
// implementation that knows nothing of this one.
var oracleAlgorithms = []otp.Algorithm{otp.AlgorithmSHA1, otp.AlgorithmSHA256, otp.AlgorithmSHA512}

// codeAt is the oracle's code of a step.
func codeAt(s *secret, step int64) string {
	code, err := hotp.GenerateCodeCustom(base32.StdEncoding.EncodeToString(s.Secret), uint64(step),
		hotp.ValidateOpts{Digits: otp.Digits(s.Digits), Algorithm: oracleAlgorithms[s.Algorithm]})
	if err != nil {
		panic(err)
	}
	return code
}

// Whatever the clock does, the accepted steps of a secret strictly increase; a
// code is right if the latest step that has it, of those around now, is after the
// last accepted one, spent if it is not, and wrong if no step has it.
func TestTOTPAcceptsAStepOnceAndNeverAnOlderOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := secret{totp.Key{Secret: []byte("12345678901234567890"), Digits: 6, Period: 30 * time.Second}, noStep}
		skew := rapid.IntRange(0, 3).Draw(t, "skew")
		current, last := int64(50_000_000), int64(noStep)
		for range rapid.IntRange(1, 40).Draw(t, "codes") {
			current = max(0, current+rapid.OneOf(rapid.Int64Range(-2, 2), rapid.Int64Range(-10_000_000, 10_000_000)).Draw(t, "clock"))
			code := codeAt(&s, max(0, current+rapid.Int64Range(-4, 4).Draw(t, "off")))
			having := int64(-1)
			for step := max(0, current-int64(skew)); step <= current+int64(skew); step++ {
				if codeAt(&s, step) == code {
					having = step
				}
			}
			want := verdictWrong
			switch {
			case having > last:
				want = verdictRight
			case having >= 0:
				want = verdictSpent
			}
			step, v := s.match(code, unixMilli(current*30_000+rapid.Int64Range(0, 29_999).Draw(t, "ms")), skew)
			if v != want || v == verdictRight && step != having {
				t.Fatalf("at step %d after %d: step %d, verdict %d; want step %d, verdict %d", current, last, step, v, having, want)
			}
			if v == verdictRight {
				s.step, last = step, step
			}
		}
	})
}
