package factor

import "context"

// Holdings is what a user could prove.
type Holdings struct {
	// PIN: one is set. Authenticator: one is confirmed.
	PIN           bool `json:"pin"`
	Authenticator bool `json:"authenticator"`
	// Devices counts the enrolled ones, RecoveryCodes the unused ones.
	Devices       int `json:"devices"`
	RecoveryCodes int `json:"recoveryCodes"`
}

// Holdings returns what a user could prove, so that a login can offer it as the
// second factor. Call it only for a user who has passed the first factor: before
// that, it tells a stranger what an account holds. Stale data from a replica is
// good enough.
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
