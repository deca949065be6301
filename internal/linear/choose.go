package linear

import (
	"fmt"
	"math/rand/v2"

	"github.com/knowhave/factor"
)

var otpKinds = []factor.Kind{factor.KindLogin, factor.KindAccount, factor.KindTOTP, factor.KindDeviceTOTP}

// A theme is what the clients of a history are mostly busy with.
type theme struct {
	scene, menu menu
	codes       [4]int // weights of a code: newest issued, any issued, of a secret, wrong
}

// A menu holds each operation as often as its weight.
type menu []Op

func dishes(weights map[Op]int) menu {
	var m menu
	for op := range opCount {
		for range weights[op] {
			m = append(m, op)
		}
	}
	return m
}

var (
	aroundCodes = theme{
		scene: dishes(map[Op]int{IssueUnproven: 3, VerifyOTP: 1, VerifyPassword: 1, Enroll: 1}),
		menu: dishes(map[Op]int{VerifyOTP: 44, VerifyAny: 14, VerifyPassword: 10, Issue: 5, IssueUnproven: 7, Unlock: 3, Forget: 2,
			Sweep: 3, Status: 6, Reseal: 2, Enroll: 2, Revoke: 2}),
		codes: [4]int{55, 15, 5, 25},
	}
	aroundDevices = theme{
		scene: dishes(map[Op]int{Enroll: 4, IssueUnproven: 1, Begin: 1}),
		menu: dishes(map[Op]int{VerifyOTP: 40, VerifyAny: 8, Enroll: 14, Revoke: 8, AdminRevoke: 3, Devices: 4, Prove: 10, Status: 4,
			IssueUnproven: 4, Unlock: 2, Sweep: 1, Forget: 1, Forfeit: 1}),
		codes: [4]int{10, 5, 65, 20},
	}
	aroundAuthenticator = theme{
		scene: dishes(map[Op]int{Begin: 4, Confirm: 2, IssueUnproven: 1}),
		menu: dishes(map[Op]int{VerifyOTP: 30, Begin: 14, Confirm: 30, RemoveAuthenticator: 5, AdminRemoveAuthenticator: 3, Status: 6,
			VerifyPassword: 4, Unlock: 2, Sweep: 2, IssueUnproven: 3, Forget: 1}),
		codes: [4]int{5, 5, 65, 25},
	}
	aroundReset = theme{
		scene: dishes(map[Op]int{Enroll: 4, Prove: 3, IssueUnproven: 1}),
		menu: dishes(map[Op]int{Prove: 38, Forfeit: 12, Enroll: 18, Sweep: 8, Forget: 4, Status: 7, VerifyOTP: 4, Revoke: 2, Devices: 1,
			IssueUnproven: 2, Reseal: 2, Unlock: 2}),
		codes: [4]int{10, 5, 30, 55},
	}
	aroundSweep = theme{
		scene: dishes(map[Op]int{IssueUnproven: 3, VerifyOTP: 2, Begin: 1, Forget: 2}),
		menu: dishes(map[Op]int{Sweep: 30, Forget: 12, Unlock: 6, Reseal: 6, IssueUnproven: 6, VerifyOTP: 22, VerifyPassword: 4, Status: 8,
			Begin: 3, Confirm: 3}),
		codes: [4]int{50, 10, 10, 30},
	}
	aroundPIN = theme{
		scene: dishes(map[Op]int{AdminSetPIN: 3, Enroll: 1, IssueUnproven: 1}),
		menu: dishes(map[Op]int{VerifyPIN: 20, VerifyAny: 10, SetPIN: 8, RemovePIN: 4, AdminSetPIN: 4, AdminRemovePIN: 2, IsSet: 6, Prove: 20,
			Issue: 6, Status: 6, Unlock: 3, VerifyOTP: 4, Enroll: 3, Forget: 1, Sweep: 2}),
		codes: [4]int{40, 5, 30, 25},
	}
)

// themesOf draws what a history is about: one theme, or all of them at once.
func themesOf(rng *rand.Rand, pinned bool) []theme {
	if pinned {
		return []theme{aroundPIN}
	}
	all := []theme{aroundCodes, aroundDevices, aroundAuthenticator, aroundReset, aroundSweep}
	n := rng.IntN(len(all) + 1)
	if n == len(all) {
		return all
	}
	return all[n : n+1]
}

// known is what the clients know: the codes and secrets that were handed out.
type known struct {
	codes   []*Call
	secrets []*Call
}

// learn tells all clients what a call was handed out.
func (w *world) learn(c *Call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case c.made == "":
	case c.Op == Issue || c.Op == IssueUnproven:
		w.known.codes = append(w.known.codes, c)
	default:
		w.known.secrets = append(w.known.secrets, c)
	}
}

