package account

import "time"

// Rules are the options that the rules on an account depend on.
type Rules struct {
	// Limits of the wrong answers. OneTime is that of each kind of issued code and of
	// the recovery codes, TimeBased that of the devices and of the authenticator.
	Password, PIN, OneTime, TimeBased Limit
	// LoginTTL and AccountTTL are how long an issued code of that kind lives.
	LoginTTL, AccountTTL time.Duration
	// Interval is how long after issuing a code no other of its kind is issued.
	Interval time.Duration
	// Resend gives out the live code again while at least half its life is left.
	Resend bool
	TOTP   TOTPRules
	Guard  GuardRules
}

// Limit returns the limit of a kind.
func (r *Rules) Limit(k Kind) Limit {
	switch k {
	case KindPassword:
		return r.Password
	case KindPIN:
		return r.PIN
	case KindLogin, KindAccount, KindRecovery:
		return r.OneTime
	default:
		return r.TimeBased
	}
}

// TTL returns how long an issued code of a kind lives.
func (r *Rules) TTL(k Kind) time.Duration {
	if k == KindLogin {
		return r.LoginTTL
	}
	return r.AccountTTL
}
