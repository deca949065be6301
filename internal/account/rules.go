package account

import "time"

// Rules are the options that the rules on an account depend on.
type Rules struct {
	// Limits of wrong answers. OneTime is for each kind of issued code and for
	// recovery codes, TimeBased for the devices and for the authenticator.
	Password, PIN, OneTime, TimeBased Limit
	// LoginTTL and AccountTTL are the lifetimes of issued codes.
	LoginTTL, AccountTTL time.Duration
	// Interval is the least time between two codes of a kind.
	Interval time.Duration
	// Resend makes Issue return the live code again while at least half its life is
	// left.
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

// TTL returns the lifetime of an issued code of a kind.
func (r *Rules) TTL(k Kind) time.Duration {
	if k == KindLogin {
		return r.LoginTTL
	}
	return r.AccountTTL
}
