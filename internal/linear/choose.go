package linear

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/knowhave/factor/internal/spec"
)

// A theme is the clients' main activity in a history.
type theme struct {
	together    bool // in one process, or two
	scene, menu menu
	codes       [5]int // weights of a code: newest issued, any issued, of a secret, recovery code, wrong
}

// A menu holds each operation as often as its weight.
type menu []spec.Op

func dishes(weights map[spec.Op]int) menu {
	var m menu
	for op := range spec.OpCount {
		for range weights[op] {
			m = append(m, op)
		}
	}
	return m
}

var (
	aroundCodes = theme{
		scene: dishes(map[spec.Op]int{spec.IssueUnproven: 3, spec.VerifyOTP: 1, spec.VerifyPassword: 1, spec.Enroll: 1}),
		menu: dishes(map[spec.Op]int{spec.VerifyOTP: 44, spec.VerifyAny: 14, spec.VerifyPassword: 10, spec.Issue: 5, spec.IssueUnproven: 7, spec.Unlock: 3, spec.Forget: 2,
			spec.VoidCodes: 3, spec.PasswordChanged: 3, spec.Sweep: 3, spec.Status: 6, spec.Reseal: 2, spec.Enroll: 2, spec.Revoke: 2}),
		codes: [5]int{55, 15, 5, 0, 25},
	}
	aroundDevices = theme{
		scene: dishes(map[spec.Op]int{spec.Enroll: 4, spec.IssueUnproven: 1, spec.Begin: 1}),
		menu: dishes(map[spec.Op]int{spec.VerifyOTP: 40, spec.VerifyAny: 8, spec.Enroll: 14, spec.Revoke: 8, spec.AdminRevoke: 3, spec.Devices: 4, spec.Holds: 3, spec.Prove: 10, spec.Status: 4,
			spec.IssueUnproven: 4, spec.Unlock: 2, spec.Sweep: 1, spec.Forget: 1, spec.Forfeit: 1}),
		codes: [5]int{10, 5, 65, 0, 20},
	}
	aroundAuthenticator = theme{
		scene: dishes(map[spec.Op]int{spec.Begin: 4, spec.Confirm: 2, spec.IssueUnproven: 1}),
		menu: dishes(map[spec.Op]int{spec.VerifyOTP: 30, spec.Begin: 14, spec.Confirm: 30, spec.RemoveAuthenticator: 5, spec.AdminRemoveAuthenticator: 3, spec.Status: 6,
			spec.VerifyPassword: 4, spec.Unlock: 2, spec.Sweep: 2, spec.IssueUnproven: 3, spec.Forget: 1, spec.VoidCodes: 2, spec.PasswordChanged: 2}),
		codes: [5]int{5, 5, 65, 0, 25},
	}
	aroundReset = theme{
		scene: dishes(map[spec.Op]int{spec.Enroll: 4, spec.Prove: 3, spec.IssueUnproven: 1}),
		menu: dishes(map[spec.Op]int{spec.Prove: 38, spec.Forfeit: 12, spec.Enroll: 18, spec.Sweep: 8, spec.Forget: 4, spec.Status: 7, spec.VerifyOTP: 4, spec.Revoke: 2, spec.Devices: 1, spec.Import: 3,
			spec.IssueUnproven: 2, spec.Reseal: 2, spec.Unlock: 2}),
		codes: [5]int{10, 5, 30, 0, 55},
	}
	aroundSweep = theme{
		scene: dishes(map[spec.Op]int{spec.IssueUnproven: 3, spec.VerifyOTP: 2, spec.Begin: 1, spec.Forget: 2}),
		menu: dishes(map[spec.Op]int{spec.Sweep: 30, spec.Forget: 12, spec.Discard: 4, spec.Unlock: 6, spec.Reseal: 6, spec.IssueUnproven: 6, spec.VerifyOTP: 22, spec.VerifyPassword: 4, spec.Status: 8,
			spec.Begin: 3, spec.Confirm: 3}),
		codes: [5]int{50, 10, 10, 0, 30},
	}
	aroundImport = theme{
		scene: dishes(map[spec.Op]int{spec.Import: 4, spec.Enroll: 1, spec.Begin: 1}),
		menu: dishes(map[spec.Op]int{spec.Import: 24, spec.VerifyOTP: 24, spec.Revoke: 6, spec.RemoveAuthenticator: 4, spec.Enroll: 6, spec.Prove: 10,
			spec.Forfeit: 2, spec.Forget: 4, spec.Sweep: 4, spec.Status: 8, spec.Devices: 2, spec.IssueUnproven: 4, spec.Reseal: 2}),
		codes: [5]int{10, 5, 65, 0, 20},
	}
	aroundProofs = theme{ // which wait for each other in a process
		together: true,
		scene:    dishes(map[spec.Op]int{spec.Enroll: 3, spec.Begin: 2}),
		menu: dishes(map[spec.Op]int{spec.Enroll: 30, spec.Revoke: 18, spec.Forfeit: 10, spec.Prove: 8, spec.RemoveAuthenticator: 10, spec.Begin: 6,
			spec.VerifyPassword: 4, spec.AdminRevoke: 8, spec.AdminRemoveAuthenticator: 4, spec.Confirm: 2, spec.Unlock: 2, spec.Status: 2}),
		codes: [5]int{10, 5, 50, 0, 35},
	}
	aroundRecovery = theme{
		scene: dishes(map[spec.Op]int{spec.GenerateRecovery: 4, spec.VerifyOTP: 1, spec.IssueUnproven: 1}),
		menu: dishes(map[spec.Op]int{spec.VerifyOTP: 46, spec.VerifyAny: 8, spec.GenerateRecovery: 12, spec.RemoveRecovery: 8, spec.AdminRemoveRecovery: 4, spec.Begin: 3,
			spec.Status: 5, spec.Holds: 3, spec.Unlock: 3, spec.Sweep: 2, spec.Forget: 2, spec.Forfeit: 1, spec.IssueUnproven: 3}),
		codes: [5]int{8, 2, 0, 70, 20},
	}
	aroundPIN = theme{
		scene: dishes(map[spec.Op]int{spec.AdminSetPIN: 3, spec.Enroll: 1, spec.IssueUnproven: 1}),
		menu: dishes(map[spec.Op]int{spec.VerifyPIN: 20, spec.VerifyAny: 10, spec.SetPIN: 8, spec.RemovePIN: 4, spec.AdminSetPIN: 4, spec.AdminRemovePIN: 2, spec.IsSet: 6, spec.Prove: 20,
			spec.Issue: 6, spec.Status: 6, spec.Unlock: 3, spec.VerifyOTP: 4, spec.Enroll: 3, spec.Forget: 1, spec.Sweep: 2, spec.Import: 4}),
		codes: [5]int{40, 5, 30, 0, 25},
	}
)

