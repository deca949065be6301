package explore

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

func binding() []*operation {
	set := func(name string, judges, clears []factor.Kind, spends string, proof func(h *held) creds) *operation {
		return &operation{
			name: name, method: "PINs.Set", judges: judges, clears: kinds(clears, pinKind), spends: spends, binds: true, mends: true,
			run: func(c *caller) answer { return said(c.p.PINs.Set(c.ctx, user, c.pin(), proof(&c.held))) },
		}
	}
	return []*operation{
		set("set pin by account code", codeKinds, codeKinds, string(proofCode), func(h *held) creds { return creds{OTP: h.issued[proofCode]} }),
		set("set pin by password", passKind, passKind, "", func(*held) creds { return creds{Password: password} }),
		{name: "remove pin by pin", method: "PINs.Remove", judges: pinKind, clears: pinKind, run: func(c *caller) answer {
			return said(c.p.PINs.Remove(c.ctx, user, creds{PIN: rightPIN}))
		}},
		{name: "is a pin set", method: "PINs.IsSet", reads: true, run: func(c *caller) answer {
			set, err := c.p.PINs.IsSet(c.ctx, user)
			return saying(boolText[set], err)
		}},
		{name: "wait for a pin", method: "PINs.Wait", reads: true, waits: true, run: func(c *caller) answer {
			set, err := c.p.PINs.Wait(c.ctx, user, time.Second)
			return saying(boolText[set], err)
		}},
	}
}

var boolText = map[bool]string{false: "no", true: "yes"}

func enrolling() []*operation {
	deviceKind := []factor.Kind{factor.KindDeviceTOTP}
	enroll := func(name string, judges, clears []factor.Kind, spends string, device func(c *caller) uuid.UUID, proof func(h *held) creds) *operation {
		return &operation{
			name: name, method: "DeviceTOTPEnroller.Enroll", judges: judges, clears: kinds(clears, deviceKind), spends: spends, binds: true, mends: true,
			run: func(c *caller) answer {
				return c.enrolled(c.p.Devices.Enroll(c.ctx, user, device(c), proof(&c.held)))
			},
		}
	}
	shared := func(*caller) uuid.UUID { return sharedDevice }
	old := func(*caller) uuid.UUID { return oldDevice }
	begin := func(name string, judges, clears []factor.Kind, spends string, proof func(h *held) creds) *operation {
		return &operation{name: name, method: "AuthenticatorEnroller.Begin", judges: judges, clears: clears, spends: spends, run: func(c *caller) answer {
			return c.enrolled(c.p.Auth.Begin(c.ctx, user, proof(&c.held)))
		}}
	}
	byAccount := func(h *held) creds { return creds{OTP: h.issued[proofCode]} }
	byDevice := func(h *held) creds { return creds{OTP: h.device} }
	byPIN := func(*held) creds { return creds{PIN: rightPIN} }
	return []*operation{
		enroll("enroll unproven", nil, nil, "", shared, func(*held) creds { return creds{} }),
		enroll("enroll by account code", codeKinds, codeKinds, string(proofCode), (*caller).device, byAccount),
		enroll("enroll anew by pin", pinKind, pinKind, "", old, byPIN),
		enroll("enroll by wrong code", codeKinds, nil, "", shared, func(*held) creds { return creds{OTP: wrongCode} }),
		{
			name: "revoke by its own code", method: "DeviceTOTPEnroller.Revoke", judges: codeKinds, clears: codeKinds, spends: "device",
			run: func(c *caller) answer { return said(c.p.Devices.Revoke(c.ctx, user, oldDevice, byDevice(&c.held))) },
		},
		{name: "devices", method: "DeviceTOTPEnroller.Devices", reads: true, run: func(c *caller) answer {
			all, err := c.p.Devices.Devices(c.ctx, user)
			return saying(fmt.Sprint(all), err)
		}},
		{name: "holdings", method: "Verifier.Holdings", reads: true, run: func(c *caller) answer {
			held, err := c.p.V.Holdings(c.ctx, user)
			return saying(fmt.Sprint(held), err)
		}},
		begin("begin by account code", codeKinds, codeKinds, string(proofCode), byAccount),
		{
			name: "confirm", method: "AuthenticatorEnroller.Confirm", clears: []factor.Kind{factor.KindTOTP}, spends: "pending",
			run: func(c *caller) answer { return said(c.p.Auth.Confirm(c.ctx, user, c.held.pending)) },
		},
		{name: "confirm with a wrong code", method: "AuthenticatorEnroller.Confirm", run: func(c *caller) answer {
			return said(c.p.Auth.Confirm(c.ctx, user, wrongCode))
		}},
		{
			name: "remove authenticator by account code", method: "AuthenticatorEnroller.Remove",
			judges: codeKinds, clears: codeKinds, spends: string(proofCode),
			run: func(c *caller) answer { return said(c.p.Auth.Remove(c.ctx, user, byAccount(&c.held))) },
		},
	}
}

func recovering() []*operation {
	return []*operation{
		{
			name: "generate recovery codes by account code", method: "RecoveryCodes.Generate",
			judges: codeKinds, clears: kinds(codeKinds, []factor.Kind{factor.KindRecovery}), spends: string(proofCode),
			run: func(c *caller) answer {
				return c.recovered(c.p.Recovery.Generate(c.ctx, user, creds{OTP: c.held.issued[proofCode]}))
			},
		},
		{name: "remove recovery codes by pin", method: "RecoveryCodes.Remove", judges: pinKind, clears: pinKind, run: func(c *caller) answer {
			return said(c.p.Recovery.Remove(c.ctx, user, creds{PIN: rightPIN}))
		}},
	}
}
