package spec

import "slices"

// An Op is an operation: an exported method that acts on users.
type Op uint8

// The operations.
const (
	VerifyOTP Op = iota
	VerifyPIN
	VerifyPassword
	VerifyAny
	Holds
	SetPIN
	RemovePIN
	IsSet
	Wait
	Issue
	IssueUnproven
	Enroll
	Devices
	Revoke
	Begin
	Confirm
	RemoveAuthenticator
	GenerateRecovery
	RemoveRecovery
	Prove
	Forfeit
	Status
	Unlock
	AdminSetPIN
	AdminRemovePIN
	AdminRemoveAuthenticator
	AdminRevoke
	AdminRemoveRecovery
	Import
	PasswordChanged
	VoidCodes
	Forget
	Discard
	Reseal
	Users
	Sweep

	// OpCount is the number of operations, for arrays.
	OpCount
)

// A Proof tells which credentials an operation takes.
type Proof uint8

const (
	// NoProof: none.
	NoProof Proof = iota
	// OneCode, OnePIN and OnePassword: one, as a required argument.
	OneCode
	OnePIN
	OnePassword
	// AnyProof: a code, a password and a PIN. One right one is enough.
	AnyProof
	// OptionalProof: like AnyProof, but sometimes none is needed.
	OptionalProof
	// KnownProof: a password and a PIN. A code is malformed.
	KnownProof
	// ResetProof: a code and a PIN, judged by the guard. A password is malformed.
	ResetProof
)

// An Operation describes an operation.
type Operation struct {
	Op   Op
	Name string // Type.Method, as exported
	// Proof is what it takes, and Budgeted whether wrong ones are charged to
	// budgets. An operation with a proof that is not Budgeted has its own count.
	Proof    Proof
	Budgeted bool
	// Binds: it binds a PIN or a device, or erases a record, and first finishes a
	// pending wipe. See Options.Binds for what an option adds.
	Binds bool
	// Asks: it may find or mark a wipe, and then has the host carry it out. So does
	// everything that Binds.
	Asks bool
	// Makes: it returns a random code, set of codes or secret.
	Makes bool
	// Reads: it changes nothing.
	Reads bool
	// Host: only the host may call it, never a user's request.
	Host bool
	// Everybody: it concerns no single user.
	Everybody bool
}