// themes returns all themes except the one with hashes.
func themes() []theme {
	return []theme{aroundCodes, aroundDevices, aroundAuthenticator, aroundReset, aroundSweep, aroundImport, aroundProofs, aroundRecovery}
}

// themesOf draws what a history is about: one theme, or all of them at once.
func themesOf(rng *rand.Rand, pinned bool) []theme {
	if pinned {
		return []theme{aroundPIN}
	}
	all := themes()
	n := rng.IntN(len(all) + 1)
	if n == len(all) {
		return all
	}
	return all[n : n+1]
}

// known holds what the clients know: the codes and secrets that were returned.
type known struct {
	codes    []*Call
	recovery []string // codes, in the order in which they were generated
	secrets  []string // in base32
}

// learn tells all clients what a call returned.
func (w *world) learn(c *Call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case c.Op == spec.Import && c.err == nil:
		for _, h := range append(c.Held.Devices, c.Held.Authenticator) {
			if h.Secret.Key != 0 {
				w.known.secrets = append(w.known.secrets, importPool[h.Secret.Key-importedKey(0)])
			}
		}
	case c.made == "":
	case c.Op == spec.Issue || c.Op == spec.IssueUnproven:
		w.known.codes = append(w.known.codes, c)
	case c.Op == spec.GenerateRecovery:
		w.known.recovery = append(w.known.recovery, strings.Fields(c.made)...)
	default:
		w.known.secrets = append(w.known.secrets, c.made)
	}
}