// leftovers are codes that could still be right: the newest two of each kind and
// one of the newest secret.
func (w *world) leftovers() []string {
	var left []string
	n := [2]int{}
	for i := len(w.known.codes) - 1; i >= 0; i-- {
		c := w.known.codes[i]
		if k := codeIndex(c.Answer.kind); n[k] < 1 {
			n[k]++
			left = append(left, c.made)
		}
	}
	if n := len(w.known.secrets); n > 0 {
		left = append(left, codeAt(w.known.secrets[n-1].made, stepAt(w.now.Load())))
	}
	return left
}

func draw[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }

// choose draws a call.
func (w *world) choose(rng *rand.Rand, m menu, th theme) Args {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := Args{Op: draw(rng, m)}
	switch a.Op {
	case VerifyOTP, Confirm:
		a.OTP = w.otp(rng, th)
		if a.Op == VerifyOTP {
			a.Kinds = someKinds(rng)
		}
	case VerifyPassword:
		a.password = draw(rng, []password{rightPassword, wrongPassword, wrongPassword, chokingPassword})
	case VerifyPIN:
		a.pin = 1 + rng.IntN(2)
	case VerifyAny:
		for a.OTP == "" && a.password == noPassword && a.pin == 0 {
			w.proof(rng, th, &a)
		}
	case SetPIN, RemovePIN, Revoke, Begin, RemoveAuthenticator, Enroll:
		if a.Op != Enroll || rng.IntN(10) >= 6 {
			w.proof(rng, th, &a)
		}
	case Issue:
		a.password = draw(rng, []password{rightPassword, rightPassword, wrongPassword, chokingPassword})
		if w.pinned && rng.IntN(2) == 0 {
			a.password, a.pin = draw(rng, []password{noPassword, wrongPassword}), 1+rng.IntN(2)
		}
	case IssueUnproven:
		a.kind = draw(rng, []factor.Kind{factor.KindLogin, factor.KindAccount, factor.KindAccount})
	case Prove:
		a.OTP = w.otp(rng, th)
		if w.pinned && rng.IntN(4) > 0 {
			a.pin = 1 + rng.IntN(2)
			if rng.IntN(2) == 0 {
				a.OTP = ""
			}
		}
	case Unlock:
		a.kind = kinds[rng.IntN(kindCount)]
	}
	switch a.Op {
	case Enroll, Revoke, AdminRevoke:
		a.device = uint8(1 + rng.IntN(maxDevices+1))
	case SetPIN, AdminSetPIN:
		a.newPIN = 1 + rng.IntN(2)
	case Issue, IssueUnproven:
		return w.bounded(a)
	}
	return a
}

// bounded leaves out the issuing of a code where so many were issued of its kind
// that the library may forget the oldest spent one.
func (w *world) bounded(a Args) Args {
	k := codeIndex(a.kind)
	if w.issued[k]++; w.issued[k] > 8 {
		return Args{Op: Status}
	}
	return a
}

// proof draws a proof: of one credential, of two, or none.
func (w *world) proof(rng *rand.Rand, th theme, a *Args) {
	n := rng.IntN(100)
	if n < 55 {
		a.OTP = w.otp(rng, th)
	}
	if n >= 35 && n < 95 {
		a.password = draw(rng, []password{rightPassword, rightPassword, wrongPassword, chokingPassword})
	}
	if w.pinned && rng.IntN(2) == 0 {
		a.pin = 1 + rng.IntN(2)
	}
}

// otp draws a code that somebody has, or a wrong one.
func (w *world) otp(rng *rand.Rand, th theme) string {
	sum := 0
	for _, weight := range th.codes {
		sum += weight
	}
	n, source := rng.IntN(sum), 0
	for n -= th.codes[0]; n >= 0; n -= th.codes[source] {
		source++
	}
	codes, secrets := w.known.codes, w.known.secrets
	switch {
	case source < 2 && len(codes) > 0:
		if source == 0 {
			return codes[len(codes)-1].made
		}
		return draw(rng, codes).made
	case source == 2 && len(secrets) > 0:
		from := draw(rng, secrets)
		if rng.IntN(3) > 0 {
			from = secrets[len(secrets)-1]
		}
		return codeAt(from.made, stepAt(w.now.Load())+draw(rng, []int32{-2, -1, 0, 0, 0, 1, 1}))
	}
	return fmt.Sprintf("%06d", rng.IntN(1e6))
}

// someKinds draws what a code is verified against, in any order.
func someKinds(rng *rand.Rand) []factor.Kind {
	n := 1 + rng.IntN(len(otpKinds))
	if rng.IntN(3) == 0 {
		n = len(otpKinds)
	}
	some := make([]factor.Kind, n)
	for i, place := range rng.Perm(len(otpKinds))[:n] {
		some[i] = otpKinds[place]
	}
	return some
}
