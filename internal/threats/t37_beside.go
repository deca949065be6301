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

// A staling makes a code of a kind that was right once and is not any more.
type staling struct {
	name  string
	kinds []factor.Kind
	make  func(p *person, kind factor.Kind) (code string)
}

var stalings = []staling{
	{"used", otpKinds, func(p *person, kind factor.Kind) string {
		code := p.right(kind).OTP
		_, err := p.w.V.VerifyOTP(ctx, p.id, code, kind)
		must(p.w.t, err)
		return code
	}},
	{"older than the used", []factor.Kind{factor.KindTOTP, factor.KindDeviceTOTP}, func(p *person, kind factor.Kind) string {
		older := p.right(kind).OTP
		p.w.clock.Turn(p.phone.period)
		_, err := p.w.V.VerifyOTP(ctx, p.id, p.right(kind).OTP, kind)
		must(p.w.t, err)
		return older
	}},
	{"replaced", mailedKinds, func(p *person, kind factor.Kind) string {
		code := p.issue(kind).Code
		p.issue(kind)
		return code
	}},
	{"eighth of those replaced", mailedKinds, func(p *person, kind factor.Kind) string {
		code := p.issue(kind).Code
		for range 8 {
			p.issue(kind)
		}
		return code
	}},
	{"expired", mailedKinds, func(p *person, kind factor.Kind) string {
		o := p.issue(kind)
		p.w.clock.Set(o.ExpiresAt)
		return o.Code
	}},
	{"expired ten minutes ago", mailedKinds, func(p *person, kind factor.Kind) string {
		o := p.issue(kind)
		p.w.clock.Set(o.ExpiresAt.Add(10*time.Minute - time.Millisecond))
		return o.Code
	}},
	{"void", mailedKinds, func(p *person, kind factor.Kind) string {
		code := p.issue(kind).Code
		must(p.w.t, p.w.Admin.VoidCodes(ctx, p.id))
		return code
	}},
	{"of an old password", mailedKinds, func(p *person, kind factor.Kind) string {
		code := p.issue(kind).Code
		must(p.w.t, p.w.Admin.PasswordChanged(ctx, p.id))
		return code
	}},
	{"replaced for a purpose", mailedKinds, func(p *person, kind factor.Kind) string {
		code := p.issue(kind).Code
		p.issueFor(kind, forPay...)
		p.issue(kind)
		return code
	}},
	{"pushed out", mailedKinds, func(p *person, kind factor.Kind) string {
		code := p.issue(kind).Code
		for i := range 4 {
			p.issueFor(kind, "pay", fmt.Sprint(i))
		}
		return code
	}},
	{"of long ago", []factor.Kind{factor.KindRecovery}, func(p *person, kind factor.Kind) string {
		code := p.right(kind).OTP
		_, err := p.w.V.VerifyOTP(ctx, p.id, code, kind)
		must(p.w.t, err)
		p.w.clock.Turn(2 * 365 * 24 * time.Hour)
		return code
	}},
	{"void by a wipe", mailedKinds, func(p *person, kind factor.Kind) string {
		code := p.issue(kind).Code
		must(p.w.t, p.w.Guard.Forfeit(ctx, p.id))
		return code
	}},
}

// Threat37ShelteringStale gives stale codes of every sort to every set of kinds, time
// step after time step: they are charged to none of the kinds and right for none, so
// that the guesses at the other kinds beside them come to nothing.
func Threat37ShelteringStale(t *testing.T, env Env) {
	i := 0
	for _, s := range stalings {
		for _, kind := range s.kinds {
			if i++; env.skips(i, 5) {
				continue
			}
			t.Run(fmt.Sprintf("%s %s", s.name, kind), func(t *testing.T) { giveStale(t, env, s, kind) })
		}
	}
	for _, pair := range stalePairs {
		if i++; !env.skips(i, 3) {
			t.Run(fmt.Sprintf("stale %s that is right for %s", pair.stale, pair.right), func(t *testing.T) { giveColliding(t, env, pair) })
		}
	}
	t.Run("a day", func(t *testing.T) { giveStaleAllDay(t, env) })
	for _, authenticator := range []bool{false, true} {
		t.Run(fmt.Sprintf("guard, authenticator proves %v", authenticator), func(t *testing.T) { proveStale(t, env, authenticator) })
	}
}

// setsWith returns the sets of kinds of code that hold a kind, forwards and backwards.
func setsWith(kind factor.Kind) [][]factor.Kind {
	var sets [][]factor.Kind
	for bits := 1; bits < 1<<len(otpKinds); bits++ {
		var set []factor.Kind
		for i, k := range otpKinds {
			if bits&(1<<i) > 0 {
				set = append(set, k)
			}
		}
		if slices.Contains(set, kind) {
			back := slices.Clone(set)
			slices.Reverse(back)
			sets = append(sets, set, back)
		}
	}
	return sets
}

