package adversary

import (
	"fmt"
	"time"

	"github.com/knowhave/factor/internal/spec"
)

// MailboxThief reads the user's mail and is after the data, which a minimum age
// guards. The user's life bound what they hold.
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

// Holdings that a minimum age guards.
var (
	AgainstAPIN   = MailboxThief("a PIN", choseAPIN)
	AgainstAPhone = MailboxThief("a phone", boughtAPhone)
	AgainstBoth   = MailboxThief("a PIN and a phone", choseAPIN, boughtAPhone)
)

// AgainstAYoungPIN is such a thief, and the user has just chosen the PIN.
var AgainstAYoungPIN = func() *Adversary {
	adv := MailboxThief("a PIN that is too young itself")
	adv.Lately = []Act{choseAPIN}
	return adv
}()

// AgainstAnApp is such a thief, and the user has an authenticator that proves a reset.
var AgainstAnApp = &Adversary{
	Name:  "a thief with the mailbox, against a minimum age and an authenticator",
	Rules: small(agedWith),
	Life:  []Act{hadTheirApp},
	Knows: [2]Facts{named(oldKey), Mailbox},
	Moves: [3][]Moves{
		Thief: {
			fresh(mail(spec.KindAccount)), proving(spec.Call{Op: spec.Begin}), confirm, proving(spec.Call{Op: spec.RemoveAuthenticator}),
			enroll(thiefDevice), prove, proveCode,
		},
		Service: {wait(30 * time.Minute)},
	},
	Horizon: 59*time.Minute + 59*time.Second,
}

// WindowThief has a session inside a window that a login opened, long after the
// user enrolled a phone that has shown no code.
var WindowThief = &Adversary{
	Name:  "a thief with a session inside the window, against a minimum age and an old phone",
	Rules: small(aged),
	Life:  []Act{choseAPIN, boughtAPhone},
	Knows: [2]Facts{userKnows, Session},
	Moves: [3][]Moves{
		User:    {prove},
		Thief:   {enrollUnproven(userDevice), enrollUnproven(thiefDevice), revoke(userDevice), revoke(thiefDevice), useDevice, prove, proveBoth},
		Service: {wait(time.Minute, 30*time.Minute)},
	},
	Horizon: 59*time.Minute + 59*time.Second,
}

// MovingThief has the mailbox and knows rows of the old system, which the host
// imports before the minimum age is over.
var MovingThief = &Adversary{
	Name:  "a thief with the mailbox and rows of the old system, against a minimum age",
	Rules: small(aged),
	Life:  []Act{choseAPIN, boughtAPhone},
	Knows: [2]Facts{userKnows, Mailbox | OldPIN | named(oldKey)},
	Moves: [3][]Moves{
		Thief:   {fresh(mail(spec.KindAccount)), proving(spec.Call{Op: spec.RemovePIN}), revoke(userDevice), enroll(userDevice), prove},
		Service: {importing(oldPIN), importing(oldDevice), wait(30 * time.Minute)},
	},
	Horizon: 59*time.Minute + 59*time.Second,
}

// YoungDeviceThief has just enrolled a device, and guesses at the user's old
// holdings. One strike is allowed.
var YoungDeviceThief = &Adversary{
	Name:   "a thief with a young device, against a minimum age",
	Rules:  small(func(o *spec.Options) { aged(o); o.Reset.Strikes = 1 }),
	Life:   []Act{choseAPIN, boughtAPhone},
	Lately: []Act{enrolledTheirs},
	Knows:  [2]Facts{userKnows, Nothing},
	Moves: [3][]Moves{
		User:    {prove},
		Thief:   {prove, proveBoth, proveGuess, proveCode, useDevice, ahead(spec.VerifyOTP)},
		Service: {wait(30 * time.Second)},
	},
	Horizon: 10 * time.Minute,
}

// YoungPINThief has just set the user's PIN, and guesses at the user's old phone.
// One strike is allowed.
var YoungPINThief = &Adversary{
	Name:   "a thief with a young PIN, against a minimum age",
	Rules:  small(func(o *spec.Options) { aged(o); o.Reset.Strikes = 1 }),
	Life:   []Act{boughtAPhone},
	Lately: []Act{setTheirPIN},
	Knows:  [2]Facts{Nothing, ThiefPIN},
	Moves: [3][]Moves{
		User:    {prove},
		Thief:   {prove, proveGuess, proveCode, proveGuesses},
		Service: {wait(30*time.Second, 30*time.Minute)},
	},
	Horizon: 59*time.Minute + 59*time.Second,
}

// ClockAgeThief has the mailbox, against a minimum age, with nodes whose clocks are
// a little apart.
func ClockAgeThief(apart time.Duration) *Adversary {
	nodes := func(m ...Moves) Moves { return on([]time.Duration{apart}, m...) }
	return &Adversary{
		Name:  fmt.Sprintf("a thief with the mailbox, with nodes whose clocks are %v apart, against a minimum age", apart),
		Rules: small(aged),
		Life:  []Act{choseAPIN},
		Knows: [2]Facts{userKnows, Mailbox},
		Moves: [3][]Moves{
			Thief:   {fresh(mail(spec.KindAccount)), nodes(setPIN(ThiefPIN), proving(spec.Call{Op: spec.RemovePIN}), enroll(thiefDevice)), nodes(prove)},
			Service: {wait(59*time.Minute - 30*time.Second)},
		},
		Apart:   apart,
		Horizon: 59*time.Minute + 59*time.Second,
	}
}

// SweepingThief has the mailbox. The minimum age is longer than an empty record is
// kept.
var SweepingThief = &Adversary{
	Name:  "a thief with the mailbox, against a minimum age of two days",
	Rules: small(func(o *spec.Options) { o.Reset.MinAge = 48 * time.Hour }),
	Life:  []Act{choseAPIN},
	Knows: [2]Facts{userKnows, Mailbox},
	Moves: [3][]Moves{
		Thief:   {fresh(mail(spec.KindAccount)), setPIN(ThiefPIN), proving(spec.Call{Op: spec.RemovePIN}), prove},
		Service: {wait(6*time.Hour, 25*time.Hour), plain(spec.Call{Op: spec.Sweep, Host: spec.Host{Wipe: spec.Yes}})},
	},
	Horizon: 48*time.Hour - time.Second,
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
