package model

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/pinhash/pinhashtest"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
	"pgregory.net/rapid"
)

// importPool holds secrets of other systems, named by their index from 1. There are
// few, so that the same ones are imported repeatedly, into the same place and
// others.
var importPool = []string{
	"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "KRUGKIDROVUWG2ZAMJZG653OEBTG66BA",
}

var importPINs = []string{"2580", "4826", "1111"}

func (m *machine) imports(t *rapid.T) {
	a := m.act(spec.Import, m.drawUser(t))
	h, g := &a.Held, &a.args.Import
	if rapid.Bool().Draw(t, "a PIN") {
		n := pick(t, "pin", 0, 1, 2)
		h.PIN = spec.HeldElsewhere{Digits: importPINs[n], Mark: 1 << n, Since: m.drawSince(t)}
		g.PIN = &factor.ImportedPIN{Hash: pinhashtest.Cheap(importPINs[n]), SetAt: timeOf(h.PIN.Since)}
		a.label("PIN %s", importPINs[n])
	}
	if rapid.Bool().Draw(t, "an authenticator") {
		h.Authenticator = m.drawElsewhere(t, 0)
		totp := totpOf(h.Authenticator)
		g.Authenticator = &totp
		a.label("authenticator %v", h.Authenticator.Secret)
	}
	for range pick(t, "devices", 0, 1, 1, 2) {
		d := m.drawElsewhere(t, pick(t, "device", devicePool[:3]...))
		d.Since = m.drawSince(t)
		h.Devices = append(h.Devices, d)
		g.Devices = append(g.Devices, factor.ImportedDevice{ID: translate.DeviceID(d.ID), TOTP: totpOf(d), EnrolledAt: timeOf(d.Since)})
		a.label("%s %v", deviceName(d.ID), d.Secret)
	}
	if u := m.users[a.User]; a.make() && u != nil {
		for _, s := range append([]spec.Secret{u.state.Authenticator}, secretsOf(u.devices())...) {
			if s.Key != 0 && s.Key <= 3 && !slices.Contains(u.secrets, s) {
				u.secrets = append(u.secrets, s)
			}
		}
	}
}

func secretsOf(devices []spec.Device) (all []spec.Secret) {
	for _, d := range devices {
		all = append(all, d.Secret)
	}
	return all
}

// drawSince draws when something was bound elsewhere: unknown, long ago, or about
// MinAge ago.
func (m *machine) drawSince(t *rapid.T) spec.Time {
	ago := pick(t, "bound ago", 0, 0, time.Minute, m.cfg.opts.Reset.MinAge, m.cfg.opts.Reset.MinAge+time.Minute, 24*time.Hour)
	if ago == 0 {
		return 0
	}
	return spec.At(m.now.Add(-ago))
}

func timeOf(at spec.Time) time.Time {
	if at == 0 {
		return time.Time{}
	}
	return at.Time()
}

func (m *machine) drawElsewhere(t *rapid.T, id spec.Name) spec.HeldElsewhere {
	now := max(0, m.now.Unix()/30)
	key, digits := pick(t, "secret", 0, 1, 2), pick(t, "digits", 6, 6, 6, 8)
	last := pick(t, "last step", 0, 0, max(0, now-1), now, now+10)
	s := spec.Secret{Key: spec.Name(key + 1), Digits: uint8(digits), Period: 30, Last: last}
	if last == 0 {
		s.Last = spec.NoStep
	}
	bit := len(importPINs) + 6*int(id) + 2*key + (digits-6)/2
	return spec.HeldElsewhere{ID: id, Secret: s, Mark: 1 << bit}
}

// totpOf converts a secret for Import: one with other digits becomes a URL.
func totpOf(h spec.HeldElsewhere) factor.ImportedTOTP {
	secret, last := importPool[h.Secret.Key-1], max(0, h.Secret.Last)
	if h.Secret.Digits == 6 {
		return factor.ImportedTOTP{Secret: strings.ToLower(secret), LastStep: last}
	}
	return factor.ImportedTOTP{URL: fmt.Sprintf("otpauth://totp/x?secret=%s&digits=%d", secret, h.Secret.Digits), LastStep: last}
}
