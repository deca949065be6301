package linear

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// Op is a method of the public API.
type Op uint8

// The methods that the clients call.
const (
	VerifyOTP Op = iota
	VerifyPassword
	VerifyPIN
	VerifyAny
	SetPIN
	RemovePIN
	IsSet
	Issue
	IssueUnproven
	Enroll
	Devices
	Revoke
	Begin
	Confirm
	RemoveAuthenticator
	Prove
	Forfeit
	Status
	Unlock
	AdminSetPIN
	AdminRemovePIN
	AdminRemoveAuthenticator
	AdminRevoke
	Forget
	Reseal
	Sweep
	opCount
)

var opNames = [opCount]string{
	"Verifier.VerifyOTP", "Verifier.VerifyPassword", "Verifier.VerifyPIN", "Verifier.VerifyAny",
	"PINs.Set", "PINs.Remove", "PINs.IsSet", "OTPIssuer.Issue", "OTPIssuer.IssueUnproven",
	"DeviceTOTPEnroller.Enroll", "DeviceTOTPEnroller.Devices", "DeviceTOTPEnroller.Revoke",
	"AuthenticatorEnroller.Begin", "AuthenticatorEnroller.Confirm", "AuthenticatorEnroller.Remove",
	"ResetGuard.Prove", "ResetGuard.Forfeit", "Admin.Status", "Admin.Unlock", "Admin.SetPIN", "Admin.RemovePIN",
	"Admin.RemoveAuthenticator", "Admin.RevokeDevice", "Admin.Forget", "Admin.Reseal", "Admin.Sweep",
}

func (o Op) String() string { return opNames[o] }

// A password that a client may give. The host's check fails on a choking one.
type password uint8

const (
	noPassword password = iota
	rightPassword
	wrongPassword
	chokingPassword
)

var passwords = [...]string{noPassword: "", rightPassword: "right", wrongPassword: "wrong", chokingPassword: "choking"}

// pins are those that clients set and give; 0 is none.
var pins = [...]string{"", "8299", "4071"}

// Args are the arguments of a call.
type Args struct {
	Op       Op
	OTP      string
	password password
	pin      int // given
	newPIN   int // to set
	Kinds    []factor.Kind
	kind     factor.Kind
	device   uint8
}

func (a *Args) proof() factor.Credentials {
	return factor.Credentials{OTP: a.OTP, Password: passwords[a.password], PIN: pins[a.pin]}
}

// deviceID is the ID of a device by its number, from 1.
func deviceID(n uint8) uuid.UUID { return uuid.UUID{0: 0xde, 15: n} }

func (a *Args) String() string {
	var all []string
	say := func(given bool, format string, v any) {
		if given {
			all = append(all, fmt.Sprintf(format, v))
		}
	}
	say(a.OTP != "", "otp %s", a.OTP)
	say(a.password != noPassword, "password %s", passwords[a.password])
	say(a.pin != 0, "pin %s", pins[a.pin])
	say(a.newPIN != 0, "new pin %s", pins[a.newPIN])
	say(len(a.Kinds) > 0, "kinds %v", a.Kinds)
	say(a.kind != "", "%s", a.kind)
	say(a.device != 0, "device %d", a.device)
	return fmt.Sprintf("%s(%s)", a.Op, strings.Join(all, ", "))
}

// A Call is one call by one client, and what became of it. Its times tell what was
// before what; Now is the clock of the rules.
type Call struct {
	Args
	ID                int // from 1, unique in the history
	Client            int
	Invoked, Returned int64
	Now               int32 // the clock, which stands still while the call runs
	Answer            Answer
	err               error
	// fault: the answer is a fault of the store, or the caller gave up.
	fault bool
	// host: the answer is, or wraps, a fault of the host.
	host bool
	// refused: the answer says that Options.Wipe ran as often as it may.
	refused bool
	// made is the code or the secret that was handed out.
	made string

	caller *caller // of the process
	asks   []ask
	// applied says for each part of the call, which the asks divide, whether
	// one of its swaps was done.
	applied []bool
	lied    bool // a swap that was done was answered with ErrConflict
	checked bool // the host was asked about the password
	gaveUp  bool // the caller's context was cancelled
	// settled is what a load has to show after such a lie.
	settled *factor.Record

	rng    *rand.Rand
	calm   bool // no faults
	cancel context.CancelFunc
}

// An ask is one call of Options.Wipe.
type ask struct {
	wipe       uint8 // the number that the history gave to its ID
	begun, end int64
	failed     bool
	// refused: it was not made, because as many ran as may at once.
	refused bool
}

// maxWipes is how many calls of Options.Wipe may run at once for a user.
const maxWipes = 4

type callKey struct{}

// callOf returns the call that a context belongs to.
func callOf(ctx context.Context) *Call {
	c, _ := ctx.Value(callKey{}).(*Call)
	return c
}

func (c *Call) String() string {
	answer := c.Answer.String()
	if c.made != "" {
		answer += " " + c.made
	}
	if c.err != nil && (c.fault || c.Answer.Class == classOther) {
		answer += ": " + strings.ReplaceAll(c.err.Error(), "\n", "; ")
	}
	for _, a := range c.asks {
		answer += fmt.Sprintf(" [Wipe %d at %d..%d, failed %t]", a.wipe, a.begun, a.end, a.failed)
	}
	return fmt.Sprintf("client %d  %4d..%-4d at %d s  %s = %s", c.Client, c.Invoked, c.Returned, c.Now, &c.Args, answer)
}
