package factor

import (
	"github.com/knowhave/factor/internal/account"
)

// judge judges the given credentials in the order OTP, password, PIN, until one is
// right. It charges each wrong one to its kind and skips locked kinds. A fault ends
// the judging; the charges before it stay. The caller gives at least one
// credential, and kinds with an OTP.
func (a *attempt) judge(given Credentials, kinds []Kind) (Match, error) {
	var t account.Tally
	if given.OTP != "" {
		if m, ok := a.judgeOTP(given.OTP, kinds, &t); ok {
			return m, nil
		}
	}
	if given.Password != "" && !a.isLocked(KindPassword, &t) {
		right, err := a.checkPassword(given.Password)
		if err != nil {
			return Match{}, err
		}
		if a.count(KindPassword, right, &t); right {
			return Match{Kind: KindPassword}, nil
		}
	}
	if given.PIN != "" && !a.isLocked(KindPIN, &t) {
		right, err := a.checkPIN(given.PIN, a.account.PIN)
		if err != nil {
			return Match{}, err
		}
		if a.count(KindPIN, right, &t); right {
			return Match{Kind: KindPIN}, nil
		}
	}
	return Match{}, refusal(t.Answer())
}

// judgeOTP judges a code against each of the kinds whose form it has: see
// account.JudgeCode.
func (a *attempt) judgeOTP(code string, kinds []Kind, t *account.Tally) (Match, bool) {
	asked := make([]account.Kind, 0, len(otpKinds))
	for _, k := range kinds {
		if k.hasFormOf(code) {
			asked = append(asked, account.Kind(k))
		}
	}
	found := make([]account.Finding, 0, len(otpKinds))
	for _, f := range a.account.JudgeCode(code, a.v.purpose, asked, &a.v.rules, a.now, found) {
		a.report(f, t)
		if f.Verdict == account.Right {
			return Match{Kind: Kind(f.Kind), Device: f.Device}, true
		}
	}
	return Match{}, false
}

// isLocked reports whether the kind is locked, so that the caller must not judge
// it.
func (a *attempt) isLocked(k Kind, t *account.Tally) bool {
	f, locked := a.account.CheckLock(account.Kind(k), &a.v.rules, a.now)
	if locked {
		a.report(f, t)
	}
	return locked
}

// count records the answer for a kind.
func (a *attempt) count(k Kind, right bool, t *account.Tally) {
	a.report(a.account.Count(account.Kind(k), right, &a.v.rules, a.now), t)
}

// report adds a finding to the events and, unless the credential was right, to the
// tally.
func (a *attempt) report(f account.Finding, t *account.Tally) {
	a.wrong = a.wrong || f.Charged
	if f.Verdict == account.Right {
		a.event(Event{Action: ActionVerified, Kind: Kind(f.Kind), Device: f.Device})
		return
	}
	action := ActionRefused
	if f.Verdict == account.Locked {
		action = ActionLocked
	}
	a.event(Event{Action: action, Kind: Kind(f.Kind), Err: refusal(f), Remaining: f.Left, Until: f.Until})
	if f.LockedOut {
		a.event(Event{Action: ActionLockedOut, Kind: Kind(f.Kind)})
	}
	t.Add(f)
}

// refusal returns the caller's answer for a credential that is not right.
func refusal(f account.Finding) error {
	if f.Verdict == account.Locked {
		return &LockedError{Kind: Kind(f.Kind), Until: f.Until}
	}
	return &MismatchError{Kind: Kind(f.Kind), Remaining: f.Left, Stale: f.Verdict == account.Stale && !f.Charged}
}

// notBefore refuses a call that comes too early.
func (a *attempt) notBefore(err *LockedError) error {
	a.event(Event{Action: ActionLocked, Kind: err.Kind, Err: err, Until: err.Until})
	return err
}