// giveStale gives a stale code to every set of kinds, to every method and beside every
// other credential.
func giveStale(t *testing.T, env Env, s staling, kind factor.Kind) {
	w := newWorld(t, env, func(o *factor.Options) { o.ProofKinds = otpKinds })
	p := w.person()
	code := s.make(p, kind)
	before := shown(t, w.status(p.id))
	for _, set := range setsWith(kind) {
		_, err := w.V.VerifyOTP(ctx, p.id, code, set...)
		mustBeStale(t, err)
	}
	for _, j := range provers {
		if !slices.Contains(j.takes, factor.KindAccount) {
			continue
		}
		err := j.call(ctx, w.process, p, kind, factor.Credentials{OTP: code})
		if m, ok := errors.AsType[*factor.MismatchError](err); (!ok || !m.Stale) && !errors.Is(absent(err), nil) {
			t.Fatalf("%s answered %v", j.name, err)
		}
	}
	if after := shown(t, w.status(p.id)); after != before {
		t.Fatalf("a stale code changed\n%s to\n%s", before, after)
	}
	giveBeside(t, w, p, code, kind)
	giveWhileLocked(t, w, p, code, kind)
}

// giveBeside gives a stale code beside wrong credentials: those are charged.
func giveBeside(t *testing.T, w *world, p *person, code string, kind factor.Kind) {
	t.Helper()
	for _, beside := range []factor.Kind{factor.KindPassword, factor.KindPIN} {
		_, err := w.V.VerifyAny(ctx, p.id, both(factor.Credentials{OTP: code}, p.wrong(beside)))
		m, ok := errors.AsType[*factor.MismatchError](err)
		if !ok || m.Stale || m.Kind != beside {
			t.Fatalf("a stale code beside a wrong %s was answered %+v", beside, err)
		}
		if w.wrong(p.id, beside) != 1 || w.wrong(p.id, kind) != 0 {
			t.Fatalf("a wrong %s beside a stale code was charged to %+v", beside, w.status(p.id).Budgets)
		}
	}
	w.unlock(p.id)
}

// giveWhileLocked locks the kind that the code is stale for: nothing is judged there,
// so that the code is wrong for the other kinds and charged to them.
func giveWhileLocked(t *testing.T, w *world, p *person, code string, kind factor.Kind) {
	t.Helper()
	now := w.clock.Now()
	if kind != factor.KindDeviceTOTP && p.phone.near(code, now) || kind != factor.KindTOTP && p.app.near(code, now) {
		return // It is more than a guess, by chance.
	}
	for range 5 {
		_, err := w.V.VerifyOTP(ctx, p.id, p.wrong(kind).OTP, kind)
		mustBe(t, err, factor.ErrMismatch)
	}
	for _, set := range setsWith(kind) {
		_, err := w.V.VerifyOTP(ctx, p.id, code, set...)
		others := slices.DeleteFunc(slices.Clone(set), func(k factor.Kind) bool { return k == kind || !slices.Contains(likeForm(kind), k) })
		if len(others) == 0 {
			mustBe(t, err, factor.ErrLocked)
		}
		for _, k := range others {
			if n := w.wrong(p.id, k); n != 1 {
				t.Fatalf("%d charged to %s, want 1: %s is locked, and its code was no more than a guess", n, k, kind)
			}
			must(t, w.Admin.Unlock(ctx, p.id, k))
		}
	}
}

// A stalePair is a kind that a code is stale for, and another that the same code is
// right for.
type stalePair struct{ stale, right factor.Kind }

var stalePairs = func() []stalePair {
	var pairs []stalePair
	for _, stale := range digitKinds { // No recovery code looks like a code of a device.
		for _, right := range []factor.Kind{factor.KindTOTP, factor.KindDeviceTOTP} {
			if stale != right || right == factor.KindDeviceTOTP {
				pairs = append(pairs, stalePair{stale, right})
			}
		}
	}
	return pairs
}()

// staleCodes returns codes that are stale for a kind.
func (p *person) staleCodes(kind factor.Kind) []string {
	p.w.t.Helper()
	if slices.Contains(mailedKinds, kind) {
		var codes []string
		for range 7 { // The one that is live now is the eighth when it expires.
			codes = append(codes, p.issue(kind).Code)
		}
		p.issue(kind)
		return codes
	}
	g := p.phone
	if kind == factor.KindTOTP {
		g = p.app
	}
	now := g.step(p.w.clock.Now())
	_, err := p.w.V.VerifyOTP(ctx, p.id, g.code(now), kind)
	must(p.w.t, err)
	var codes []string
	for step := now - 10; step <= now; step++ {
		codes = append(codes, g.code(step))
	}
	return codes
}

