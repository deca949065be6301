package model

import (
	"github.com/knowhave/factor/internal/spec"
	"pgregory.net/rapid"
)

// A way tells how often a run makes a call of an operation, and how it draws one.
type way struct {
	weight int
	run    func(m *machine, t *rapid.T)
}

// ways has one for each operation. If a call would do nothing, because nobody holds
// its subject, the run makes another.
var ways = [spec.OpCount]way{
	spec.VerifyOTP:                {6, (*machine).verifyOTP},
	spec.VerifyPIN:                {3, (*machine).verifyPIN},
	spec.VerifyPassword:           {2, (*machine).verifyPassword},
	spec.VerifyAny:                {3, proven(spec.VerifyAny)},
	spec.SetPIN:                   {3, (*machine).setPIN},
	spec.RemovePIN:                {1, provenBy(spec.RemovePIN, hasPIN)},
	spec.IsSet:                    {1, looks(spec.IsSet)},
	spec.Wait:                     {1, (*machine).wait},
	spec.Issue:                    {2, (*machine).issue},
	spec.IssueUnproven:            {4, (*machine).issueUnproven},
	spec.Enroll:                   {5, (*machine).enroll},
	spec.Devices:                  {1, (*machine).listDevices},
	spec.Holds:                    {1, (*machine).holdings},
	spec.Revoke:                   {1, (*machine).revoke},
	spec.Begin:                    {2, proven(spec.Begin)},
	spec.Confirm:                  {3, (*machine).confirm},
	spec.RemoveAuthenticator:      {1, provenBy(spec.RemoveAuthenticator, hasAuthenticator)},
	spec.GenerateRecovery:         {2, proven(spec.GenerateRecovery)},
	spec.RemoveRecovery:           {1, provenBy(spec.RemoveRecovery, hasRecovery)},
	spec.Prove:                    {6, (*machine).prove},
	spec.Forfeit:                  {1, (*machine).forfeit},
	spec.Status:                   {1, (*machine).status},
	spec.Unlock:                   {1, (*machine).unlock},
	spec.AdminSetPIN:              {2, (*machine).adminSetPIN},
	spec.AdminRemovePIN:           {1, aboutOne(spec.AdminRemovePIN, hasPIN)},
	spec.AdminRemoveAuthenticator: {1, aboutOne(spec.AdminRemoveAuthenticator, hasAuthenticator)},
	spec.AdminRevoke:              {1, (*machine).adminRevoke},
	spec.AdminRemoveRecovery:      {1, aboutOne(spec.AdminRemoveRecovery, hasRecovery)},
	spec.Import:                   {2, (*machine).imports},
	spec.PasswordChanged:          {1, looks(spec.PasswordChanged)},
	spec.VoidCodes:                {2, looks(spec.VoidCodes)},
	spec.Forget:                   {1, erases(spec.Forget)},
	spec.Discard:                  {1, erases(spec.Discard)},
	spec.Reseal:                   {1, looks(spec.Reseal)},
	spec.Users:                    {1, (*machine).listUsers},
	spec.Sweep:                    {3, (*machine).sweep},
}

var _ = func() struct{} {
	for op, w := range ways {
		if w.run == nil {
			panic("model: no way to draw a call of " + spec.Op(op).String())
		}
	}
	return struct{}{}
}()

func hasPIN(u *user) bool           { return u.state.PIN.Digits != "" }
func hasDevice(u *user) bool        { return len(u.devices()) > 0 }
func hasRecovery(u *user) bool      { return u.state.Recovery.Set != 0 }
func isWaiting(u *user) bool        { return u.state.Waiting.Secret.Key != 0 }
func hasAuthenticator(u *user) bool { return u.state.Authenticator.Key != 0 || isWaiting(u) }

// looks is a call with no argument but the user.
func looks(op spec.Op) func(*machine, *rapid.T) {
	return func(m *machine, t *rapid.T) { m.act(op, m.drawUser(t)).make() }
}

// aboutOne is such a call, mostly about a user for whom is holds.
func aboutOne(op spec.Op, is func(*user) bool) func(*machine, *rapid.T) {
	return func(m *machine, t *rapid.T) { m.act(op, m.drawUserWho(t, is)).make() }
}

// proven is a call with no argument but the user and a proof.
func proven(op spec.Op) func(*machine, *rapid.T) { return provenBy(op, nil) }

func provenBy(op spec.Op, is func(*user) bool) func(*machine, *rapid.T) {
	return func(m *machine, t *rapid.T) {
		name := m.drawUser(t)
		if is != nil {
			name = m.drawUserWho(t, is)
		}
		a := m.act(op, name)
		a.prove(t, m.patterns()...)
		a.make()
	}
}

// prove draws the proof of a call.
func (a *act) prove(t *rapid.T, patterns ...string) {
	a.label("%s", a.drawProof(t, &a.Call, patterns...))
	if a.Password == faultyPassword {
		a.fault = errPassword
	}
}
