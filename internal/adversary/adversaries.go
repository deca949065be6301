package adversary

import (
	"fmt"
	"time"

	"github.com/knowhave/factor/internal/spec"
)

// An Adversary is somebody against the user: what they know and what they try, under
// which rules, beside what the user does and what happens to the service.
type Adversary struct {
	Name  string
	Rules Rules
	// Life is what happened long before the thief began.
	Life []Act
	// Knows is what the user and the thief know when the thief begins.
	Knows [2]Facts
	// Moves are those of the user, of the thief and of the service.
	Moves [3][]Moves
	// Apart is how far the clocks of the service's nodes are apart at most.
	Apart time.Duration
	// Horizon is how long the search lasts, on the clock.
	Horizon time.Duration
}

// begin is the world in which the thief begins.
func (adv *Adversary) begin(promises []Promise) World {
	w := World{Now: longAgo}
	for i := range adv.Life {
		before := w
		step := Step{Adversary: adv, Act: &adv.Life[i], Before: &before, After: &w}
		if !step.take(promises) || step.Out.Answer.Err != spec.OK {
			panic(fmt.Sprintf("adversary: %s: act %d of its life: %s", adv.Name, i+1, step.Out.Answer))
		}
	}
	w.Now = start
	w.Knows[User] |= adv.Knows[User]
	w.Knows[Thief] |= adv.Knows[Thief]
	adv.forget(&w)
	return w
}

// acts are all that can be tried in a world, in the same order each time.
func (adv *Adversary) acts(w *World, into []Act) []Act {
	for who, all := range adv.Moves {
		for _, moves := range all {
			moves(w, Who(who), &into)
		}
	}
	return into
}

// limit is the limit of a kind under the adversary's rules.
func (adv *Adversary) limit(k spec.Kind) spec.Limit {
	o := &adv.Rules.Options
	switch k {
	case spec.KindPassword:
		return o.Password
	case spec.KindPIN:
		return o.PIN.Limit
	case spec.KindTOTP, spec.KindDeviceTOTP:
		return o.TOTP.Limit
	}
	return o.OTP.Limit
}

// small is the rules with limits that few moves reach.
func small(change func(*spec.Options)) Rules {
	l := spec.Limit{Tries: 2, Delay: time.Minute, MaxDelay: 2 * time.Minute, Final: 4}
	o := spec.Options{CheckPassword: true, RegisteredAt: true, Wipe: true, Password: l}
	o.PIN.Limit, o.OTP.Limit, o.TOTP.Limit = l, l, l
	if change != nil {
		change(&o)
	}
	return Rules{Options: o.Complete()}
}

// hasty locks after one wrong answer, for a minute, and for good after two.
func hasty(o *spec.Options) {
	l := spec.Limit{Tries: 1, Delay: time.Minute, MaxDelay: time.Minute, Final: 2}
	o.PIN.Limit, o.OTP.Limit, o.TOTP.Limit = l, l, l
}

// aged is with a minimum age.
func aged(o *spec.Options) { o.Reset.MinAge = time.Hour }

// What happened in the life of a user.
var (
	choseAPIN     = Act{Who: Service, Call: spec.Call{Op: spec.AdminSetPIN, NewPIN: pins[0]}}
	boughtAPhone  = Act{Who: User, Call: spec.Call{Op: spec.Enroll, Device: userDevice, Host: spec.Host{Registered: longAgo}}}
	hadTheirPhone = Act{Who: Service, Call: spec.Call{Op: spec.Import, Held: oldDevice}}
	hadTheirPIN   = Act{Who: Service, Call: spec.Call{Op: spec.Import, Held: oldPIN}}
)

const userKnows = UserPIN | Mailbox | Password

// What anybody tries who knows the credential.
var (
	useDevice = use(spec.KindDeviceTOTP)
	useBoth   = proving(spec.Call{Op: spec.VerifyOTP})
	usePIN    = proving(spec.Call{Op: spec.VerifyPIN})
	useLogin  = proving(spec.Call{Op: spec.VerifyOTP, Kinds: []spec.Kind{spec.KindLogin}})
	useTOTP   = use(spec.KindTOTP)
)

// Outsider knows the user's name.
var Outsider = Adversary{
	Name:  "an outsider",
	Rules: small(nil),
	Life:  []Act{choseAPIN, boughtAPhone},
	Knows: [2]Facts{userKnows, Nothing},
	Moves: [3][]Moves{
		User:    {usePIN, useDevice, prove, proveGuess},
		Thief:   {guessPIN(spec.VerifyPIN), guessCode(spec.VerifyOTP)},
		Service: {wait(time.Minute), plain(spec.Call{Op: spec.Sweep})},
	},
	Horizon: 20 * time.Minute,
}