// giveColliding gives a code that is stale for one kind and right for another: it is
// right for neither, and stays right where it is.
func giveColliding(t *testing.T, env Env, pair stalePair) {
	w := newWorld(t, env, func(o *factor.Options) { o.TOTP.Skew = 10 })
	p := w.person()
	if pair.right == factor.KindTOTP {
		must(t, w.Admin.RemoveAuthenticator(ctx, p.id))
		must(t, w.Admin.Forget(ctx, p.id)) // Else no other is imported.
		must(t, w.Admin.Import(ctx, p.id, factor.Import{Devices: []factor.ImportedDevice{{ID: phoneID, TOTP: factor.ImportedTOTP{Key: phoneKey}}}}))
		p.device, p.phone = phoneID, generatorOf(phoneKey)
	}
	codes := p.staleCodes(pair.stale)
	key, code := collide(t, w, p.phone.step(w.clock.Now()), codes)
	id := otherID
	if pair.right == factor.KindTOTP {
		id = uuid.Nil
	}
	must(t, w.Admin.Import(ctx, p.id, importKey(id, key)))
	before := shown(t, w.status(p.id))
	for _, set := range setsWith(pair.stale) {
		if slices.Contains(set, pair.right) {
			_, err := w.V.VerifyOTP(ctx, p.id, code, set...)
			mustBeStale(t, err)
		}
	}
	if after := shown(t, w.status(p.id)); after != before {
		t.Fatalf("a stale code changed\n%s to\n%s", before, after)
	}
	if pair.stale == pair.right {
		must(t, w.Admin.RevokeDevice(ctx, p.id, p.device))
	}
	_, err := w.V.VerifyOTP(ctx, p.id, code, pair.right)
	must(t, err)
}

// giveStaleAllDay gives the stale codes of the mailbox in every time step of a day,
// beside the devices. Every four hours one of the codes is right for a device just then.
func giveStaleAllDay(t *testing.T, env Env) {
	w := newWorld(t, env, func(o *factor.Options) { o.Device.Max = 100 })
	p := w.pinless()
	hours, free, right, wanted := 24, 0, 0, 0
	if !env.Cheap {
		hours = 1
	}
	devices := []generator{p.phone}
	for hour := range hours {
		codes := p.staleCodes(factor.KindAccount)
		step := p.phone.step(w.clock.Now())
		if hour%4 == 0 {
			key, _ := collide(t, w, step+5, codes)
			must(t, w.Admin.Import(ctx, p.id, importKey(uuid.NewSHA1(otherID, []byte{byte(hour)}), key)))
			devices, wanted = append(devices, generatorOf(key)), wanted+1
		}
		for range 20 { // Ten minutes.
			for _, code := range codes {
				_, err := w.V.VerifyOTP(ctx, p.id, code)
				mustBeStale(t, err)
				free++
				for _, g := range devices {
					now := g.step(w.clock.Now())
					right += len(g.matches(code, now-1, now+1))
				}
			}
			w.clock.Turn(30 * time.Second)
		}
		w.clock.Turn(50 * time.Minute)
	}
	if right < wanted {
		t.Fatalf("%d of %d uncharged guesses would have been right, want %d: the test shows nothing", right, free, wanted)
	}
	for _, d := range w.status(p.id).Devices {
		if d.ID != p.device && !d.UsedAt.IsZero() {
			t.Fatal("a stale code was accepted from a device")
		}
	}
}

// proveStale gives stale codes to the guard: alone they are no strike, and beside a
// wrong PIN they are one.
func proveStale(t *testing.T, env Env, authenticator bool) {
	w := newWorld(t, env, func(o *factor.Options) {
		o.TOTP.Skew = 10
		o.Reset = factor.ResetOptions{Strikes: 100, Authenticator: authenticator}
	})
	kinds := []factor.Kind{factor.KindDeviceTOTP}
	if authenticator {
		kinds = append(kinds, factor.KindTOTP)
	}
	for _, kind := range kinds {
		p := w.person()
		codes := p.staleCodes(kind)
		key, code := collide(t, w, p.phone.step(w.clock.Now()), codes)
		must(t, w.Admin.Import(ctx, p.id, importKey(otherID, key)))
		for i, c := range append(codes, code) {
			mustBeStale(t, w.Guard.Prove(ctx, p.id, factor.Credentials{OTP: c}))
			if n := w.status(p.id).Strikes; n != i {
				t.Fatalf("%d strikes after %d wrong PINs and a stale code", n, i)
			}
			err := w.Guard.Prove(ctx, p.id, both(factor.Credentials{OTP: c}, p.wrong(factor.KindPIN)))
			if m, ok := errors.AsType[*factor.MismatchError](err); !ok || m.Stale || m.Kind != factor.KindPIN {
				t.Fatalf("a stale code beside a wrong PIN was answered %v", err)
			}
		}
	}
}
