package adversary

import (
	"time"

	"github.com/knowhave/factor/internal/spec"
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
