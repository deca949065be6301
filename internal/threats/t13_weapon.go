package threats

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/knowhave/factor"
)

// Threat13LockAsWeapon tries to lock out or wipe somebody else: a locked kind
// leaves the others usable, and the guard counts nothing but wrong proofs.
func Threat13LockAsWeapon(t *testing.T, env Env) {
	t.Run("one lock", func(t *testing.T) { lockOneKind(t, env) })
	t.Run("free calls", func(t *testing.T) { annoyGuard(t, env) })
	t.Run("honest user", func(t *testing.T) { errHonestly(t, env) })
	t.Run("crash", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { crashAtGuard(t, env) })
	})
}

// lockOneKind locks each kind in turn and uses all others.
func lockOneKind(t *testing.T, env Env) {
	for _, locked := range allKinds {
		w := newWorld(t, env, nil)
		p := w.person()
		j := verifyOTP
		switch locked {
		case factor.KindPIN:
			j = verifyPIN
		case factor.KindPassword:
			j = verifyPassword
		}
		for range 6 {
			if err := j.call(ctx, w.process, p, locked, p.wrong(locked)); !errors.Is(err, factor.ErrMismatch) && !errors.Is(err, factor.ErrLocked) {
				t.Fatal(err)
			}
		}
		must(t, w.Guard.Prove(ctx, p.id, p.right(factor.KindPIN)))
		for _, kind := range allKinds {
			use := verifyOTP
			switch kind {
			case locked:
				continue
			case factor.KindPIN:
				use = verifyPIN
			case factor.KindPassword:
				use = verifyPassword
			}
			if err := use.call(ctx, w.process, p, kind, p.right(kind)); err != nil {
				t.Fatalf("with %s locked, the right %s was answered %v", locked, kind, err)
			}
		}
		other := w.person()
		must(t, w.V.VerifyPIN(ctx, other.id, other.pin))
		must(t, w.V.VerifyPassword(ctx, other.id, other.password))
	}
}

// annoyGuard makes all calls that prove nothing and must cost nothing.
func annoyGuard(t *testing.T, env Env) {
	w := newWorld(t, env, nil)
	p := w.person()
	used := p.used()
	old := w.status(p.id)
	faulty := w.start(newScript(func(_ int, name string) fault {
		if name == "Store.Load" {
			return fails
		}
		return nothing
	}))
	for range 10 {
		mustBe(t, w.Guard.Prove(ctx, p.id, factor.Credentials{}), factor.ErrNoCredential)
		mustBe(t, w.Guard.Prove(ctx, p.id, used), factor.ErrMismatch)
		mustBe(t, faulty.Guard.Prove(ctx, p.id, p.wrong(factor.KindPIN)), errFault)
		for _, c := range []factor.Credentials{
			{Password: p.password}, {Password: "x", PIN: "0000"}, {PIN: "12"}, {PIN: "１２３４"}, {PIN: " 2580"}, {OTP: "12345"}, {OTP: "abcdef"}, {OTP: "123456", PIN: "x"},
		} {
			mustBe(t, w.Guard.Prove(ctx, p.id, c), factor.ErrMalformed)
			if c.Password == "" {
				_, err := w.V.VerifyAny(ctx, p.id, c)
				mustBe(t, err, factor.ErrMalformed)
			}
		}
		mustBe(t, w.V.VerifyPIN(ctx, p.id, ""), factor.ErrMalformed)
		mustBe(t, w.V.VerifyPassword(ctx, p.id, string(make([]byte, 1025))), factor.ErrMalformed)
		_, err := w.V.VerifyOTP(ctx, p.id, used.OTP, factor.KindDeviceTOTP)
		mustBe(t, err, factor.ErrMismatch)
	}
	if s := w.status(p.id); s.Strikes != 0 || len(s.Budgets) != 0 || s.PIN != old.PIN || len(s.Devices) != len(old.Devices) {
		t.Fatalf("calls that cost nothing left %+v", s)
	}
	if n := len(w.host.wipes(p.id)); n != 0 {
		t.Fatalf("%d wipes asked for", n)
	}
}

// errHonestly errs three times before each right proof, for a year.
func errHonestly(t *testing.T, env Env) {
	w := newWorld(t, env, nil)
	p := w.person()
	rounds := 20
	if !env.Cheap {
		rounds = 4
	}
	for i := range rounds {
		kind := []factor.Kind{factor.KindPIN, factor.KindDeviceTOTP}[i%2]
		for n := 1; n <= 3; n++ {
			mustBe(t, w.Guard.Prove(ctx, p.id, p.wrong(kind)), factor.ErrMismatch)
			if s := w.status(p.id).Strikes; s != n {
				t.Fatalf("%d strikes after %d wrong proofs", s, n)
			}
		}
		must(t, w.Guard.Prove(ctx, p.id, p.right(kind)))
		w.clock.Turn(time.Duration(i) * 24 * time.Hour)
	}
	if s := w.status(p.id); s.Strikes != 0 || s.Wipe != nil || !s.PIN {
		t.Fatalf("left %+v", s)
	}
}

// crashAtGuard ends the process at every store call of a wrong proof: it costs at
// most one strike.
func crashAtGuard(t *testing.T, env Env) {
	w := newWorld(t, env, nil)
	for n := 1; n <= 4; n++ {
		for _, applied := range []bool{false, true} {
			p := w.person()
			c := &crash{n: n, applied: applied}
			_ = w.start(newScript(c.plan)).Guard.Prove(ctx, p.id, p.wrong(factor.KindPIN))
			if s := w.status(p.id).Strikes; s > 1 {
				t.Fatalf("a crash at call %d, applied: %v, made one proof cost %d strikes", n, applied, s)
			}
			must(t, w.Guard.Prove(ctx, p.id, p.right(factor.KindPIN)))
		}
	}
}
