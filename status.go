package factor

import (
	"context"
	"encoding/json"
	"time"

	"github.com/knowhave/factor/internal/account"
)

// A Budget is a user's count of wrong answers for one kind.
type Budget struct {
	Kind Kind `json:"kind"`
	// Wrong is the number of wrong answers in a row.
	Wrong int `json:"wrong"`
	// Locked reports whether the kind is locked: nothing of it is judged now.
	Locked bool `json:"locked"`
	// Until is when the lock ends. Zero while Locked means when somebody unlocks
	// the kind or binds it anew.
	Until time.Time `json:"until,omitzero"`
}

// Status is what the record tells about a user. It holds no secret. It marshals as
// JSON, without zero times, and unmarshals from it. Do not embed it in a struct
// that you marshal: its methods would stand for the whole struct.
type Status struct {
	// PIN and Authenticator tell whether the user holds one; an authenticator
	// counts once it is confirmed.
	PIN           bool `json:"pin"`
	Authenticator bool `json:"authenticator"`
	// AuthenticatorPending tells whether one waits for its first code, beside a
	// confirmed one or alone.
	AuthenticatorPending bool     `json:"authenticatorPending"`
	Devices              []Device `json:"devices"`
	// RecoveryCodes is the number of unused ones.
	RecoveryCodes int `json:"recoveryCodes"`
	// Live holds the kinds of which the user has an unused issued code, for any
	// purpose.
	Live []Kind `json:"live"`
	// Budgets holds the budgets with wrong answers.
	Budgets []Budget `json:"budgets"`
	// Strikes is the number of wrong proofs that the reset guard counted, or
	// ResetOptions.Strikes plus one while the data is wiped.
	Strikes int `json:"strikes"`
	// Wipe is set once a wipe is marked, until a PIN, a device or (with
	// ResetOptions.Authenticator) an authenticator is bound.
	Wipe *Wipe `json:"wipe,omitempty"`
	// WipePending tells whether Wipe is marked and not yet done.
	WipePending bool `json:"wipePending"`
	// Notices is the number of notices that wait: see Options.Notify.
	Notices int `json:"notices"`
}

// MarshalJSON implements json.Marshaler. It writes a nil list as an empty one.
func (s Status) MarshalJSON() ([]byte, error) {
	type fields Status
	s.Devices = orEmpty(s.Devices)
	s.Live = orEmpty(s.Live)
	s.Budgets = orEmpty(s.Budgets)
	return json.Marshal(fields(s))
}

// UnmarshalJSON implements json.Unmarshaler. It replaces s by the Status that
// Admin.Status had returned.
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

// Status returns what the record tells about a user: nothing if there is no record.
// It returns ErrMalformed, and ErrUnsealed with a zero Status.
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