// MailingOutsider has the user mailed codes, and guesses at them.
var MailingOutsider = Adversary{
	Name:  "an outsider, who has codes mailed",
	Rules: small(nil),
	Life:  []Act{choseAPIN},
	Knows: [2]Facts{Mailbox, Nothing},
	Moves: [3][]Moves{
		User:    {fresh(useLogin)},
		Thief:   {guessCode(spec.VerifyOTP, spec.KindLogin), mail(spec.KindLogin)},
		Service: {wait(time.Minute, 10*time.Minute), plain(spec.Call{Op: spec.Sweep})},
	},
	Horizon: 30 * time.Minute,
}

// EarlyOutsider guesses before the user has a device or an authenticator at all.
var EarlyOutsider = Adversary{
	Name:  "an outsider, before the user has a phone",
	Rules: small(nil),
	Life:  []Act{choseAPIN},
	Knows: [2]Facts{UserPIN, Nothing},
	Moves: [3][]Moves{
		User:    {enroll(userDevice), proving(spec.Call{Op: spec.Begin}), confirm, useDevice, useTOTP},
		Thief:   {guessCode(spec.VerifyOTP, spec.KindDeviceTOTP, spec.KindTOTP)},
		Service: {wait(30 * time.Second)},
	},
	Horizon: 4 * time.Minute,
}

// MailboxThief reads the user's mail and is after the data, which a minimum age guards.
// What the user holds is bound in their life.
func MailboxThief(name string, life ...Act) *Adversary {
	return &Adversary{
		Name:  "a thief with the mailbox, against a minimum age and " + name,
		Rules: small(aged),
		Life:  life,
		Knows: [2]Facts{userKnows, Mailbox},
		Moves: [3][]Moves{
			Thief: {
				mail(spec.KindAccount), setPIN(ThiefPIN), proving(spec.Call{Op: spec.RemovePIN}),
				enroll(thiefDevice), enroll(userDevice), revoke(userDevice), revoke(thiefDevice), prove, proveGuess, proveBoth,
			},
			Service: {wait(30 * time.Minute)},
		},
		Horizon: 59*time.Minute + 59*time.Second,
	}
}

// The holdings that a minimum age guards.
var (
	AgainstAPIN   = MailboxThief("a PIN", choseAPIN)
	AgainstAPhone = MailboxThief("a phone", boughtAPhone)
	AgainstBoth   = MailboxThief("a PIN and a phone", choseAPIN, boughtAPhone)
)

// MailboxGuesser has the mailbox, and guesses at the user's device.
var MailboxGuesser = Adversary{
	Name:  "a thief with the mailbox, who guesses at a device",
	Rules: small(hasty),
	Life:  []Act{boughtAPhone},
	Knows: [2]Facts{Mailbox, Mailbox},
	Moves: [3][]Moves{
		User:    {useDevice},
		Thief:   {guessCode(spec.VerifyOTP), mail(spec.KindAccount), fresh(enroll(thiefDevice), setPIN(ThiefPIN))},
		Service: {wait(time.Minute)},
	},
	Horizon: 10 * time.Minute,
}

// StaleCodeThief has the mailbox, and tries its used codes as codes of a device.
var StaleCodeThief = Adversary{
	Name:  "a thief with the mailbox, who tries used codes at a device",
	Rules: small(hasty),
	Life:  []Act{boughtAPhone},
	Knows: [2]Facts{Mailbox, Mailbox},
	Moves: [3][]Moves{
		Thief:   {mail(spec.KindAccount), useBoth, guessCode(spec.VerifyOTP)},
		Service: {wait(30 * time.Second)},
	},
	Horizon: 10 * time.Minute,
}

// LateMailboxThief had the mailbox until the user changed the address.
var LateMailboxThief = Adversary{
	Name:  "a thief who had the mailbox",
	Rules: small(nil),
	Life:  []Act{choseAPIN},
	Knows: [2]Facts{userKnows, Mailbox},
	Moves: [3][]Moves{
		User:    {deed(MovesOn), mail(spec.KindAccount)},
		Thief:   {mail(spec.KindAccount), useBoth, enroll(thiefDevice), setPIN(ThiefPIN)},
		Service: {wait(2 * time.Minute)},
	},
	Horizon: 10 * time.Minute,
}

// LatePasswordThief had the password until the user changed it.
var LatePasswordThief = Adversary{
	Name:  "a thief who had the password",
	Rules: small(nil),
	Life:  []Act{choseAPIN},
	Knows: [2]Facts{userKnows, Password},
	Moves: [3][]Moves{
		User:    {deed(MovesOn), usePIN},
		Thief:   {proving(spec.Call{Op: spec.Begin}), confirm, useTOTP},
		Service: {wait(2 * time.Minute)},
	},
	Horizon: 10 * time.Minute,
}

