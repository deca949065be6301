package account

import "slices"

// A Kind is a kind of factor.
type Kind string

const (
	KindPassword   Kind = "password"
	KindPIN        Kind = "pin"
	KindLogin      Kind = "login"
	KindAccount    Kind = "account"
	KindTOTP       Kind = "totp"
	KindDeviceTOTP Kind = "device-totp"
	KindRecovery   Kind = "recovery"
)

// Kinds holds every Kind, in the order of an account's budgets. Records store a
// kind by its place here: add a new one at the end.
var Kinds = [...]Kind{KindPassword, KindPIN, KindLogin, KindAccount, KindTOTP, KindDeviceTOTP, KindRecovery}

// IssuedKinds holds the kinds of issued codes: see Account.Codes.
var IssuedKinds = [...]Kind{KindLogin, KindAccount}

// index returns the place of a kind in Kinds, or -1.
func (k Kind) index() int { return slices.Index(Kinds[:], k) }

// stored returns the byte that encodes a kind.
func (k Kind) stored() byte { return byte(k.index() + 1) }
