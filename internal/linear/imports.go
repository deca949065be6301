package linear

import (
	"math/rand/v2"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/pinhash/pinhashtest"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
)

// importPool are secrets of another system.
var importPool = []string{"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}

// importedKey names them, beyond all calls.
func importedKey(place int) spec.Name { return spec.Name(10_000 + place) }

// imports draws one or more holdings to import.
func (w *world) imports(rng *rand.Rand, c *Call) {
	h, g := &c.Held, &c.args.Import
	if w.pinned && rng.IntN(2) == 0 {
		n := rng.IntN(len(pins))
		h.PIN = spec.HeldElsewhere{Digits: pins[n], Mark: 1 << n, Since: w.since(rng)}
		g.PIN = &factor.ImportedPIN{Hash: pinhashtest.Cheap(pins[n]), SetAt: timeOf(h.PIN.Since)}
	}
	key := rng.IntN(len(importPool))
	if rng.IntN(3) == 0 {
		h.Authenticator = w.elsewhere(rng, 0, key)
		totp := totpOf(h.Authenticator)
		g.Authenticator = &totp
		key = (key + 1) % len(importPool)
	}
	if rng.IntN(3) == 0 && h.Authenticator.Secret.Key != 0 {
		return
	}
	d := w.elsewhere(rng, spec.Name(1+rng.IntN(2)), key)
	d.Since = w.since(rng)
	h.Devices = []spec.HeldElsewhere{d}
	g.Devices = []factor.ImportedDevice{{ID: translate.DeviceID(d.ID), TOTP: totpOf(d), EnrolledAt: timeOf(d.Since)}}
}

func (w *world) since(rng *rand.Rand) spec.Time {
	return draw(rng, 0, spec.At(epoch.Add(-time.Hour)), spec.At(epoch.Add(-2*time.Minute)))
}

func (w *world) elsewhere(rng *rand.Rand, id spec.Name, key int) spec.HeldElsewhere {
	s := spec.Secret{Key: importedKey(key), Digits: digits, Period: int32(period / time.Second), Last: spec.NoStep}
	if rng.IntN(3) == 0 {
		s.Last = stepAt(spec.At(epoch))
	}
	bit := len(pins) + len(importPool)*int(id) + key
	return spec.HeldElsewhere{ID: id, Secret: s, Mark: 1 << bit}
}

func totpOf(h spec.HeldElsewhere) factor.ImportedTOTP {
	return factor.ImportedTOTP{
		Secret: importPool[h.Secret.Key-importedKey(0)], Digits: digits, Period: period, LastStep: max(0, h.Secret.Last),
	}
}

func timeOf(at spec.Time) time.Time {
	if at == 0 {
		return time.Time{}
	}
	return at.Time()
}