// leftovers returns calls with codes that could still be right: the newest of each
// kind and purpose, one of the newest secret, and some of the newest recovery
// codes.
func (w *world) leftovers() []spec.Call {
	var left []spec.Call
	type use struct {
		kind spec.Kind
		of   spec.Purpose
	}
	seen := map[use]bool{}
	for i := len(w.known.codes) - 1; i >= 0; i-- {
		c := w.known.codes[i]
		if u := (use{c.answer.Kind, spec.PurposeOf(c.Purpose...)}); !seen[u] {
			seen[u] = true
			left = append(left, spec.Call{OTP: c.made, OnView: c.OnView, Purpose: c.Purpose})
		}
	}
	if n := len(w.known.secrets); n > 0 {
		left = append(left, spec.Call{OTP: codeAt(w.known.secrets[n-1], stepAt(w.clock(w.callers[0])))})
	}
	if n := len(w.known.recovery); n > 0 {
		left = append(left, spec.Call{OTP: w.known.recovery[n-1]}, spec.Call{OTP: w.known.recovery[n-spec.RecoveryCodes]})
	}
	return left
}

func draw[T any](rng *rand.Rand, from ...T) T { return from[rng.IntN(len(from))] }

// choose draws a call.
func (w *world) choose(rng *rand.Rand, m menu, th theme) *Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := &Call{Call: spec.Call{Op: draw(rng, m...), User: w.user}}
	c.binds = w.options.Binds(c.Op)
	w.credentials(rng, th, c)
	w.arguments(rng, c)
	w.views(rng, c)
	return c
}

// purposes are the clients' purposes. Most codes are for the first, or none.
var purposes = [][]string{{"pay", "A1", "2"}, {"pay", "A", "12"}, {"address"}, {"pay"}, {"close"}}

// views draws whether the call is on a view: mostly on that for which its code was
// issued.
func (w *world) views(rng *rand.Rand, c *Call) {
	switch n := rng.IntN(10); {
	case n < 2:
		c.OnView, c.Purpose = true, purposes[0]
	case n < 4:
		c.OnView, c.Purpose = true, draw(rng, purposes...)
	}
	i := slices.IndexFunc(w.known.codes, func(k *Call) bool { return k.made == c.OTP })
	if i >= 0 && rng.IntN(4) > 0 {
		c.OnView, c.Purpose = w.known.codes[i].OnView, w.known.codes[i].Purpose
	}
}

// credentials draws the operation's credentials.
func (w *world) credentials(rng *rand.Rand, th theme, c *Call) {
	switch c.Op {
	case spec.VerifyOTP:
		c.OTP = w.codeOr(rng, th, spec.CodeKinds)
	case spec.Confirm:
		c.OTP = w.otp(rng, th)
	case spec.VerifyPassword:
		c.Password = draw(rng, rightPassword, wrongPassword, wrongPassword, chokingPassword)
	case spec.VerifyPIN:
		c.PIN = draw(rng, pins...)
	case spec.VerifyAny:
		for c.OTP+c.Password+c.PIN == "" {
			w.proof(rng, th, c)
		}
	case spec.Enroll:
		if rng.IntN(10) >= 6 {
			w.proof(rng, th, c)
		}
	case spec.SetPIN, spec.RemovePIN, spec.Revoke, spec.Begin, spec.RemoveAuthenticator, spec.GenerateRecovery, spec.RemoveRecovery:
		w.proof(rng, th, c)
	case spec.Issue:
		c.Password = draw(rng, rightPassword, rightPassword, wrongPassword, chokingPassword)
		if w.pinned && rng.IntN(2) == 0 {
			c.Password, c.PIN = draw(rng, "", wrongPassword), draw(rng, pins...)
		}
	case spec.Prove:
		w.resetProof(rng, th, c)
	}
}

