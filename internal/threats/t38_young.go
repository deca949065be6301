package threats

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// longAge is a MinAge that is not over in the two days of these tests.
const longAge = 72 * time.Hour

// A visitor is a thief who comes every few hours and binds something young each time,
// beside what the user has held for long.
type visitor struct {
	t     *testing.T
	w     *world
	p     *person
	held  map[factor.Kind]bool // what the user has held for long
	young map[uuid.UUID]generator
	app   bool // the thief's authenticator is the one that counts
	pin   bool // the thief's PIN is the one that is set
}

// A trick binds something young. Each visit does it again.
type trick struct {
	name string
	do   func(v *visitor)
}

var tricks = []trick{
	{"a new device each time", func(v *visitor) { v.enroll(uuid.New(), v.mailed()) }},
	{"a new device in a new window", func(v *visitor) { v.window(uuid.New()) }},
	{"the same device anew", func(v *visitor) { v.enroll(thiefsDevice, v.mailed()) }},
	{"the same device in a new window", func(v *visitor) { v.window(thiefsDevice) }},
	{"the same device twice in a window", func(v *visitor) { v.window(thiefsDevice); v.window(thiefsDevice) }},
	{"the user's device in a new window", func(v *visitor) { v.window(phoneID) }},
	{"five devices", func(v *visitor) {
		for i := range 5 {
			v.enroll(uuid.NewSHA1(thiefsDevice, []byte{byte(i)}), v.mailed())
		}
	}},
	{"a device, revoked and enrolled", func(v *visitor) {
		v.enroll(thiefsDevice, v.mailed())
		must(v.t, v.w.Devices.Revoke(ctx, v.p.id, thiefsDevice, v.mailed()))
		v.enroll(thiefsDevice, v.mailed())
	}},
	{"an authenticator", func(v *visitor) { v.confirm() }},
	{"a device and an authenticator", func(v *visitor) { v.enroll(thiefsDevice, v.mailed()); v.confirm() }},
	{"a PIN and a device", func(v *visitor) {
		must(v.t, v.w.PINs.Set(ctx, v.p.id, newPIN, v.mailed()))
		v.held[factor.KindPIN], v.pin = false, true
		v.enroll(thiefsDevice, v.mailed())
	}},
}

// Threat38YoungProof has a thief with the mailbox or a window visit every few hours
// for two days, bind young things beside each of the user's old holdings, and ask the
// guard: what is young proves nothing, is no strike and is judged against nothing old,
// and every guess at what is old is a strike.
func Threat38YoungProof(t *testing.T, env Env) {
	i := 0
	for _, authenticator := range []bool{false, true} {
		for bits := 1; bits < 8; bits++ {
			held := map[factor.Kind]bool{
				factor.KindPIN: bits&1 > 0, factor.KindDeviceTOTP: bits&2 > 0, factor.KindTOTP: bits&4 > 0,
			}
			for _, k := range tricks {
				if i++; env.skips(i, 19) {
					continue
				}
				t.Run(fmt.Sprintf("authenticator proves %v, held %v, %s", authenticator, held, k.name), func(t *testing.T) {
					v := newVisitor(t, env, held, authenticator)
					v.stay(k)
					if bits == 7 { // Finding a key takes long.
						v.offerColliding()
					}
				})
			}
		}
	}
	t.Run("the retry keeps no age", func(t *testing.T) { retryUnused(t, env) })
}

func newVisitor(t *testing.T, env Env, held map[factor.Kind]bool, authenticator bool) *visitor {
	t.Helper()
	w := newWorld(t, env, func(o *factor.Options) {
		o.TOTP.Skew = 10
		o.Device.Max = 100
		o.Reset = factor.ResetOptions{MinAge: longAge, Strikes: 100, Authenticator: authenticator}
	})
	v := &visitor{t: t, w: w, p: w.stranger(), held: map[factor.Kind]bool{}, young: map[uuid.UUID]generator{}}
	var rows factor.Import
	if held[factor.KindPIN] {
		rows.PIN = oldRows.PIN
	}
	if held[factor.KindTOTP] {
		rows.Authenticator = oldRows.Authenticator
	}
	if held[factor.KindDeviceTOTP] {
		rows.Devices = oldRows.Devices[:1]
	}
	for kind, is := range held {
		v.held[kind] = is && (kind != factor.KindTOTP || authenticator)
	}
	must(t, w.Admin.Import(ctx, v.p.id, rows))
	w.clock.Turn(longAge)
	return v
}

