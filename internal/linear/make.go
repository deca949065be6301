package linear

import (
	"context"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// make makes the call and notes its answer, all but the error.
func (p *caller) make(ctx context.Context, w *world, c *Call) error {
	user, proof, a := w.user, c.proof(), &c.Answer
	matched := func(m factor.Match, err error) error {
		a.kind, a.device = m.Kind, deviceNumber(m.Device)
		return err
	}
	enrolled := func(e factor.Enrollment, err error) error {
		c.made = e.Secret
		return err
	}
	issued := func(o factor.OTP, err error) error {
		c.made, a.kind, a.until = o.Code, o.Kind, instant(o.ExpiresAt)
		return err
	}
	switch c.Op {
	case VerifyOTP:
		return matched(p.v.VerifyOTP(ctx, user, c.OTP, c.Kinds...))
	case VerifyPassword:
		return p.v.VerifyPassword(ctx, user, proof.Password)
	case VerifyPIN:
		return p.v.VerifyPIN(ctx, user, proof.PIN)
	case VerifyAny:
		return matched(p.v.VerifyAny(ctx, user, proof))
	case SetPIN:
		return p.pins.Set(ctx, user, pins[c.newPIN], proof)
	case RemovePIN:
		return p.pins.Remove(ctx, user, proof)
	case IsSet:
		set, err := p.pins.IsSet(ctx, user)
		if set {
			a.n = 1
		}
		return err
	case Issue:
		return issued(p.codes.Issue(ctx, user, proof))
	case IssueUnproven:
		return issued(p.codes.IssueUnproven(ctx, user, c.kind))
	case Enroll:
		return enrolled(p.dev.Enroll(ctx, user, deviceID(c.device), proof))
	case Devices:
		all, err := p.dev.Devices(ctx, user)
		a.seen.devices = seenDevices(all)
		return err
	case Revoke:
		return p.dev.Revoke(ctx, user, deviceID(c.device), proof)
	case Begin:
		return enrolled(p.auth.Begin(ctx, user, proof))
	case Confirm:
		return p.auth.Confirm(ctx, user, c.OTP)
	case RemoveAuthenticator:
		return p.auth.Remove(ctx, user, proof)
	case Prove:
		return p.guard.Prove(ctx, user, proof)
	case Forfeit:
		return p.guard.Forfeit(ctx, user)
	}
	return p.administer(ctx, w, c)
}

// administer makes a call of Admin.
func (p *caller) administer(ctx context.Context, w *world, c *Call) (err error) {
	user, a := w.user, &c.Answer
	switch c.Op {
	case Status:
		var s factor.Status
		s, err = p.admin.Status(ctx, user)
		a.seen = seenStatus(s)
		if s.Wipe != nil {
			a.wipe = w.wipeNumber(s.Wipe.ID)
		}
	case Unlock:
		err = p.admin.Unlock(ctx, user, c.kind)
	case AdminSetPIN:
		err = p.admin.SetPIN(ctx, user, pins[c.newPIN])
	case AdminRemovePIN:
		err = p.admin.RemovePIN(ctx, user)
	case AdminRemoveAuthenticator:
		err = p.admin.RemoveAuthenticator(ctx, user)
	case AdminRevoke:
		err = p.admin.RevokeDevice(ctx, user, deviceID(c.device))
	case Forget:
		err = p.admin.Forget(ctx, user)
	case Reseal:
		err = p.admin.Reseal(ctx, user)
	case Sweep:
		a.n, err = p.admin.Sweep(ctx)
	}
	return err
}

// deviceNumber is the number of a device's ID, 0 for none.
func deviceNumber(id uuid.UUID) uint8 {
	if id != uuid.Nil && id != deviceID(id[15]) {
		return 255 // no device of ours
	}
	return id[15]
}

func seenDevices(all []factor.Device) (shown [maxDevices]seenDevice) {
	for i, d := range all {
		shown[i] = seenDevice{deviceNumber(d.ID), instant(d.EnrolledAt), instant(d.UsedAt)}
	}
	return shown
}

func seenStatus(s factor.Status) seen {
	all := seen{
		pin: s.PIN, authenticator: s.Authenticator, waiting: s.AuthenticatorPending, devices: seenDevices(s.Devices),
		strikes: s.Strikes, wipePending: s.WipePending,
	}
	for _, k := range s.Live {
		all.live[codeIndex(k)] = true
	}
	for _, b := range s.Budgets {
		all.budgets[indexOf(b.Kind)] = seenBudget{b.Wrong, b.Locked, instant(b.Until)}
	}
	if s.Wipe != nil {
		all.wipeAt, all.reason = instant(s.Wipe.At), s.Wipe.Reason
	}
	return all
}
