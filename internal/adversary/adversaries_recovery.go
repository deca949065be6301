package adversary

import (
	"time"

	"github.com/knowhave/factor/internal/spec"
)

// ListThief has a copy of the user's printed recovery codes, until the user prints
// new ones or removes them. Recovery codes are a proof.
var ListThief = Adversary{
	Name:  "a thief with an old list of recovery codes",
	Rules: small(func(o *spec.Options) { paperToo(o); aged(o) }),
	Life:  []Act{choseAPIN, printedAList},
	Knows: [2]Facts{userKnows, named(firstSet)},
	Moves: [3][]Moves{
		User:    {fresh(generate), useList, proving(spec.Call{Op: spec.RemoveRecovery})},
		Thief:   {useList, generate, prove, paperOnly(setPIN(ThiefPIN))},
		Service: {plain(spec.Call{Op: spec.AdminRemoveRecovery}), wait(time.Minute)},
	},
	Horizon: 3 * time.Minute,
}

// ListingDeviceThief has a device of the user's, and prints a list with it. The
// user finds out and ends both.
var ListingDeviceThief = Adversary{
	Name:  "a thief with an old device, who prints recovery codes with it",
	Rules: small(paperToo),
	Life:  []Act{choseAPIN, boughtAPhone},
	Knows: [2]Facts{UserPIN, named(firstKey)},
	Moves: [3][]Moves{
		User:    {revoke(userDevice), proving(spec.Call{Op: spec.RemoveRecovery}), generate},
		Thief:   {generate, useList, paperOnly(enroll(thiefDevice))},
		Service: {plain(spec.Call{Op: spec.AdminRemoveRecovery}), wait(30 * time.Second)},
	},
	Horizon: 2 * time.Minute,
}

// ListGuesser guesses at recovery codes, before the user has any and after.
var ListGuesser = Adversary{
	Name:  "an outsider, who guesses at recovery codes",
	Rules: small(nil),
	Life:  []Act{choseAPIN},
	Knows: [2]Facts{Password, Nothing},
	Moves: [3][]Moves{
		User:    {generate, useList},
		Thief:   {guessList},
		Service: {wait(time.Minute)},
	},
	Horizon: 10 * time.Minute,
}

// MailboxListGuesser has the mailbox too: their right account codes tell nothing of a list.
var MailboxListGuesser = Adversary{
	Name:  "a thief with the mailbox, who guesses at recovery codes",
	Rules: small(nil),
	Life:  []Act{choseAPIN, printedAList},
	Knows: [2]Facts{userKnows, Mailbox},
	Moves: [3][]Moves{
		User:    {useList},
		Thief:   {guessList, mail(spec.KindAccount), fresh(verifyAccount)},
		Service: {wait(time.Minute)},
	},
	Horizon: 10 * time.Minute,
}

// CarelessPrinter is a user without an adversary, who does not cross out used codes
// on the current list and older ones.
var CarelessPrinter = Adversary{
	Name:  "nobody, and a user who does not cross out recovery codes",
	Rules: small(hasty),
	Life:  []Act{choseAPIN, printedAList},
	Knows: [2]Facts{Password, Nothing},
	Moves: [3][]Moves{
		User:    {generate, careless(useList)},
		Service: {wait(time.Minute)},
	},
	Horizon: 3 * time.Minute,
}

// PrintingGuesser has the mailbox, and prints lists while they guess at the PIN.
var PrintingGuesser = Adversary{
	Name:  "a thief with the mailbox, who prints recovery codes and guesses at the PIN",
	Rules: small(nil),
	Life:  []Act{choseAPIN},
	Knows: [2]Facts{userKnows, Mailbox},
	Moves: [3][]Moves{
		Thief:   {guessPIN(spec.VerifyPIN), mail(spec.KindAccount), fresh(generate)},
		Service: {wait(time.Minute)},
	},
	Horizon: 10 * time.Minute,
}
