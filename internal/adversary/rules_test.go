package adversary

import (
	"time"

	"github.com/knowhave/factor/internal/spec"
)

// Rules that were found wrong: those of 0.1, and drafts of their replacements. Each
// is the specification with one thing changed.

// under returns an adversary under a variant of the rules, with the same options.
func under(adv *Adversary, next Next) *Adversary {
	other := *adv
	other.Rules.Next = next
	return &other
}

// unopened returns an adversary under a variant of the step on a record that does
// not open.
func unopened(adv *Adversary, next Next) *Adversary {
	other := *adv
	other.Rules.Unopened = next
	return &other
}

// ageless has no minimum age at the guard.
func ageless(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	without := *o
	without.Reset.MinAge = 0
	return without.Next(s, now, c)
}

// dropsOldest drops the oldest notice where too many wait, whatever it says. (a draft of
// THREAT 39)
func dropsOldest(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	next, out := o.Next(s, now, c)
	if next.Notices.Dropped > s.Notices.Dropped {
		all := append(s.Notices.All(), out.Kept...)
		copy(next.Notices.Waiting[:], all[len(all)-spec.NoticesKept:])
	}
	return next, out
}

// beginsAnew has each new notice put off all that wait. (a draft of THREAT 39)
func beginsAnew(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	next, out := o.Next(s, now, c)
	if len(out.Kept) > 0 {
		next.Notices.Retry = after(now, time.Minute)
	}
	return next, out
}

// mailFirst is an adversary under a Sweep that tells each user as it comes to them. (a
// draft of THREAT 39)
func mailFirst(adv *Adversary) *Adversary {
	other := *adv
	other.Rules.MailFirst = true
	return &other
}

func isYoung(o *spec.Options, since, now spec.Time) bool { return now < after(since, o.Reset.MinAge) }

// youngIsNothing takes what is too young for what is not there. (0.1)
func youngIsNothing(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	if c.Op != spec.Prove {
		return o.Next(s, now, c)
	}
	old, n := s, 0
	old.Devices = [spec.MaxDevices]spec.Device{}
	for _, d := range s.Devices {
		if d.ID != 0 && !isYoung(o, d.EnrolledAt, now) {
			old.Devices[n] = d
			n++
		}
	}
	if isYoung(o, s.PIN.SetAt, now) {
		old.PIN = spec.HeldPIN{}
	}
	next, out := ageless(o, old, now, c)
	if next.Wipe == s.Wipe {
		next.PIN, next.Devices = s.PIN, withSteps(s.Devices, next.Devices)
	}
	return next, out
}

// withSteps returns devices with the steps that were spent of some of them.
func withSteps(all, some [spec.MaxDevices]spec.Device) [spec.MaxDevices]spec.Device {
	for i := range all {
		for _, d := range some {
			if d.ID != 0 && d.ID == all[i].ID {
				all[i] = d
			}
		}
	}
	return all
}

// slackless voids what ends later than it can last on the clock of the node. (0.1)
func slackless(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	drop := func(ends *spec.Time, most time.Duration) {
		if *ends > after(now, most) {
			*ends = 0
		}
	}
	for _, k := range spec.Kinds {
		drop(&s.Budgets[k.Kind].Until, limitOf(o, k.Kind).MaxDelay)
	}
	drop(&s.Login.Hold, o.OTP.Interval)
	drop(&s.Account.Hold, o.OTP.Interval)
	drop(&s.Guard.Hold, o.Reset.Interval)
	drop(&s.Waiting.Ends, 15*time.Minute)
	drop(&s.Protected, o.Reset.MinAge)
	return o.Next(s, now, c)
}

// forgetsUnread erases a record that does not open. (0.1)
func forgetsUnread(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	if c.Op == spec.Forget {
		return spec.State{Stored: true}, spec.Outcome{Touch: spec.Swap}
	}
	return o.Unopened(s, now, spec.Unsealed, c)
}

// remembersRows knows the rows that were imported, and not the places. (0.1)
func remembersRows(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	next, out := o.Next(s, now, c)
	next.Vacated = spec.Places{}
	return next, out
}

