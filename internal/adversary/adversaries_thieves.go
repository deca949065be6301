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

// MailingOutsider has codes mailed to the user, and guesses at them.
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

// ResendingOutsider is MailingOutsider with Resend.
var ResendingOutsider = func() Adversary {
	adv := MailingOutsider
	adv.Name, adv.Rules = "an outsider, who has codes mailed again", small(func(o *spec.Options) { o.OTP.Resend = true })
	return adv
}()

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

// OldRowsThief knows what the user had in the old system and has since replaced
// here. The rows are imported repeatedly.
var OldRowsThief = Adversary{
	Name:  "a thief with rows of the old system",
	Rules: small(nil),
	Life:  []Act{choseAPIN, boughtAPhone},
	Knows: [2]Facts{userKnows, OldPIN | named(oldKey)},
	Moves: [3][]Moves{
		User:    {forfeit, setPIN(NewPIN), proving(spec.Call{Op: spec.RemovePIN}), revoke(userDevice)},
		Thief:   {prove, proveGuess, usePIN, useDevice},
		Service: {importing(oldPIN), importing(oldDevice), importing(oldApp), wait(30 * time.Second)},
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
		Thief:   {useDevice, useTOTP},
		Service: {importing(oldPIN), importing(oldDevice), importing(oldDeviceNew), importing(oldApp), wait(30 * time.Second)},
	},
	Horizon: 2 * time.Minute,
}

// ForgivenThief guesses at the guard, with ForgiveRepeats, while the user changes
// the PIN. One strike is allowed.
var ForgivenThief = Adversary{
	Name:  "a thief at a guard that forgives repeats",
	Rules: small(func(o *spec.Options) { o.Reset.ForgiveRepeats, o.Reset.Strikes = true, 1 }),
	Life:  []Act{choseAPIN, boughtAPhone},
	Knows: [2]Facts{userKnows, Nothing},
	Moves: [3][]Moves{
		User:    {setPIN(NewPIN), setPIN(UserPIN), enroll(userDevice), prove},
		Thief:   {proveGuess},
		Service: {wait(30 * time.Second)},
	},
	Horizon: 2 * time.Minute,
}

// LateWriter is a user without an adversary, whose codes are mailed twice, and who
// gives whichever comes first.
var LateWriter = Adversary{
	Name:  "nobody, and a user who gives codes that were replaced",
	Rules: small(nil),
	Life:  []Act{choseAPIN},
	Knows: [2]Facts{Mailbox, Nothing},
	Moves: [3][]Moves{
		User:    {mail(spec.KindAccount), careless(useBoth, setPIN(NewPIN))},
		Service: {wait(5 * time.Minute)},
	},
	Horizon: 14 * time.Minute,
}

// TwiceBegun is a user without an adversary, who begins an authenticator twice and
// scans either code.
var TwiceBegun = Adversary{
	Name:  "nobody, and a user who begins an authenticator twice",
	Rules: small(nil),
	Life:  []Act{choseAPIN},
	Knows: [2]Facts{UserPIN, Nothing},
	Moves: [3][]Moves{
		User:    {proving(spec.Call{Op: spec.Begin}), careless(confirm)},
		Service: {wait(time.Minute)},
	},
	Horizon: 10 * time.Minute,
}

// LostAnswer is a user without an adversary, who registers and whose connection
// breaks.
var LostAnswer = Adversary{
	Name:  "nobody, and a user whose connection breaks while a phone enrols",
	Rules: small(nil),
	Knows: [2]Facts{Session, Nothing},
	Moves: [3][]Moves{
		User:    {enrollUnproven(userDevice), as(CallsUnheard, enrollUnproven(userDevice))},
		Service: {wait(time.Minute)},
	},
	Horizon: 5 * time.Minute,
}
