package account

import "slices"

// A Kind is a kind of factor that can be judged.
type Kind string

// The kinds.
const (
	KindPassword   Kind = "password"
	KindPIN        Kind = "pin"
	KindLogin      Kind = "login"
	KindAccount    Kind = "account"
	KindTOTP       Kind = "totp"
	KindDeviceTOTP Kind = "device-totp"
	KindRecovery   Kind = "recovery"
)

// Kinds holds every Kind, in the order of an account's budgets. Records keep a kind by
// its place here: a new one comes last.
var Kinds = [...]Kind{KindPassword, KindPIN, KindLogin, KindAccount, KindTOTP, KindDeviceTOTP, KindRecovery}

// IssuedKinds holds those whose codes are issued: see Account.Codes.
var IssuedKinds = [...]Kind{KindLogin, KindAccount}

// index returns the place of a kind in Kinds, or -1.
func (k Kind) index() int { return slices.Index(Kinds[:], k) }

// stored is the byte that stands for a kind in an encoding.
func (k Kind) stored() byte { return byte(k.index() + 1) }