// keepsCounts leaves counts as they are when something is bound, but for a final lock,
// which any binding lifts. (0.1)
func keepsCounts(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	next, out := o.Next(s, now, c)
	k := map[spec.Op]spec.Kind{spec.Confirm: spec.KindTOTP, spec.Enroll: spec.KindDeviceTOTP}[c.Op]
	if k == spec.NoKind || out.Answer.Err != spec.OK {
		return next, out
	}
	next.Budgets[k] = s.Budgets[k]
	if s.Budgets[k].Wrong >= limitOf(o, k).Final {
		next.Budgets[k] = spec.Budget{}
	}
	return next, out
}

// voidsNothing has no call for the host to say that the address or the password has
// changed. (0.1)
func voidsNothing(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	if c.Op == spec.PasswordChanged || c.Op == spec.VoidCodes {
		return s, spec.Outcome{}
	}
	return o.Next(s, now, c)
}

// forgetsReplaced knows the codes that were used as stale, and those that were replaced
// as wrong ones. (0.1)
func forgetsReplaced(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	next, out := o.Next(s, now, c)
	if out.Answer.Err == spec.OK && c.Op == spec.IssueUnproven {
		next.Account.Stale, next.Login.Stale = s.Account.Stale, s.Login.Stale
	}
	return next, out
}

// forgetsBegun forgets the secret that a second Begin replaces. (0.1)
func forgetsBegun(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	next, out := o.Next(s, now, c)
	next.Waiting.Replaced = spec.Begun{}
	return next, out
}

// unproven reports whether a call enrols a device without a proof that is enrolled.
func unproven(s *spec.State, c *spec.Call) (device *spec.Device, ok bool) {
	if c.Op != spec.Enroll || c.OTP+c.Password+c.PIN != "" {
		return nil, false
	}
	for i := range s.Devices {
		if s.Devices[i].ID == c.Device {
			return &s.Devices[i], true
		}
	}
	return nil, false
}

// retriesNothing lets no device enrol again without a proof. (0.1)
func retriesNothing(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	if _, again := unproven(&s, c); again {
		return s, spec.Outcome{Answer: spec.Answer{Err: spec.NoCredential}, Touch: spec.Load}
	}
	return o.Next(s, now, c)
}

// afresh is a code that is right where it was not right before.
type afresh struct {
	spec.Code
	stale spec.State
}

// Is implements spec.Code.
func (a afresh) Is(issued spec.Name) bool {
	for _, k := range spec.IssuedKinds {
		for _, c := range a.stale.Codes(k).Stale {
			if c.Code == issued {
				return false
			}
		}
	}
	return a.Code.Is(issued)
}

// Fits implements spec.Code.
func (a afresh) Fits(s spec.Secret, step int64) bool { return step > s.Last && a.Code.Fits(s, step) }

// shelters judges a code that is stale for one kind or device at the others, and charges
// it to none of them. (0.1, and THREAT 37: anew in every time step)
func shelters(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	next, out := o.Next(s, now, c)
	if !out.Answer.Stale {
		return next, out
	}
	blind := *c
	blind.Code = afresh{c.Code, s}
	if better, lucky := o.Next(s, now, &blind); lucky.Answer.Err == spec.OK {
		return better, lucky
	}
	return next, out
}

// forgiving has any binding set the strikes back. (a draft)
func forgiving(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	next, out := o.Next(s, now, c)
	if out.Answer.Err == spec.OK && o.Binds(c.Op) {
		next.Guard = spec.Guard{}
	}
	return next, out
}

// spared reports whether a call of the guard was refused without a strike.
func spared(s, next *spec.State, out *spec.Outcome) bool {
	return out.Answer.Err == spec.Mismatch && next.Guard.Strikes == s.Guard.Strikes
}

// excusesBeside has a right code of something too young excuse the PIN beside it. (a draft
// of THREAT 38)
func excusesBeside(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	next, out := o.Next(s, now, c)
	if c.Op != spec.Prove || c.OTP == "" || c.PIN == "" || out.Answer.Err == spec.OK {
		return next, out
	}
	alone := *c
	alone.PIN = ""
	if excused, out := o.Next(s, now, &alone); spared(&s, &excused, &out) {
		return excused, out
	}
	return next, out
}

