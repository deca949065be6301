package spec

import "time"

// newSecret draws a secret with the current options.
func (t *turn) newSecret() Secret {
	o := t.o.TOTP
	return Secret{
		Key: t.call.Draws, Last: NoStep,
		Algorithm: AlgorithmNamed(o.Algorithm), Digits: uint8(o.Digits), Period: int32(o.Period / time.Second),
	}
}

// Step is the time step of a time: whole periods since 1970 (RFC 6238 §4.2),
// negative before.
func (s Secret) Step(now Time) int64 {
	unix, period := now.Time().Unix(), int64(s.Period)
	if unix < 0 {
		unix -= period - 1 // rounds down
	}
	return unix / period
}

// judgeStep judges the code as one of a secret's, for the current step and Skew
// steps before and after it. A step is accepted only once (RFC 6238 §5.2), and
// never after a later one: such codes are stale. Of several steps with the same
// code the latest counts, so that the code cannot be used again.
func (t *turn) judgeStep(s *Secret) (int64, verdict) {
	if s.Key == 0 {
		return 0, wrong
	}
	now, skew := s.Step(t.now), int64(t.o.TOTP.Skew)
	for step := now + skew; step >= max(0, now-skew); step-- {
		switch {
		case !t.call.Code.Fits(*s, step):
			continue
		case step <= s.Last:
			return step, stale
		}
		return step, right
	}
	return 0, wrong
}

// A have is a secret that the user holds.
type have struct {
	kind   Kind
	device Name
	secret *Secret
	used   *Time // a device's last use
	since  Time  // when it was bound
}

// devices returns the user's devices in order of enrolment.
func (t *turn) devices() (all []have) {
	for i := range t.deviceCount() {
		d := &t.Devices[i]
		all = append(all, have{KindDeviceTOTP, d.ID, &d.Secret, &d.Used, d.EnrolledAt})
	}
	return all
}

// authenticator returns the confirmed one, if any.
func (t *turn) authenticator() []have {
	if t.Authenticator.Key == 0 {
		return nil
	}
	return []have{{kind: KindTOTP, secret: &t.Authenticator, since: t.Confirmed}}
}

// judgeSecrets judges the code against the user's secrets. If it is stale for any
// of them it is right for none. Otherwise the first right one counts.
func (t *turn) judgeSecrets(all []have) (m match) {
	for _, h := range all {
		step, v := t.judgeStep(h.secret)
		switch {
		case v == stale:
			m.verdict = stale
		case v == right && m.verdict == wrong:
			m = match{verdict: right, kind: h.kind, device: h.device, spend: func() {
				h.secret.Last = step
				if h.used != nil {
					*h.used = t.now
				}
			}}
		}
	}
	return m
}