// mailed returns a code that is not by chance one of something young, for which it may
// be used already.
func (v *visitor) mailed() factor.Credentials {
	for {
		code := v.p.issue(factor.KindAccount).Code
		if !v.shown(code) {
			return factor.Credentials{OTP: code}
		}
	}
}

func (v *visitor) shown(code string) bool {
	for _, g := range v.young {
		if g.near(code, v.w.clock.Now()) {
			return true
		}
	}
	return false
}

func (v *visitor) enroll(id uuid.UUID, proof factor.Credentials) {
	v.t.Helper()
	e, err := v.w.Devices.Enroll(ctx, v.p.id, id, proof)
	must(v.t, err)
	v.young[id] = newGenerator(e)
}

// window opens a window, as a host does at each login, and enrols in it without a
// proof. What has shown a code or was enrolled before the window stays.
func (v *visitor) window(id uuid.UUID) {
	v.t.Helper()
	v.w.host.register(v.p.id, v.p.password, v.w.clock.Now())
	e, err := v.w.Devices.Enroll(ctx, v.p.id, id, factor.Credentials{})
	if errors.Is(err, factor.ErrNoCredential) {
		return
	}
	must(v.t, err)
	if id == phoneID && v.held[factor.KindDeviceTOTP] {
		v.t.Fatal("a device of long ago was replaced without a proof")
	}
	v.young[id] = newGenerator(e)
}

func (v *visitor) confirm() {
	v.t.Helper()
	e, err := v.w.Auth.Begin(ctx, v.p.id, v.mailed())
	must(v.t, err)
	g := newGenerator(e)
	must(v.t, v.w.Auth.Confirm(ctx, v.p.id, g.code(g.step(v.w.clock.Now()))))
	v.held[factor.KindTOTP], v.app = false, true
	if v.w.opts.Reset.Authenticator {
		v.young[uuid.Nil] = g
	}
}

// stay visits every few hours for two days.
func (v *visitor) stay(k trick) {
	v.t.Helper()
	for end := v.w.clock.Now().Add(48 * time.Hour); !v.w.clock.Now().After(end); v.w.clock.Turn(aWhile) {
		k.do(v)
		v.offerYoung()
		v.guess()
	}
}

// old reports whether something is held that proves.
func (v *visitor) old() bool {
	return v.held[factor.KindPIN] || v.held[factor.KindDeviceTOTP] || v.held[factor.KindTOTP]
}

// prove makes a call and fails unless it comes to so many strikes. If nothing is old,
// the guard waits.
func (v *visitor) prove(what string, c factor.Credentials, strikes int) {
	v.t.Helper()
	before := v.w.status(v.p.id).Strikes
	err := v.w.Guard.Prove(ctx, v.p.id, c)
	want := factor.ErrMismatch
	switch {
	case !v.old() && len(v.young) == 0 && !v.pin:
		want, strikes = factor.ErrNotEnrolled, 0
	case !v.old():
		want, strikes = factor.ErrLocked, 0
	}
	if !errors.Is(err, want) {
		v.t.Fatalf("Prove answered %v to %s, want %v", err, what, want)
	}
	if n := v.w.status(v.p.id).Strikes - before; n != strikes {
		v.t.Fatalf("%s came to %d strikes, want %d", what, n, strikes)
	}
}

// codes are all that are right for something young now.
func (v *visitor) codes() []string {
	var codes []string
	for _, g := range v.young {
		now := g.step(v.w.clock.Now())
		for step := now - 9; step <= now+9; step++ { // Within the skew, after the step that Confirm has spent.
			codes = append(codes, g.code(step))
		}
	}
	slices.Sort(codes)
	return codes
}

// isShared reports whether a code is that of two young things, by chance.
func (v *visitor) isShared(code string) bool {
	near := 0
	for _, g := range v.young {
		if g.near(code, v.w.clock.Now()) {
			near++
		}
	}
	return near > 1
}

