package factor

import "context"

// Holdings is what a user could prove.
type Holdings struct {
	// PIN: a PIN is set. Authenticator: one is confirmed.
	PIN           bool `json:"pin"`
	Authenticator bool `json:"authenticator"`
	// Devices is how many are enrolled, RecoveryCodes how many are unused.
	Devices       int `json:"devices"`
	RecoveryCodes int `json:"recoveryCodes"`
}

// Holdings returns what a user could prove, for a login to offer as the second factor.
// Ask only for a user who is past the first one: before that, it tells a stranger what
// an account holds. A replica that lags may serve it.
//
// It returns ErrMalformed and ErrUnsealed.
func (v *Verifier) Holdings(ctx context.Context, user string) (Holdings, error) {
	if err := v.checkUser(user); err != nil {
		return Holdings{}, err
	}
	a, err := v.read(ctx, user)
	if err != nil {
		return Holdings{}, err
	}
	return Holdings{PIN: a.PIN != nil, Authenticator: a.Authenticator != nil, Devices: len(a.Devices), RecoveryCodes: a.RecoveryLeft()}, nil
}