// arguments draws the other arguments.
func (w *world) arguments(rng *rand.Rand, c *Call) {
	switch c.Op {
	case spec.VerifyOTP:
		for c.Kinds = someKinds(rng); len(w.options.Malformed(&c.Call)) > 0; { // by the form of the code
			c.Kinds = someKinds(rng)
		}
	case spec.IssueUnproven:
		c.Kind = draw(rng, append(spec.IssuedKinds, spec.KindAccount)...)
	case spec.Unlock:
		w.unlocks(rng, c)
	case spec.Import:
		w.imports(rng, c)
	case spec.Enroll, spec.Revoke, spec.AdminRevoke:
		c.Device = spec.Name(1 + rng.IntN(maxDevices+1))
	case spec.SetPIN, spec.AdminSetPIN:
		c.NewPIN = draw(rng, pins...)
	}
}

func (w *world) unlocks(rng *rand.Rand, c *Call) {
	c.Kinds = []spec.Kind{draw(rng, spec.Kinds[:]...).Kind}
	if rng.IntN(3) == 0 {
		c.Kinds = nil
	}
}

// resetProof draws what the guard takes: a code, a PIN, or both.
func (w *world) resetProof(rng *rand.Rand, th theme, c *Call) {
	c.OTP = w.otp(rng, th)
	if w.pinned && rng.IntN(4) > 0 {
		c.PIN = draw(rng, pins...)
		if rng.IntN(2) == 0 {
			c.OTP = ""
		}
	}
}

// proof draws a proof: of one credential, of two, or none.
func (w *world) proof(rng *rand.Rand, th theme, c *Call) {
	n := rng.IntN(100)
	if n < 55 {
		c.OTP = w.codeOr(rng, th, w.options.ProofKinds)
	}
	if n >= 35 && n < 95 {
		c.Password = draw(rng, rightPassword, rightPassword, wrongPassword, chokingPassword)
	}
	if w.pinned && rng.IntN(2) == 0 {
		c.PIN = draw(rng, pins...)
	}
}

// codeOr draws a code for some kinds: a recovery code if they include it, or
// another code.
func (w *world) codeOr(rng *rand.Rand, th theme, kinds []spec.Kind) string {
	sum := 0
	for _, weight := range th.codes {
		sum += weight
	}
	switch {
	case !slices.Contains(kinds, spec.KindRecovery) || rng.IntN(sum) >= th.codes[recoverySource]:
		return w.otp(rng, th)
	case len(w.known.recovery) == 0 || rng.IntN(8) == 0:
		return "0000-0000-0000-0000"
	}
	code := draw(rng, w.known.recovery...)
	if newest := w.known.recovery[len(w.known.recovery)-spec.RecoveryCodes:]; rng.IntN(4) > 0 {
		code = draw(rng, newest[:3]...) // few, so that clients give the same ones
	}
	if rng.IntN(4) == 0 {
		code = strings.ToUpper(strings.ReplaceAll(code, "-", " "))
	}
	return code
}

// recoverySource is the index of recovery codes among a theme's weights.
const recoverySource = 3

// otp draws a code of digits that somebody has, or a wrong one.
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
		return draw(rng, codes...).made
	case source == 2 && len(secrets) > 0:
		from := draw(rng, secrets...)
		if rng.IntN(3) > 0 {
			from = secrets[len(secrets)-1]
		}
		return codeAt(from, stepAt(w.clock(draw(rng, w.callers...)))+draw(rng, int64(-2), -1, 0, 0, 0, 1, 1))
	}
	return fmt.Sprintf("%06d", rng.IntN(1e6))
}

// someKinds draws the kinds to verify against, in any order.
func someKinds(rng *rand.Rand) []spec.Kind {
	all := spec.CodeKinds
	n := 1 + rng.IntN(len(all))
	if rng.IntN(3) == 0 {
		n = len(all)
	}
	some := make([]spec.Kind, n)
	for i, place := range rng.Perm(len(all))[:n] {
		some[i] = all[place]
	}
	return some
}

// Every operation must be on a menu or in leftOut.
var _ = func() struct{} {
	for op := range spec.OpCount {
		called := slices.Contains(leftOut, op)
		for _, th := range append(themes(), aroundPIN) {
			called = called || slices.Contains(th.menu, op)
		}
		if !called {
			panic("linear: no client calls " + op.String())
		}
	}
	return struct{}{}
}()