// Operations is the one list of operations.
var Operations = [OpCount]Operation{
	{Op: VerifyOTP, Name: "Verifier.VerifyOTP", Proof: OneCode, Budgeted: true},
	{Op: VerifyPIN, Name: "Verifier.VerifyPIN", Proof: OnePIN, Budgeted: true},
	{Op: VerifyPassword, Name: "Verifier.VerifyPassword", Proof: OnePassword, Budgeted: true},
	{Op: VerifyAny, Name: "Verifier.VerifyAny", Proof: AnyProof, Budgeted: true},
	{Op: Holds, Name: "Verifier.Holdings", Reads: true},

	{Op: SetPIN, Name: "PINs.Set", Proof: AnyProof, Budgeted: true, Binds: true, Asks: true},
	{Op: RemovePIN, Name: "PINs.Remove", Proof: AnyProof, Budgeted: true},
	{Op: IsSet, Name: "PINs.IsSet", Reads: true},
	{Op: Wait, Name: "PINs.Wait", Reads: true},

	{Op: Issue, Name: "OTPIssuer.Issue", Proof: KnownProof, Budgeted: true, Makes: true},
	{Op: IssueUnproven, Name: "OTPIssuer.IssueUnproven", Makes: true, Host: true},

	{Op: Enroll, Name: "DeviceTOTPEnroller.Enroll", Proof: OptionalProof, Budgeted: true, Binds: true, Asks: true, Makes: true},
	{Op: Devices, Name: "DeviceTOTPEnroller.Devices", Reads: true},
	{Op: Revoke, Name: "DeviceTOTPEnroller.Revoke", Proof: AnyProof, Budgeted: true},

	{Op: Begin, Name: "AuthenticatorEnroller.Begin", Proof: AnyProof, Budgeted: true, Makes: true},
	{Op: Confirm, Name: "AuthenticatorEnroller.Confirm", Proof: OneCode},
	{Op: RemoveAuthenticator, Name: "AuthenticatorEnroller.Remove", Proof: AnyProof, Budgeted: true},

	{Op: GenerateRecovery, Name: "RecoveryCodes.Generate", Proof: AnyProof, Budgeted: true, Makes: true},
	{Op: RemoveRecovery, Name: "RecoveryCodes.Remove", Proof: AnyProof, Budgeted: true},

	{Op: Prove, Name: "ResetGuard.Prove", Proof: ResetProof, Asks: true},
	{Op: Forfeit, Name: "ResetGuard.Forfeit", Asks: true},

	{Op: Status, Name: "Admin.Status", Reads: true, Host: true},
	{Op: Unlock, Name: "Admin.Unlock", Host: true},
	{Op: AdminSetPIN, Name: "Admin.SetPIN", Binds: true, Asks: true, Host: true},
	{Op: AdminRemovePIN, Name: "Admin.RemovePIN", Host: true},
	{Op: AdminRemoveAuthenticator, Name: "Admin.RemoveAuthenticator", Host: true},
	{Op: AdminRevoke, Name: "Admin.RevokeDevice", Host: true},
	{Op: AdminRemoveRecovery, Name: "Admin.RemoveRecoveryCodes", Host: true},
	{Op: Import, Name: "Admin.Import", Binds: true, Asks: true, Host: true},
	{Op: PasswordChanged, Name: "Admin.PasswordChanged", Host: true},
	{Op: VoidCodes, Name: "Admin.VoidCodes", Host: true},
	{Op: Forget, Name: "Admin.Forget", Binds: true, Asks: true, Host: true},
	{Op: Discard, Name: "Admin.Discard", Binds: true, Asks: true, Host: true},
	{Op: Reseal, Name: "Admin.Reseal", Host: true},
	{Op: Users, Name: "Admin.Users", Reads: true, Host: true, Everybody: true},
	{Op: Sweep, Name: "Admin.Sweep", Asks: true, Host: true, Everybody: true},
}

// Row returns the row of an operation.
func (op Op) Row() *Operation { return &Operations[op] }

// String returns its Type.Method.
func (op Op) String() string { return Operations[op].Name }

// OpNamed returns the operation of that Type.Method.
func OpNamed(name string) (op Op, ok bool) {
	i := slices.IndexFunc(Operations[:], func(o Operation) bool { return o.Name == name })
	return Op(max(i, 0)), i >= 0
}

// OpsWhere returns the operations for which is holds, in order.
func OpsWhere(is func(Operation) bool) []Op {
	var some []Op
	for _, o := range Operations {
		if is(o) {
			some = append(some, o.Op)
		}
	}
	return slices.Clip(some)
}

// NamesWhere returns the Type.Method of the operations for which is holds.
func NamesWhere(is func(Operation) bool) []string {
	var some []string
	for _, op := range OpsWhere(is) {
		some = append(some, op.String())
	}
	return some
}

// Binds reports whether the operation first finishes a pending wipe. With
// ResetOptions.Authenticator an authenticator is a binding like a PIN or a device.
func (o *Options) Binds(op Op) bool {
	return op.Row().Binds || op == Confirm && o.Reset.Authenticator
}

// Judges returns the kinds of which the operation can judge a credential, each
// against its budget or, if it is not Budgeted, against a separate count.
func (o Operation) Judges(proofKinds []Kind) []Kind {
	switch o.Proof {
	case OneCode:
		if o.Op == Confirm {
			return []Kind{KindTOTP}
		}
		return slices.Clip(slices.Clone(CodeKinds))
	case OnePIN:
		return []Kind{KindPIN}
	case OnePassword:
		return []Kind{KindPassword}
	case AnyProof, OptionalProof:
		return append(slices.Clone(proofKinds), KindPassword, KindPIN)
	case KnownProof:
		return []Kind{KindPassword, KindPIN}
	case ResetProof:
		return KindsWhere(func(r KindRow) bool { return r.Resets })
	}
	return nil
}
