package explore

import (
	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/pinhash/pinhashtest"
)

func guarding() []*operation {
	prove := func(name, spends string, proof func(h *held) creds) *operation {
		return &operation{name: "prove by " + name, method: "ResetGuard.Prove", spends: spends, guards: true, run: func(c *caller) answer {
			return said(c.p.Guard.Prove(c.ctx, user, proof(&c.held)))
		}}
	}
	all := []*operation{
		prove("pin", "", func(*held) creds { return creds{PIN: rightPIN} }),
		prove("wrong pin", "", func(*held) creds { return creds{PIN: wrongPIN} }),
		prove("wrong code", "", func(*held) creds { return creds{OTP: wrongCode} }),
		prove("device code", "device", func(h *held) creds { return creds{OTP: h.device} }),
		prove("totp code", "totp", func(h *held) creds { return creds{OTP: h.totp} }),
		prove("device code, wrong pin", "device", func(h *held) creds { return creds{OTP: h.device, PIN: wrongPIN} }),
		prove("wrong code, pin", "", func(*held) creds { return creds{OTP: wrongCode, PIN: rightPIN} }),
	}
	for _, o := range all {
		o.mends = o.name != "prove by wrong pin" && o.name != "prove by wrong code"
	}
	return append(all, &operation{name: "forfeit", method: "ResetGuard.Forfeit", run: func(c *caller) answer {
		return said(c.p.Guard.Forfeit(c.ctx, user))
	}})
}
func administering() []*operation {
	unlocked := []factor.Kind{factor.KindPIN, factor.KindDeviceTOTP}
	return []*operation{
		{name: "status", method: "Admin.Status", reads: true, run: (*caller).status},
		{name: "unlock pin and device-totp", method: "Admin.Unlock", clears: unlocked, run: func(c *caller) answer {
			return said(c.p.Admin.Unlock(c.ctx, user, unlocked...))
		}},
		{name: "admin sets pin", method: "Admin.SetPIN", clears: pinKind, binds: true, mends: true, run: func(c *caller) answer {
			return said(c.p.Admin.SetPIN(c.ctx, user, c.pin()))
		}},
		{name: "admin removes pin", method: "Admin.RemovePIN", run: func(c *caller) answer {
			return said(c.p.Admin.RemovePIN(c.ctx, user))
		}},
		{name: "admin removes authenticator", method: "Admin.RemoveAuthenticator", run: func(c *caller) answer {
			return said(c.p.Admin.RemoveAuthenticator(c.ctx, user))
		}},
		{name: "admin removes recovery codes", method: "Admin.RemoveRecoveryCodes", run: func(c *caller) answer {
			return said(c.p.Admin.RemoveRecoveryCodes(c.ctx, user))
		}},
		{name: "admin revokes device", method: "Admin.RevokeDevice", run: func(c *caller) answer {
			return said(c.p.Admin.RevokeDevice(c.ctx, user, oldDevice))
		}},
		{name: "forget", method: "Admin.Forget", clears: allKinds, mends: true, run: func(c *caller) answer {
			return said(c.p.Admin.Forget(c.ctx, user))
		}},
		{name: "discard", method: "Admin.Discard", clears: allKinds, mends: true, run: func(c *caller) answer {
			return said(c.p.Admin.Discard(c.ctx, user))
		}},
		{name: "password changed", method: "Admin.PasswordChanged", clears: passKind, run: func(c *caller) answer {
			return said(c.p.Admin.PasswordChanged(c.ctx, user))
		}},
		{name: "void codes", method: "Admin.VoidCodes", run: func(c *caller) answer {
			return said(c.p.Admin.VoidCodes(c.ctx, user))
		}},
		{name: "import", method: "Admin.Import", clears: kinds(pinKind, []factor.Kind{factor.KindDeviceTOTP}), binds: true, mends: true, run: (*caller).imports},
		{name: "reseal", method: "Admin.Reseal", run: func(c *caller) answer {
			return said(c.p.Admin.Reseal(c.ctx, user))
		}},
		{name: "users", method: "Admin.Users", reads: true, run: (*caller).users},
		{name: "sweep", method: "Admin.Sweep", run: (*caller).sweep},
	}
}

// importedSecrets are secrets of the devices that callers import.
var importedSecrets = [...]string{
	"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "KRUGKIDROVUWG2ZAMJZG653OEBTG66BA",
}

// imports imports a PIN and a device that only this caller has.
func (c *caller) imports() answer {
	secret := importedSecrets[c.pos]
	a := said(c.p.Admin.Import(c.ctx, user, factor.Import{
		PIN:     &factor.ImportedPIN{Hash: pinhashtest.Cheap(c.pin())},
		Devices: []factor.ImportedDevice{{ID: c.device(), TOTP: factor.ImportedTOTP{Secret: secret}}},
	}))
	if a.err == nil {
		a.made = &credential{c.made("secret"), asDevice, totpCode(secret, 0)}
	}
	return a
}
