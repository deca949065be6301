package spec

import "slices"

// A Kind is a kind of credential.
type Kind uint8

// The kinds. NoKind means none or unknown.
const (
	NoKind Kind = iota
	KindPassword
	KindPIN
	KindLogin
	KindAccount
	KindTOTP
	KindDeviceTOTP
	KindRecovery

	// KindCount is one more than the last, for arrays by kind.
	KindCount
)

// A KindRow describes a kind.
type KindRow struct {
	Kind Kind
	Name string // as the library spells it
	// Code: one-time codes can be of this kind.
	Code bool
	// Digits: its codes are 6 to 8 digits. Other codes are recovery codes.
	Digits bool
	// Issued: the library draws the code, and the host mails it.
	Issued bool
	// Resets: it proves a password reset, as something that the user has or knows
	// beside the mailbox. With ResetOptions.Authenticator KindTOTP does too.
	Resets bool
}

// Kinds is the one list of kinds, in the library's order.
var Kinds = [KindCount - 1]KindRow{
	{Kind: KindPassword, Name: "password"},
	{Kind: KindPIN, Name: "pin", Resets: true},
	{Kind: KindLogin, Name: "login", Code: true, Digits: true, Issued: true},
	{Kind: KindAccount, Name: "account", Code: true, Digits: true, Issued: true},
	{Kind: KindTOTP, Name: "totp", Code: true, Digits: true},
	{Kind: KindDeviceTOTP, Name: "device-totp", Code: true, Digits: true, Resets: true},
	{Kind: KindRecovery, Name: "recovery", Code: true},
}

// Row returns the row of a kind, or a zero row.
func (k Kind) Row() KindRow {
	if k == NoKind || k >= KindCount {
		return KindRow{}
	}
	return Kinds[k-1]
}

// String returns the name, which is empty for NoKind.
func (k Kind) String() string { return k.Row().Name }

// KindNamed returns the kind of that name, or NoKind.
func KindNamed(name string) Kind {
	for _, r := range Kinds {
		if r.Name == name {
			return r.Kind
		}
	}
	return NoKind
}

// KindsWhere returns the kinds for which is holds, in the order of Kinds.
func KindsWhere(is func(KindRow) bool) []Kind {
	var some []Kind
	for _, r := range Kinds {
		if is(r) {
			some = append(some, r.Kind)
		}
	}
	return slices.Clip(some) // so that append copies the shared list
}

// CodeKinds are the kinds of one-time codes: of digits, or recovery codes.
var CodeKinds = KindsWhere(func(r KindRow) bool { return r.Code })

// DigitKinds are the kinds whose codes are 6 to 8 digits.
var DigitKinds = KindsWhere(func(r KindRow) bool { return r.Digits })

// IssuedKinds are the kinds whose codes the library draws.
var IssuedKinds = KindsWhere(func(r KindRow) bool { return r.Issued })