// SessionThief has a session of the user's inside the window after the registration.
var SessionThief = Adversary{
	Name:  "a thief with a session inside the window",
	Rules: small(aged),
	Life:  []Act{choseAPIN},
	Knows: [2]Facts{userKnows | Session, Session},
	Moves: [3][]Moves{
		User:    {enrollUnproven(userDevice), useDevice},
		Thief:   {enrollUnproven(thiefDevice), enrollUnproven(userDevice), useDevice, prove, guessCode(spec.VerifyOTP)},
		Service: {wait(time.Minute, 5*time.Minute)},
	},
	Horizon: 20 * time.Minute,
}

// OldDeviceThief has a device that the user enrolled once.
var OldDeviceThief = Adversary{
	Name:  "a thief with an old device",
	Rules: small(nil),
	Life:  []Act{choseAPIN, boughtAPhone},
	Knows: [2]Facts{UserPIN, named(firstKey)},
	Moves: [3][]Moves{
		User:    {revoke(userDevice), enroll(userDevice), setPIN(NewPIN), useDevice},
		Thief:   {useDevice, ahead(spec.VerifyOTP), prove},
		Service: {wait(30 * time.Second)},
	},
	Horizon: 2 * time.Minute,
}

// OldRowsThief knows what the user had in the system that they were moved from, and
// chose anew here. The rows are imported again and again.
var OldRowsThief = Adversary{
	Name:  "a thief with rows of the old system",
	Rules: small(nil),
	Life:  []Act{choseAPIN, boughtAPhone},
	Knows: [2]Facts{userKnows, OldPIN | named(oldKey)},
	Moves: [3][]Moves{
		User:    {forfeit, setPIN(NewPIN), proving(spec.Call{Op: spec.RemovePIN}), revoke(userDevice)},
		Thief:   {prove, proveGuess, usePIN, useDevice},
		Service: {importing(oldPIN), importing(oldDevice), wait(30 * time.Second)},
	},
	Horizon: time.Minute,
}

// MovedUserThief: the user's phone came with them from the old system.
var MovedUserThief = Adversary{
	Name:  "a thief with rows of the old system, and a user who moved with them",
	Rules: small(nil),
	Life:  []Act{hadTheirPIN, hadTheirPhone},
	Knows: [2]Facts{OldPIN | named(oldKey), named(oldKey)},
	Moves: [3][]Moves{
		User:    {useDevice, revoke(userDevice), setPIN(NewPIN)},
		Thief:   {useDevice},
		Service: {importing(oldPIN), importing(oldDevice), importing(oldDeviceNew), wait(30 * time.Second)},
	},
	Horizon: 2 * time.Minute,
}

// forgetsUnread is the rule that Admin.Forget erases a record that does not open.
func forgetsUnread(spec.State) spec.State { return spec.State{Stored: true} }

func withForget(r Rules, forget func(spec.State) spec.State) Rules {
	r.ForgetUnread = forget
	return r
}

// KeyBreaker makes the key service and the host's Wipe fail.
var KeyBreaker = Adversary{
	Name:  "somebody who makes the key service fail",
	Rules: withForget(small(nil), forgetsUnread),
	Life:  []Act{choseAPIN, boughtAPhone},
	Knows: [2]Facts{userKnows, Nothing},
	Moves: [3][]Moves{
		User:  {unwiped(forfeit), setPIN(NewPIN), unwiped(prove)},
		Thief: {proveGuess, unwiped(proveGuess)},
		Service: {
			deed(KeyFails), deed(KeyWorks), plain(spec.Call{Op: spec.Sweep, Host: spec.Host{Wipe: spec.Yes}}),
			plain(spec.Call{Op: spec.Forget, Host: spec.Host{Wipe: spec.Fails}}), plain(spec.Call{Op: spec.Sweep, Host: spec.Host{Wipe: spec.Fails}}), wait(time.Minute),
		},
	},
	Horizon: 4 * time.Minute,
}

// ClockThief chooses the node that serves a call. Their clocks are a little apart.
func ClockThief(apart time.Duration) *Adversary {
	nodes := func(m ...Moves) Moves { return on([]time.Duration{apart}, m...) }
	rules := small(func(o *spec.Options) {
		l := spec.Limit{Tries: 1, Delay: time.Minute, MaxDelay: time.Minute, Final: 6}
		o.PIN.Limit, o.OTP.Interval = l, 3*time.Minute
	})
	return &Adversary{
		Name:  fmt.Sprintf("a thief served by nodes whose clocks are %v apart", apart),
		Rules: rules,
		Life:  []Act{choseAPIN},
		Knows: [2]Facts{userKnows, Nothing},
		Moves: [3][]Moves{
			User:    {nodes(usePIN)},
			Thief:   {nodes(guessPIN(spec.VerifyPIN)), nodes(mail(spec.KindLogin))},
			Service: {wait(time.Millisecond, 30*time.Second, time.Minute)},
		},
		Apart:   apart,
		Horizon: 10 * time.Minute,
	}
}

