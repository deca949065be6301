package adversary

import (
	"time"

	"github.com/knowhave/factor/internal/spec"
)

// Codes that the user is mailed.
var (
	removeApp     = mailedOnly(proving(spec.Call{Op: spec.RemoveAuthenticator}))
	verifyAccount = mailedOnly(proving(spec.Call{Op: spec.VerifyOTP, Kinds: []spec.Kind{spec.KindAccount}}))
	verifyLogin   = mailedOnly(proving(spec.Call{Op: spec.VerifyOTP, Kinds: []spec.Kind{spec.KindLogin}}))
)

// AddressThief has a session, and has codes mailed to their own address to confirm
// it. They try these codes at what the user's authenticator guards.
var AddressThief = Adversary{
	Name:  "a thief with an address of their own, who tries its codes for something else",
	Rules: small(nil),
	Life:  []Act{hadTheirApp},
	Knows: [2]Facts{userKnows | named(oldKey), Nothing},
	Moves: [3][]Moves{
		User: {viewed([]int{removal}, mail(spec.KindAccount), fresh(removeApp))},
		Thief: {
			viewed([]int{theirAddress}, mail(spec.KindAccount)),
			viewed([]int{noPurpose, removal}, removeApp), viewed([]int{noPurpose, theirAddress, removal}, verifyAccount),
		},
		Service: {wait(time.Minute)},
	},
	Horizon: 6 * time.Minute,
}

// PaymentThief reads the user's mail for one payment, and tries its code for
// another, whose parts read the same when joined.
var PaymentThief = Adversary{
	Name:  "a thief with the mailbox, who tries the code of a payment for another",
	Rules: small(nil),
	Life:  []Act{boughtAPhone},
	Knows: [2]Facts{userKnows, Mailbox | named(firstKey)},
	Moves: [3][]Moves{
		User:    {viewed([]int{payment}, mail(spec.KindAccount))},
		Thief:   {viewed([]int{payment, otherPayment, noPurpose}, verifyAccount, useBoth), viewed([]int{otherPayment}, mail(spec.KindAccount))},
		Service: {wait(time.Minute)},
	},
	Horizon: 6 * time.Minute,
}

// AllDayAsker requests login codes all day, for many purposes, and guesses at them.
var AllDayAsker = Adversary{
	Name:  "an outsider, who has codes mailed for many purposes",
	Rules: small(nil),
	Life:  []Act{choseAPIN},
	Knows: [2]Facts{Mailbox, Nothing},
	Moves: [3][]Moves{
		User: {fresh(purposely(viewed([]int{payment}, verifyLogin)))},
		Thief: {
			viewed([]int{payment, otherPayment}, guessCode(spec.VerifyOTP, spec.KindLogin)),
			viewed([]int{payment, otherPayment, removal, noPurpose}, mail(spec.KindLogin)),
		},
		Service: {wait(time.Minute, 10*time.Minute)},
	},
	Horizon: 30 * time.Minute,
}

// AskingBeside requests login codes for many purposes, while the user requests
// account codes.
var AskingBeside = Adversary{
	Name:  "an outsider, who has login codes mailed while the user waits for account codes",
	Rules: small(nil),
	Life:  []Act{choseAPIN},
	Knows: [2]Facts{Mailbox, Nothing},
	Moves: [3][]Moves{
		User:    {viewed([]int{payment, removal}, mail(spec.KindAccount)), purposely(viewed([]int{payment, removal}, careless(verifyAccount)))},
		Thief:   {viewed([]int{payment, otherPayment, noPurpose}, mail(spec.KindLogin))},
		Service: {wait(2 * time.Minute)},
	},
	Horizon: 5*time.Minute - time.Second,
}

// PushingOutsider requests account codes for purposes of their choice, while the
// user waits for one. Codes that outsiders can request should be login codes.
var PushingOutsider = Adversary{
	Name:  "an outsider, who has account codes mailed for many purposes while the user waits for one",
	Rules: small(nil),
	Life:  []Act{choseAPIN},
	Knows: [2]Facts{Mailbox, Nothing},
	Moves: [3][]Moves{
		User:  {viewed([]int{payment}, mail(spec.KindAccount)), purposely(viewed([]int{payment}, careless(verifyAccount)))},
		Thief: {viewed([]int{otherPayment, removal, noPurpose, oneMore}, mail(spec.KindAccount))},
	},
}

// RefundingThief has codes mailed to their own address, and gives them between
// guesses at a code that the user was mailed for something else.
var RefundingThief = Adversary{
	Name: "a thief with an address of their own, who guesses at the user's code",
	Rules: small(func(o *spec.Options) {
		o.OTP.Limit = spec.Limit{Tries: 3, Delay: time.Minute, MaxDelay: 2 * time.Minute, Final: 6}
	}),
	Life:  []Act{hadTheirApp},
	Knows: [2]Facts{Mailbox, Nothing},
	Moves: [3][]Moves{
		User: {viewed([]int{removal}, mail(spec.KindAccount))},
		Thief: {
			viewed([]int{theirAddress}, mail(spec.KindAccount), fresh(verifyAccount)),
			viewed([]int{removal}, guessCode(spec.VerifyOTP, spec.KindAccount)),
		},
	},
}

// TwoTabs is a user without an adversary, with two tabs open for two purposes, or
// twice for one, who gives each code where it belongs, sometimes twice.
var TwoTabs = Adversary{
	Name:  "nobody, and a user with two tabs",
	Rules: small(hasty),
	Life:  []Act{choseAPIN},
	Knows: [2]Facts{Mailbox, Nothing},
	Moves: [3][]Moves{
		User: {
			viewed([]int{payment, otherPayment, noPurpose}, mail(spec.KindAccount)),
			purposely(viewed([]int{payment, otherPayment, noPurpose}, careless(verifyAccount))),
		},
		Service: {wait(time.Minute)},
	},
	Horizon: 5*time.Minute - time.Second,
}
