package model

import (
	"math"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
)

// A verdict is what a code is worth for one kind.
type verdict int

const (
	wrong verdict = iota
	spent
	right
)

// A secret is a TOTP secret as the enrolment told it.
type secret struct {
	text   string
	alg    otp.Algorithm
	digits int
	period time.Duration
	last   int64 // the last accepted step
}

// noStep is the last step of a new secret.
const noStep = math.MinInt64

func (s *secret) step(now time.Time) int64 {
	return now.Unix() / int64(s.period/time.Second)
}

// code computes the code of one step with pquerna/otp, which shares nothing
// with the code under test.
func (s *secret) code(step int64) string {
	c, err := totp.GenerateCodeCustom(s.text, time.Unix(step*int64(s.period/time.Second), 0), totp.ValidateOpts{
		Period: uint(s.period / time.Second), Digits: otp.Digits(s.digits), Algorithm: s.alg,
	})
	if err != nil {
		panic("model: the oracle refuses an enrolled secret: " + err.Error())
	}
	return c
}

// look judges a code. Of several steps that match, the latest is taken.
func (s *secret) look(text string, now time.Time, skew int) (verdict, int64) {
	center := s.step(now)
	for step := center + int64(skew); step >= center-int64(skew); step-- {
		if s.code(step) != text {
			continue
		}
		if step > s.last {
			return right, step
		}
		return spent, step
	}
	return wrong, 0
}

// A hit is what a right code used up.
type hit struct {
	kind   factor.Kind
	device uuid.UUID
	spend  func()
}

// look judges a code for one kind, of which devices only those that count.
func (m *machine) look(u *user, k factor.Kind, text string, counts func(*device) bool) (verdict, hit) {
	switch k {
	case factor.KindLogin, factor.KindAccount:
		return m.lookCode(u, k, text)
	case factor.KindTOTP:
		if u.auth == nil {
			return wrong, hit{}
		}
		v, step := u.auth.look(text, m.now, m.cfg.skew)
		return v, hit{kind: k, spend: func() { u.auth.last = step }}
	}
	best := wrong
	for _, d := range u.devices {
		if counts != nil && !counts(d) {
			continue
		}
		v, step := d.secret.look(text, m.now, m.cfg.skew)
		if v == right {
			return right, hit{kind: k, device: d.id, spend: func() { d.secret.last, d.used = step, m.now }}
		}
		best = max(best, v)
	}
	return best, hit{}
}

func (m *machine) lookCode(u *user, k factor.Kind, text string) (verdict, hit) {
	if c := m.liveCode(u, k); c != nil && c.text == text {
		return right, hit{kind: k, spend: func() {
			delete(u.live, k)
			u.spent[k] = append(m.keptSpent(u, k), *c)
			if n := len(u.spent[k]); n > spentKept {
				u.spent[k] = u.spent[k][n-spentKept:]
			}
		}}
	}
	for _, c := range m.keptSpent(u, k) {
		if c.text == text {
			return spent, hit{}
		}
	}
	return wrong, hit{}
}

// keptSpent returns the spent codes of a kind that have not expired.
func (m *machine) keptSpent(u *user, k factor.Kind) []code {
	var kept []code
	for _, c := range u.spent[k] {
		if c.ends.After(m.now) {
			kept = append(kept, c)
		}
	}
	return kept
}
