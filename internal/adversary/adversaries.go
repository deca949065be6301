package adversary

import (
	"fmt"
	"time"

	"github.com/knowhave/factor/internal/spec"
)

// An Adversary is somebody against the user: what they know and try, under which
// rules, beside what the user does and what happens to the service.
type Adversary struct {
	Name  string
	Rules Rules
	// Life is what happened long before the thief began, and Lately what happened
	// just before.
	Life, Lately []Act
	// Knows is what the user and the thief know when the thief begins.
	Knows [2]Facts
	// Moves are the moves of the user, of the thief and of the service.
	Moves [3][]Moves
	// Apart is how far apart the clocks of the service's nodes are at most.
	Apart time.Duration
	// Horizon is the length of the search, on the clock.
	Horizon time.Duration

	lagged []spec.State // those that a replica stopped at
}

// begin returns the world in which the thief begins.
func (adv *Adversary) begin(promises []Promise) World {
	adv.lagged = nil
	w := World{Now: longAgo}
	live := func(acts []Act) {
		for i := range acts {
			before := w
			step := Step{Adversary: adv, Act: &acts[i], Before: &before, After: &w}
			if !step.take(promises) || step.Out.Answer.Err != spec.OK && !acts[i].Pends {
				panic(fmt.Sprintf("adversary: %s: act %d of its life: %s", adv.Name, i+1, step.Out.Answer))
			}
		}
	}
	live(adv.Life)
	w.Now = start
	live(adv.Lately)
	w.Knows[User] |= adv.Knows[User]
	w.Knows[Thief] |= adv.Knows[Thief]
	adv.forget(&w)
	return w
}

// acts returns everything that can be tried in a world, in a fixed order.
func (adv *Adversary) acts(w *World, into []Act) []Act {
	for who, all := range adv.Moves {
		for _, moves := range all {
			moves(w, Who(who), &into)
		}
	}
	return into
}

// limit is the limit of a kind under the adversary's rules.
func (adv *Adversary) limit(k spec.Kind) spec.Limit { return limitOf(&adv.Rules.Options, k) }

func limitOf(o *spec.Options, k spec.Kind) spec.Limit {
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

// small returns the rules with limits that few moves reach.
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

// aged has a minimum age, and agedWith also an authenticator that proves a reset.
func aged(o *spec.Options) { o.Reset.MinAge = time.Hour }

func agedWith(o *spec.Options) { o.Reset.MinAge, o.Reset.Authenticator = time.Hour, true }

// Events in the life of a user.
var (
	choseAPIN     = Act{Who: Service, Call: spec.Call{Op: spec.AdminSetPIN, NewPIN: pins[0]}}
	boughtAPhone  = Act{Who: User, Call: spec.Call{Op: spec.Enroll, Device: userDevice, Host: spec.Host{Registered: longAgo}}}
	printedAList  = Act{Who: User, Call: spec.Call{Op: spec.GenerateRecovery, Password: "right", Host: spec.Host{Password: spec.Yes}}}
	hadTheirPhone = Act{Who: Service, Call: spec.Call{Op: spec.Import, Held: oldDevice}}
	hadTheirPIN   = Act{Who: Service, Call: spec.Call{Op: spec.Import, Held: oldPIN}}
	hadTheirApp   = Act{Who: Service, Call: spec.Call{Op: spec.Import, Held: oldApp}}
)

// Acts of a thief just before.
var (
	enrolledTheirs = Act{Who: Thief, Call: spec.Call{Op: spec.Enroll, Device: thiefDevice, Host: spec.Host{Registered: start}}}
	setTheirPIN    = Act{Who: Service, Call: spec.Call{Op: spec.AdminSetPIN, NewPIN: pins[2]}}
)

// paperToo makes a recovery code a proof too.
func paperToo(o *spec.Options) {
	o.ProofKinds = []spec.Kind{spec.KindDeviceTOTP, spec.KindAccount, spec.KindRecovery}
}

const userKnows = UserPIN | Mailbox | Password

// What anybody with the credential tries.
var (
	useDevice = use(spec.KindDeviceTOTP)
	useBoth   = proving(spec.Call{Op: spec.VerifyOTP})
	usePIN    = proving(spec.Call{Op: spec.VerifyPIN})
	useLogin  = proving(spec.Call{Op: spec.VerifyOTP, Kinds: []spec.Kind{spec.KindLogin}})
	useTOTP   = use(spec.KindTOTP)
)
