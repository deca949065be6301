package factor

import (
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor/internal/account"
)

// tally collects what a call has to say if nothing that it was given is right.
type tally struct {
	judged  Kind // the last one judged, empty if none was
	charged bool // whether left speaks of charged kinds
	left    int
	locked  *LockedError // of the locked kinds, the one that ends first
}

func (t *tally) add(k Kind, left int, charged bool) {
	first := t.judged == "" || (charged && !t.charged)
	if first || (charged == t.charged && left < t.left) {
		t.left = left
	}
	t.judged, t.charged = k, t.charged || charged
}

func (t *tally) skip(e *LockedError) {
	sooner := t.locked != nil && !e.Until.IsZero() && (t.locked.Until.IsZero() || e.Until.Before(t.locked.Until))
	if t.locked == nil || sooner {
		t.locked = e
	}
}

func (t *tally) err() error {
	if t.judged == "" {
		return t.locked
	}
	return &MismatchError{Kind: t.judged, Remaining: t.left}
}

// judge looks at the given credentials in the order OTP, password, PIN, until
// one is right. Each wrong one is charged to its kind, and those of a locked
// kind are not looked at. A fault ends the judging; what was charged before it
// stays. At least one credential must be given, and kinds for an OTP.
func (a *attempt) judge(given Credentials, kinds []Kind) (Match, error) {
	var t tally
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
		if right {
			return a.accept(Match{Kind: KindPassword}), nil
		}
		a.charge(KindPassword, &t)
	}
	if given.PIN != "" && !a.isLocked(KindPIN, &t) {
		right, err := a.checkPIN(given.PIN, a.account.PIN)
		if err != nil {
			return Match{}, err
		}
		if right {
			return a.accept(Match{Kind: KindPIN}), nil
		}
		a.charge(KindPIN, &t)
	}
	return Match{}, t.err()
}

// judgeOTP judges a code against each kind in turn and spends it for the first
// that it is right for. A spent code is charged to nobody, any other wrong one
// to all that it was judged against.
func (a *attempt) judgeOTP(code string, kinds []Kind, t *tally) (Match, bool) {
	judged := make([]Kind, 0, len(otpKinds))
	spent := false
	for _, k := range kinds {
		if a.isLocked(k, t) {
			continue
		}
		judged = append(judged, k)
		device, v := a.spend(code, k)
		if v == account.Right {
			return a.accept(Match{Kind: k, Device: device}), true
		}
		spent = spent || v == account.Spent
	}
	for _, k := range judged {
		if spent {
			a.refuse(k, t, false)
		} else {
			a.charge(k, t)
		}
	}
	return Match{}, false
}

// spend judges a code against one kind, and spends it if it is right. A kind
// that the user does not hold costs the same.
func (a *attempt) spend(code string, k Kind) (uuid.UUID, account.Verdict) {
	switch k {
	case KindDeviceTOTP:
		return a.account.SpendDevice(code, a.opts.TOTP.rules(), 0, a.now)
	case KindTOTP:
		return uuid.Nil, a.account.SpendAuthenticator(code, a.opts.TOTP.rules(), a.now)
	default:
		return uuid.Nil, a.account.Codes(account.Kind(k)).Spend(code, a.opts.ttl(k), a.now)
	}
}

func (a *attempt) budget(k Kind) *account.Budget { return a.account.Budget(account.Kind(k)) }

// accept clears the kind's count.
func (a *attempt) accept(m Match) Match {
	*a.budget(m.Kind) = account.Budget{}
	a.event(Event{Action: ActionVerified, Kind: m.Kind, Device: m.Device})
	return m
}

// charge counts a wrong answer of this kind.
func (a *attempt) charge(k Kind, t *tally) {
	b := a.budget(k)
	*b = b.Charge(a.opts.limit(k), a.now)
	a.wrong = true
	a.refuse(k, t, true)
}

// refuse notes that this kind was judged and was not right.
func (a *attempt) refuse(k Kind, t *tally, charged bool) {
	b, l := *a.budget(k), a.opts.limit(k)
	left := b.Remaining(l, a.now)
	t.add(k, left, charged)
	e := Event{Action: ActionRefused, Kind: k, Err: &MismatchError{Kind: k, Remaining: left}, Remaining: left}
	if left == 0 {
		e.Until = b.End(l)
	}
	a.event(e)
}

// isLocked notes and reports that nothing of this kind is judged now.
func (a *attempt) isLocked(k Kind, t *tally) bool {
	b, l := *a.budget(k), a.opts.limit(k)
	if !b.Locked(l, a.now) {
		return false
	}
	t.skip(a.locked(k, b.End(l)))
	return true
}

func (a *attempt) locked(k Kind, until time.Time) *LockedError {
	err := &LockedError{Kind: k, Until: until}
	a.event(Event{Action: ActionLocked, Kind: k, Err: err, Until: until})
	return err
}
