package adversary

import (
	"fmt"
	"time"

	"github.com/knowhave/factor/internal/spec"
)

// KeyBreaker makes the key service and the host's Wipe fail.
var KeyBreaker = Adversary{
	Name:  "somebody who makes the key service fail",
	Rules: small(nil),
	Life:  []Act{choseAPIN, boughtAPhone},
	Knows: [2]Facts{userKnows, Nothing},
	Moves: [3][]Moves{
		User:  {unwiped(forfeit), setPIN(NewPIN), unwiped(prove)},
		Thief: {proveGuess, unwiped(proveGuess)},
		Service: {
			deed(KeyFails), deed(KeyWorks), plain(spec.Call{Op: spec.Sweep, Host: spec.Host{Wipe: spec.Yes}}),
			opened(plain(spec.Call{Op: spec.Discard, Host: spec.Host{Wipe: spec.Fails}})),
			plain(spec.Call{Op: spec.Forget, Host: spec.Host{Wipe: spec.Fails}}), plain(spec.Call{Op: spec.Sweep, Host: spec.Host{Wipe: spec.Fails}}), wait(time.Minute),
		},
	},
	Horizon: 4 * time.Minute,
}

// ClockThief chooses the node that serves a call. The nodes' clocks are a little
// apart.
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

// ClockReplayer saw the codes of the user's phone and mailbox, and gives them again
// on another node.
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

// ClockGuardThief guesses at the guard, on nodes whose clocks are a little apart,
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

// StuckReplica is a replica of the store that has stopped following, and serves
// each call's first load.
var StuckReplica = Adversary{
	Name:  "a replica of the store that is stuck",
	Rules: small(hasty),
	Knows: [2]Facts{userKnows, Mailbox},
	Moves: [3][]Moves{
		User:    {forfeit, setPIN(NewPIN), enroll(userDevice), useDevice, lagging(prove)},
		Thief:   {fresh(mail(spec.KindAccount)), guessPIN(spec.VerifyPIN), lagging(proveGuess, guessPIN(spec.VerifyPIN), useBoth, useDevice)},
		Service: {deed(ReplicaStops), wait(time.Minute)},
	},
	Horizon: 10 * time.Minute,
}

// AppHost is a host whose Wipe fails, where an authenticator proves a reset.
var AppHost = Adversary{
	Name:  "a host whose Wipe fails, and a user with an authenticator that proves",
	Rules: small(func(o *spec.Options) { o.Reset.Authenticator = true }),
	Life:  []Act{hadTheirApp},
	Knows: [2]Facts{named(oldKey) | Password, Nothing},
	Moves: [3][]Moves{
		User: {
			unwiped(forfeit), proving(spec.Call{Op: spec.Begin}), unwiped(confirm), unwiped(prove),
			proving(spec.Call{Op: spec.RemoveAuthenticator}),
		},
		Thief: {unwiped(proveCode)},
		Service: {
			plain(spec.Call{Op: spec.Sweep, Host: spec.Host{Wipe: spec.Yes}}), importing(oldApp), wait(time.Minute),
		},
	},
	Horizon: 4 * time.Minute,
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
