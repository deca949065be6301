package spec

import (
	"strings"
	"testing"
	"time"
)

// What merely ends is due at a full hour, whatever it is.
func TestDueTellsLittle(t *testing.T) {
	at := func(d time.Duration) Time { return noon.add(d) }
	long := func(o *Options) {
		o.OTP.Interval, o.Reset.Interval, o.Reset.MinAge = 3*time.Hour+time.Millisecond, 5*time.Hour, 30*time.Hour
	}
	for name, c := range map[string]struct {
		change func(*Options)
		life   func(sc *scene)
		want   Time
	}{
		"nothing ends":        {nil, func(sc *scene) { sc.ok(setPIN) }, 0},
		"a code":              {nil, func(sc *scene) { sc.ok(mail) }, at(time.Hour)},
		"a code, half past":   {nil, func(sc *scene) { sc.after(35 * time.Minute).ok(mail) }, at(time.Hour)},
		"a code, later":       {nil, func(sc *scene) { sc.after(35*time.Minute + 1e6).ok(mail) }, at(2 * time.Hour)},
		"a used code":         {nil, func(sc *scene) { sc.ok(Call{Op: VerifyOTP}, sc.ok(mail)) }, at(time.Hour)},
		"an authenticator":    {nil, func(sc *scene) { sc.ok(byPassword(Call{Op: Begin})) }, at(time.Hour)},
		"a code and Interval": {long, func(sc *scene) { sc.ok(mail) }, at(time.Hour)},
		"Interval": {long, func(sc *scene) {
			sc.ok(mail)
			sc.after(20 * time.Minute).ok(Call{Op: Reseal})
		}, at(4 * time.Hour)},
		"the guard's Interval": {long, func(sc *scene) {
			sc.ok(Call{Op: Import, Held: Holdings{PIN: HeldElsewhere{Digits: "8299", Since: noon.add(-30 * time.Hour), Mark: 1}}})
			sc.do(Call{Op: Prove, PIN: otherPIN})
		}, at(5 * time.Hour)},
		"MinAge": {long, func(sc *scene) { sc.ok(setPIN); sc.ok(byPassword(Call{Op: RemovePIN})) }, at(30 * time.Hour)},
		"an end soon": {aged, func(sc *scene) {
			sc.ok(setPIN)
			sc.ok(byPassword(Call{Op: RemovePIN}))
			sc.after(40 * time.Minute).ok(Call{Op: Reseal})
		}, at(2 * time.Hour)},
		"empty":  {nil, func(sc *scene) { sc.after(time.Second).ok(setPIN); sc.ok(Call{Op: Forget}) }, at(25 * time.Hour)},
		"a wipe": {nil, func(sc *scene) { sc.after(time.Second).do(Call{Op: Forfeit, Host: Host{Wipe: Fails}}) }, at(time.Minute)},
		"a wipe, put off": {nil, func(sc *scene) {
			sc.after(time.Second).do(Call{Op: Forfeit, Host: Host{Wipe: Fails}})
			sc.after(time.Minute).do(Call{Op: Sweep, Host: Host{Wipe: Fails}})
		}, at(3 * time.Minute)},
		"a notice": {notifying, func(sc *scene) { sc.after(time.Second).ok(setPIN) }, at(2 * time.Minute)},
		"a notice, put off": {notifying, func(sc *scene) {
			sc.ok(setPIN)
			sc.after(61 * time.Second).do(sweep)
		}, at(4 * time.Minute)},
		"a notice that was told": {notifying, func(sc *scene) { sc.ok(told(setPIN)) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			sc := newScene(t, c.change)
			c.life(sc)
			if got := sc.s.Due(); got != c.want {
				t.Errorf("due at %s, want %s\nleft %s", got, c.want, sc.s)
			}
		})
	}
}

// What is kept of a kind is printed by its name, and what is kept in a row by its place.
func TestAStateIsPrinted(t *testing.T) {
	sc := newScene(t, nil)
	sc.ok(on(Call{Op: VerifyOTP}, "pay"), sc.ok(on(mail, "pay")))
	sc.do(Call{Op: VerifyPIN, PIN: otherPIN})
	for _, want := range []string{"Stale:{0:{Code:101 For:3:pay, ", "Budgets:{pin:{Wrong:1}}"} {
		if got := sc.s.String(); !strings.Contains(got, want) {
			t.Errorf("%s\nis without %q", got, want)
		}
	}
}
