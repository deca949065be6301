package torture

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/knowhave/factor"
)

// probe presents to the reopened store what was accepted before, which must be
// refused, and one time in four what the user certainly holds, which must be
// accepted once.
func (a *auditor) probe(ctx context.Context, u *user) (violations []string, err error) {
	for _, c := range a.replays(u) {
		if u.ended(c.Proof, time.Now()) || u.lucky(c.Proof) {
			continue
		}
		if m, err := a.present(ctx, u, c.Proof); err == nil {
			violations = append(violations, fmt.Sprintf("%s: a code is accepted again after the life, as %v: %s", u.name, m, c))
		} else if !isRefusal(err) {
			return nil, err
		}
	}
	for _, p := range u.certain() {
		if a.rand.IntN(4) > 0 {
			continue
		}
		_, err := a.present(ctx, u, p)
		switch {
		case err == nil:
			u.accept(p, a.Life)
		case errors.Is(err, factor.ErrLocked) || u.ended(p, time.Now()):
			continue
		case errors.Is(err, factor.ErrMismatch):
			violations = append(violations, fmt.Sprintf("%s: %+v is held, and refused after the life", u.name, p))
			continue
		default:
			return nil, err
		}
		if p.OTP == "" {
			continue
		}
		if m, err := a.present(ctx, u, p); err == nil {
			violations = append(violations, fmt.Sprintf("%s: %+v is accepted twice after the life, as %v", u.name, p, m))
		} else if !isRefusal(err) {
			return nil, err
		}
	}
	st, err := a.look(ctx, u)
	u.recount(st)
	return violations, err
}

// replays returns the calls whose codes to present again: those of the last life,
// the newest before it, and a few others. The engine does not remember all of
// these, and charges those as wrong.
func (a *auditor) replays(u *user) []*call {
	all := u.accepted()
	var some []*call
	for n, c := range all {
		if c.life == a.Life || len(all)-n <= usedKept || a.rand.IntN(len(all)) == 0 {
			some = append(some, c)
		}
	}
	return some
}

// present presents a code or a PIN.
func (a *auditor) present(ctx context.Context, u *user, p proof) (factor.Match, error) {
	a.report.Probes++
	if p.OTP == "" {
		return factor.Match{Kind: factor.KindPIN}, a.api.verifier.VerifyPIN(ctx, u.name, p.PIN)
	}
	return a.api.verifier.VerifyOTP(ctx, u.name, p.OTP, p.Kind)
}

func isRefusal(err error) bool {
	return errors.Is(err, factor.ErrMismatch) || errors.Is(err, factor.ErrLocked)
}

// ended reports whether a code is useless by now, whatever happened to it. It would
// be charged, and soon everything would be locked.
func (u *user) ended(p proof, now time.Time) bool {
	switch p.Kind {
	case "": // a PIN
		return false
	case factor.KindDeviceTOTP:
		return p.Step < stepAt(now.UnixMilli())-skew
	default:
		return now.UnixMilli() >= u.codes[p.codeName()].first
	}
}

// lucky reports whether a used device code is right again by chance.
func (u *user) lucky(p proof) bool {
	k := u.keys[p.Key]
	if k == nil {
		return false
	}
	all := map[string]bool{k.secret: true}
	for _, names := range u.devices {
		for _, name := range names {
			if other := u.keys[name]; other != nil && other.secret != "" {
				all[other.secret] = true
			}
		}
	}
	return ambiguous(k.secret, p.Step, slices.Collect(maps.Keys(all)))
}

// certain returns what the user can certainly present: live codes, a fresh code of
// each device and the PIN.
func (u *user) certain() []proof {
	var all []proof
	for _, k := range issuedKinds {
		if c := u.codes[u.live[k][0]]; len(u.live[k]) == 1 && c != nil && c.digits != "" {
			all = append(all, proof{OTP: c.digits, Kind: k})
		}
	}
	h := u.holdings()
	for _, id := range h.deviceIDs() {
		if len(u.devices[id]) > 1 {
			continue
		}
		if p, ok := h.freshCode(id, time.Now()); ok {
			all = append(all, p)
		}
	}
	if len(u.pin) == 1 && u.pin[0] != "" {
		all = append(all, proof{PIN: u.pin[0]})
	}
	return all
}

// accept records an acceptance after a life.
func (u *user) accept(p proof, life int) {
	c := &call{span: over, intent: intent{User: u.name, Proof: p}, answer: answer{Class: classOK},
		life: life, name: fmt.Sprintf("after life %d", life), to: time.Now().UnixMilli()}
	if k := u.keys[p.Key]; k != nil {
		k.used = append(k.used, c)
		k.next = max(k.next, p.Step+1)
		return
	}
	if x := u.codes[p.codeName()]; x != nil {
		x.accepted = append(x.accepted, c)
		u.live[x.kind] = []string{""}
	}
}
