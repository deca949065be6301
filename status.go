package factor

import (
	"context"
	"encoding/json"
	"time"

	"github.com/knowhave/factor/internal/account"
)

// A Budget is what is left of a user's tries with one kind.
type Budget struct {
	Kind Kind `json:"kind"`
	// Wrong is how many answers in a row were wrong.
	Wrong int `json:"wrong"`
	// Locked says that nothing of this kind is judged now.
	Locked bool `json:"locked"`
	// Until is when the lock ends. Zero while Locked means not before it is
	// unlocked or bound anew.
	Until time.Time `json:"until,omitzero"`
}

// Status is what is known about a user. There is no secret in it. It marshals as
// JSON, without times that are zero, and comes back from it. Do not embed it in a
// struct that is marshaled: its methods would stand for the whole struct.
type Status struct {
	// PIN and Authenticator say whether the user holds one; an authenticator
	// counts once it is confirmed.
	PIN           bool `json:"pin"`
	Authenticator bool `json:"authenticator"`
	// AuthenticatorPending says that one waits for its first code, beside the one
	// that counts or alone.
	AuthenticatorPending bool     `json:"authenticatorPending"`
	Devices              []Device `json:"devices"`
	// RecoveryCodes is how many are unused.
	RecoveryCodes int `json:"recoveryCodes"`
	// Live holds the kinds of which an issued code waits to be used, whatever it is for.
	Live []Kind `json:"live"`
	// Budgets holds those in which wrong answers are counted.
	Budgets []Budget `json:"budgets"`
	// Strikes is how many wrong proofs the reset guard counted; while the data
	// is wiped, one more than ResetOptions.Strikes.
	Strikes int `json:"strikes"`
	// Wipe is set from the time that a wipe is marked until a PIN, a device or (with
	// ResetOptions.Authenticator) an authenticator is bound anew.
	Wipe *Wipe `json:"wipe,omitempty"`
	// WipePending says that Wipe is marked and not done yet.
	WipePending bool `json:"wipePending"`
	// Notices is how many wait to be told: see Options.Notify.
	Notices int `json:"notices"`
}

// MarshalJSON implements json.Marshaler: a list that is nil is an empty list.
func (s Status) MarshalJSON() ([]byte, error) {
	type fields Status
	s.Devices = orEmpty(s.Devices)
	s.Live = orEmpty(s.Live)
	s.Budgets = orEmpty(s.Budgets)
	return json.Marshal(fields(s))
}

// UnmarshalJSON implements json.Unmarshaler: it makes of a Status that was
// marshaled the one that Admin.Status returned. Nothing of what s was before stays.
func (s *Status) UnmarshalJSON(text []byte) error {
	type fields Status
	var read fields
	if err := json.Unmarshal(text, &read); err != nil {
		return err
	}
	*s = Status(read)
	s.Devices = orEmpty(s.Devices)
	if len(s.Live) == 0 {
		s.Live = nil
	}
	if len(s.Budgets) == 0 {
		s.Budgets = nil
	}
	return nil
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Status returns what is known about a user, which for a user without a record is
// nothing. It returns ErrMalformed, and ErrUnsealed with a zero Status.
func (d *Admin) Status(ctx context.Context, user string) (Status, error) {
	if err := d.v.checkUser(user); err != nil {
		return Status{}, err
	}
	a, err := d.v.read(ctx, user)
	if err != nil {
		return Status{}, err
	}
	now, err := d.v.clock()
	if err != nil {
		return Status{}, err
	}
	return statusOf(a, user, &d.v.rules, now), nil
}

func statusOf(a *account.Account, user string, r *account.Rules, now time.Time) Status {
	s := Status{
		PIN: a.PIN != nil, Authenticator: a.Authenticator != nil, AuthenticatorPending: a.PendingAt(now) != nil,
		Devices: deviceList(a), RecoveryCodes: a.RecoveryLeft(), Strikes: a.Guard.Strikes, Notices: len(a.Notices.Waiting),
	}
	for _, k := range kinds {
		if c := a.Codes(account.Kind(k)); c != nil && c.LiveAt(r.TTL(account.Kind(k)), now) {
			s.Live = append(s.Live, k)
		}
		b, l := *a.Budget(account.Kind(k)), r.Limit(account.Kind(k))
		if b.Wrong == 0 {
			continue
		}
		shown := Budget{Kind: k, Wrong: b.Wrong, Locked: b.Locked(l, now)}
		if shown.Locked {
			shown.Until = b.End(l, now)
		}
		s.Budgets = append(s.Budgets, shown)
	}
	if w := a.Guard.Wipe; w != nil {
		s.Strikes = r.Guard.Strikes + 1
		s.Wipe, s.WipePending = publicWipe(w, user), w.Pending()
	}
	return s
}
