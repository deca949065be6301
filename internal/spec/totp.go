package spec

import "time"

// newSecret is a secret that is drawn now, with the options of today.
func (t *turn) newSecret() Secret {
	o := t.o.TOTP
	return Secret{
		Key: t.call.Draws, Last: NoStep,
		Algorithm: AlgorithmNamed(o.Algorithm), Digits: uint8(o.Digits), Period: int32(o.Period / time.Second),
	}
}

// Step is the time step of an instant: whole periods since 1970, RFC 6238 §4.2.
// There are none before.
func (s Secret) Step(now Time) int64 {
	unix, period := now.Time().Unix(), int64(s.Period)
	if unix < 0 {
		unix -= period - 1 // rounds down
	}
	return unix / period
}

// spendStep judges the code as one of a secret's: of the present step, and of Skew
// steps before and after it. The verifier must accept a step only once (RFC 6238
// §5.2), and never accepts one before a step that it has accepted. Where several
// steps have the same code, the latest counts, so that the code is of no use again.
func (t *turn) spendStep(s *Secret) verdict {
	if s.Key == 0 {
		return wrong
	}
	now, skew := s.Step(t.now), int64(t.o.TOTP.Skew)
	for step := now + skew; step >= max(0, now-skew); step-- {
		switch {
		case !t.call.Code.Fits(*s, step):
			continue
		case step <= s.Last:
			return spent
		}
		s.Last = step
		return right
	}
	return wrong
}