// excusesCode has a PIN that is not looked at, the user's being too young, excuse the code
// beside it. (a draft of THREAT 38)
func excusesCode(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	next, out := o.Next(s, now, c)
	if c.Op == spec.Prove && c.PIN != "" && s.PIN.Digits != "" && isYoung(o, s.PIN.SetAt, now) && out.Answer.Err != spec.OK {
		next.Guard, next.Wipe = s.Guard, s.Wipe
		next.PIN, next.Devices = s.PIN, s.Devices
		out.Answer = spec.Answer{Err: spec.Mismatch, Kind: spec.KindPIN}
	}
	return next, out
}

// judgesOldToo judges a right code of something too young at what is old as well. (a draft
// of THREAT 38)
func judgesOldToo(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	next, out := o.Next(s, now, c)
	if c.Op != spec.Prove || !spared(&s, &next, &out) {
		return next, out
	}
	if proven, out := youngIsNothing(o, s, now, c); out.Answer.Err == spec.OK {
		return proven, out
	}
	return next, out
}

// refundsYoung has a right code of something too young set the strikes back. (a draft of
// THREAT 38)
func refundsYoung(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	next, out := o.Next(s, now, c)
	if c.Op == spec.Prove && c.PIN == "" && spared(&s, &next, &out) && !out.Answer.Stale {
		next.Guard = spec.Guard{}
	}
	return next, out
}

// keepsAge lets a device that has never shown a code enrol again in any window, and leaves
// it its age. (a draft of THREAT 38)
func keepsAge(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	d, again := unproven(&s, c)
	if !again || d.Secret.Last != spec.NoStep {
		return o.Next(s, now, c)
	}
	since := d.EnrolledAt
	d.EnrolledAt = now
	next, out := o.Next(s, now, c)
	d, _ = unproven(&next, c)
	d.EnrolledAt = since
	return next, out
}

// protectsOld waits only after something old was removed or replaced. (a draft)
func protectsOld(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	next, out := o.Next(s, now, c)
	young := !(s.PIN.Digits != "" && !isYoung(o, s.PIN.SetAt, now))
	for _, d := range s.Devices {
		young = young && (d.ID == 0 || isYoung(o, d.EnrolledAt, now))
	}
	if young {
		next.Protected = s.Protected
	}
	return next, out
}

// emptiesEarly takes a record for empty that holds nothing but the instant of MinAge. (a
// draft)
func emptiesEarly(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	bare := s
	bare.Protected, bare.Vacated = 0, spec.Places{}
	if c.Op == spec.Sweep && s.Protected != 0 && bare.Empty() {
		return spec.State{}, spec.Outcome{Answer: spec.Answer{Count: 1}, Touch: spec.Swap}
	}
	return o.Next(s, now, c)
}

// readsAlone answers that nothing is enrolled, or all is wiped, on a read alone. (0.1)
func readsAlone(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	next, out := o.Next(s, now, c)
	if out.Answer.Err == spec.NotEnrolled || out.Answer.Err == spec.Wiped {
		return s, spec.Outcome{Answer: out.Answer, Touch: spec.Load}
	}
	return next, out
}

// waitsForAll judges no proof while anything is too young. (a draft)
func waitsForAll(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	for _, d := range s.Devices {
		if c.Op == spec.Prove && d.ID != 0 && isYoung(o, d.EnrolledAt, now) {
			return s, spec.Outcome{Answer: spec.Answer{Err: spec.Locked, TooSoon: true}, Touch: spec.Load}
		}
	}
	return o.Next(s, now, c)
}

// bindsLess has Confirm bind without a look at a wipe. (a draft)
func bindsLess(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	if c.Op == spec.Confirm {
		without := *o
		without.Reset.Authenticator = false
		return without.Next(s, now, c)
	}
	return o.Next(s, now, c)
}

// remembersProof has the last wrong proof outlive what is bound. (a draft)
func remembersProof(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	next, out := o.Next(s, now, c)
	if out.Answer.Err == spec.OK && o.Binds(c.Op) && c.Op != spec.Forget {
		next.Guard.Last = s.Guard.Last
	}
	return next, out
}