// offerYoung proves with what is young, alone and twice, and once it is used.
func (v *visitor) offerYoung() {
	v.t.Helper()
	for id, g := range v.young {
		now := g.step(v.w.clock.Now())
		code := factor.Credentials{OTP: g.code(now + 1)}
		v.prove("a young code", code, 0)
		v.prove("a young code again", code, 0)
		if v.isShared(code.OTP) {
			continue
		}
		_, err := v.w.V.VerifyOTP(ctx, v.p.id, code.OTP, map[bool]factor.Kind{true: factor.KindTOTP, false: factor.KindDeviceTOTP}[id == uuid.Nil])
		must(v.t, err) // Prove has spent nothing.
		v.prove("a stale young code", code, 0)
		v.prove("a young code, older than the used", factor.Credentials{OTP: g.code(now)}, 0)
	}
	if v.pin {
		v.prove("a young PIN", factor.Credentials{PIN: newPIN}, 0)
		v.prove("a wrong PIN where one is young", factor.Credentials{PIN: "9753"}, 0)
	}
}

// guess gives wrong proofs, alone and beside what is young.
func (v *visitor) guess() {
	v.t.Helper()
	wrongCode := v.p.wrong(factor.KindDeviceTOTP)
	for slices.Contains(v.codes(), wrongCode.OTP) || generatorOf(phoneKey).near(wrongCode.OTP, v.w.clock.Now()) || generatorOf(appKey).near(wrongCode.OTP, v.w.clock.Now()) {
		wrongCode = v.p.wrong(factor.KindDeviceTOTP)
	}
	v.prove("a wrong code", wrongCode, 1)
	for _, g := range v.young {
		given := factor.Credentials{OTP: g.code(g.step(v.w.clock.Now()) + 2), PIN: "9753"}
		strikes := 1
		if v.pin {
			strikes = 0 // Only what is young was given.
		}
		v.prove("a wrong PIN beside a young code", given, strikes)
		break
	}
}

// offerColliding has a device imported that is as old as the old rows, and whose code
// is right for something young just now: it is judged against that and nothing else.
func (v *visitor) offerColliding() {
	v.t.Helper()
	if len(v.young) == 0 {
		return
	}
	g := generator{period: 30 * time.Second}
	key, code := collide(v.t, v.w, g.step(v.w.clock.Now()), v.codes())
	must(v.t, v.w.Admin.Import(ctx, v.p.id, importKey(otherID, key)))
	v.held[factor.KindDeviceTOTP] = true
	v.prove("a young code that is right for an old device", factor.Credentials{OTP: code}, 0)
	must(v.t, v.w.Admin.Unlock(ctx, v.p.id))
	for id := range v.young {
		if id != uuid.Nil {
			must(v.t, v.w.Admin.RevokeDevice(ctx, v.p.id, id))
		}
	}
	if v.app {
		must(v.t, v.w.Admin.RemoveAuthenticator(ctx, v.p.id))
	}
	must(v.t, v.w.Guard.Prove(ctx, v.p.id, factor.Credentials{OTP: code})) // It is right there.
}

// retryUnused has a device enrolled at the start of a window that is longer than
// MinAge, and enrolled once more without a proof when it is old: it is young then, and
// waits anew.
func retryUnused(t *testing.T, env Env) {
	for _, authenticator := range []bool{false, true} {
		w := newWorld(t, env, func(o *factor.Options) {
			o.Device.Grace = 1000 * time.Hour
			o.Reset = factor.ResetOptions{MinAge: longAge, Authenticator: authenticator}
		})
		p := w.stranger()
		_, err := w.Devices.Enroll(ctx, p.id, p.device, factor.Credentials{})
		must(t, err)
		w.clock.Turn(longAge + time.Hour)
		for range 9 {
			e, err := w.Devices.Enroll(ctx, p.id, p.device, factor.Credentials{})
			must(t, err)
			g := newGenerator(e)
			mustBe(t, w.Guard.Prove(ctx, p.id, factor.Credentials{OTP: g.code(g.step(w.clock.Now()))}), factor.ErrLocked)
			w.clock.Turn(aWhile)
			mustBe(t, w.Guard.Prove(ctx, p.id, factor.Credentials{OTP: g.code(g.step(w.clock.Now()))}), factor.ErrLocked)
		}
		if n := w.status(p.id).Strikes; n != 0 {
			t.Fatalf("%d strikes", n)
		}
	}
}