// ClockReplayer saw what the user's phone and mailbox show, and gives it again on
// another node.
func ClockReplayer(apart time.Duration) *Adversary {
	nodes := func(m ...Moves) Moves { return on([]time.Duration{apart}, m...) }
	return &Adversary{
		Name:  fmt.Sprintf("a thief who gives codes again on nodes whose clocks are %v apart", apart),
		Rules: small(nil),
		Life:  []Act{boughtAPhone},
		Knows: [2]Facts{Mailbox, Mailbox | named(firstKey)},
		Moves: [3][]Moves{
			User:    {useDevice, mail(spec.KindLogin)},
			Thief:   {nodes(useDevice, ahead(spec.VerifyOTP), useLogin)},
			Service: {wait(30 * time.Second)},
		},
		Apart:   apart,
		Horizon: 2 * time.Minute,
	}
}

// ClockGuardThief guesses at the guard, served by nodes whose clocks are a little apart,
// while the user moves to a new authenticator.
func ClockGuardThief(apart time.Duration) *Adversary {
	nodes := func(m ...Moves) Moves { return on([]time.Duration{apart}, m...) }
	return &Adversary{
		Name:  fmt.Sprintf("a thief at the guard, with nodes whose clocks are %v apart", apart),
		Rules: small(func(o *spec.Options) { o.Reset.Interval = 3 * time.Minute }),
		Life:  []Act{choseAPIN},
		Knows: [2]Facts{UserPIN, Nothing},
		Moves: [3][]Moves{
			User:    {nodes(proving(spec.Call{Op: spec.Begin})), nodes(confirm), nodes(prove)},
			Thief:   {nodes(proveGuess)},
			Service: {wait(time.Minute, 3*time.Minute)},
		},
		Apart:   apart,
		Horizon: 20 * time.Minute,
	}
}

// CallingHost is a host whose Wipe calls the library back, and is called again
// meanwhile.
var CallingHost = Adversary{
	Name:  "a host function that calls back",
	Rules: small(nil),
	Life:  []Act{choseAPIN, boughtAPhone},
	Knows: [2]Facts{userKnows, Nothing},
	Moves: [3][]Moves{
		User:  {as(CallsToWipe, forfeit), unwiped(setPIN(NewPIN)), unwiped(prove), usePIN},
		Thief: {as(CallsToWipe, proveGuess), unwiped(proveGuess)},
		Service: {
			deed(WipeReturns), deed(WipeFails), plain(spec.Call{Op: spec.Forget, Host: spec.Host{Wipe: spec.Fails}}),
			plain(spec.Call{Op: spec.Import, Held: oldPIN, Host: spec.Host{Wipe: spec.Fails}}),
			plain(spec.Call{Op: spec.Sweep, Host: spec.Host{Wipe: spec.Yes}}), as(CallsToWipe, plain(spec.Call{Op: spec.Sweep})), wait(time.Minute),
		},
	},
	Horizon: 3 * time.Minute,
}

// HangingUp is a thief with the mailbox who never waits for an answer, and breaks the
// user's connections too.
var HangingUp = Adversary{
	Name:  "somebody who hangs up",
	Rules: small(nil),
	Life:  []Act{choseAPIN, boughtAPhone},
	Knows: [2]Facts{userKnows, Mailbox},
	Moves: [3][]Moves{
		User:    {as(CallsUnheard, enroll(userDevice)), useDevice, usePIN, prove},
		Thief:   {as(CallsUnheard, guessPIN(spec.VerifyPIN), guessCode(spec.VerifyOTP)), mail(spec.KindAccount), useBoth},
		Service: {wait(time.Minute)},
	},
	Horizon: 10 * time.Minute,
}

// NewPhoneUser is nobody: a user, with a minimum age, who buys a new phone and then
// resets the password.
var NewPhoneUser = Adversary{
	Name:  "nobody, and a user with a new phone",
	Rules: small(aged),
	Life:  []Act{choseAPIN},
	Knows: [2]Facts{userKnows, Nothing},
	Moves: [3][]Moves{
		User:    {enroll(userDevice), prove, proveGuess},
		Service: {wait(30 * time.Second)},
	},
	Horizon: 4 * time.Minute,
}
