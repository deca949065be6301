package threats

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// Threat10Mixups tries each code as another user's, as another kind, of another
// device and for another purpose: only its own place accepts it. A sealed row
// that was moved to another user opens for no method.
func Threat10Mixups(t *testing.T, env Env) {
	t.Run("codes", func(t *testing.T) { mixCodes(t, env) })
	t.Run("purposes", func(t *testing.T) { mixPurposes(t, env) })
	t.Run("rows", func(t *testing.T) { mixRows(t, env) })
}

// A place is where a code belongs.
type place struct {
	p      *person
	kind   factor.Kind
	device uuid.UUID
	code   string
}

// places returns the right codes of two users with two devices each, all
// different.
func places(w *world) []place {
	var ps []place
	seen := map[string]bool{}
	for range 2 {
		p := w.person()
		second := uuid.New()
		e, err := w.Devices.Enroll(ctx, p.id, second, p.right(factor.KindPassword))
		must(w.t, err)
		ps = append(ps,
			place{p: p, kind: factor.KindTOTP},
			place{p: p, kind: factor.KindRecovery},
			place{p, factor.KindDeviceTOTP, p.device, ""},
			place{p, factor.KindDeviceTOTP, second, ""})
		for _, k := range mailedKinds {
			ps = append(ps, place{p: p, kind: k})
		}
		p.pending = newGenerator(e) // the second phone
	}
	for i := range ps {
		p := ps[i].p
		ps[i].code = p.right(ps[i].kind).OTP
		if ps[i].device != uuid.Nil && ps[i].device != p.device {
			ps[i].code = p.pending.code(p.pending.step(w.clock.Now()))
		}
		seen[ps[i].code] = true
	}
	if len(seen) != len(ps) {
		return places(w) // Two codes happen to be the same.
	}
	return ps
}

func mixCodes(t *testing.T, env Env) {
	w := newWorld(t, env, nil)
	ps := places(w)
	for _, from := range ps {
		for _, to := range ps {
			if from.p == to.p && from.kind == to.kind {
				continue
			}
			_, err := w.V.VerifyOTP(ctx, to.p.id, from.code, to.kind)
			want := factor.ErrMismatch
			if !slices.Contains(likeForm(from.kind), to.kind) {
				want = factor.ErrMalformed
			}
			if !errors.Is(err, want) {
				t.Fatalf("a %s code was answered %v as a %s code, same user: %v", from.kind, err, to.kind, from.p == to.p)
			}
			w.unlock(to.p.id)
		}
	}
	for _, pl := range ps {
		m, err := w.V.VerifyOTP(ctx, pl.p.id, pl.code, otpKinds...)
		if err != nil || m.Kind != pl.kind || m.Device != pl.device {
			t.Fatalf("a %s code was answered %v, %v at its own place", pl.kind, m, err)
		}
	}
}

// mixPurposes offers codes for what they are not meant for: login and
// authenticator codes as a proof where ProofKinds does not list them, another
// user's code as a proof, and any code to confirm an authenticator.
func mixPurposes(t *testing.T, env Env) {
	w := newWorld(t, env, nil)
	other := w.person()
	p := w.person()
	p.begin()
	pending := p.pending.code(p.pending.step(w.clock.Now()))
	strangeCodes := []string{pending}
	for _, kind := range otpKinds {
		of := p
		if slices.Contains(proofKinds, kind) {
			of = other
		}
		strangeCodes = append(strangeCodes, of.right(kind).OTP)
	}
	for _, j := range takers(factor.KindAccount)[1:] {
		for i, code := range strangeCodes {
			if err := j.call(ctx, w.process, p, "", factor.Credentials{OTP: code}); !errors.Is(err, strange(code)) {
				t.Fatalf("%s answered %v to strange code %d", j.name, err, i)
			}
			w.unlock(p.id)
		}
	}
	_, err := w.V.VerifyOTP(ctx, p.id, pending, factor.KindTOTP)
	mustBe(t, err, factor.ErrMismatch)
	for _, kind := range otpKinds {
		p.begin() // Five wrong codes drop the one that waits.
		code := p.right(kind).OTP
		mustBe(t, w.Auth.Confirm(ctx, p.id, code), strange(code))
		mustBe(t, w.Guard.Prove(ctx, other.id, factor.Credentials{OTP: code}), strange(code))
		must(t, w.Guard.Prove(ctx, other.id, other.right(factor.KindPIN)))
	}
	must(t, w.Auth.Confirm(ctx, p.id, p.pending.code(p.pending.step(w.clock.Now()))))
	w.clock.Turn(11 * time.Minute)
	_, err = w.V.VerifyOTP(ctx, p.id, p.right(factor.KindTOTP).OTP, factor.KindTOTP)
	mustBe(t, err, factor.ErrMismatch) // The app that was replaced.
}

// strange returns how a code is refused where it is of no kind that is asked for: without
// KindRecovery a recovery code is not even well-formed.
func strange(code string) error {
	if strings.Contains(code, "-") {
		return factor.ErrMalformed
	}
	return factor.ErrMismatch
}

// mixRows moves one user's row to another, as who can write the table could.
func mixRows(t *testing.T, env Env) {
	w := newWorld(t, env, everyProof)
	rich := w.person()
	for i, u := range uses {
		if env.skips(i, 3) {
			continue
		}
		p := w.person()
		u.prepare(p)
		w.restore(p.id, w.record(rich.id))
		mustNotOpen(t, w, w.process, p, u)
		w.restore(p.id, factor.Record{}) // Nobody sweeps it later.
	}
}

// mustNotOpen makes a use of a record that does not open: it is answered with
// ErrUnsealed and left as it is, except by Discard, which erases it.
func mustNotOpen(t *testing.T, w *world, on *process, p *person, u use) {
	t.Helper()
	before := w.record(p.id)
	err := u.run(ctx, on, p)
	after := w.record(p.id)
	switch u.method() {
	case "Admin.Discard":
		must(t, err)
		if after.Version == before.Version {
			t.Fatal("Discard left a record that does not open")
		}
		return
	case "Admin.Users", "Admin.Sweep": // These go on; Sweep reports who is due.
		if err != nil {
			mustBe(t, err, factor.ErrUnsealed)
		}
	default:
		if !errors.Is(err, factor.ErrUnsealed) {
			t.Fatalf("%s answered %v about a record that does not open, want ErrUnsealed", u.name, err)
		}
	}
	if after.Version != before.Version {
		t.Fatalf("%s overwrote a record that does not open", u.name)
	}
}
