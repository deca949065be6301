package account

import "slices"

// What 0.1.0 wrote, in versions 1 and 2 of the encoding, is read for ever. Version 2
// has marks of what was imported, and may have a PIN's hash of another system.
const (
	oldestVersion   = 1
	importedVersion = 2
)

// storedBudgets holds the kinds whose budgets versions 1 and 2 have, in their order.
var storedBudgets = [...]Kind{KindPassword, KindPIN, KindLogin, KindAccount, KindTOTP, KindDeviceTOTP}

func (r *reader) oldAccount(a *Account, version byte) {
	if r.bool() {
		a.PIN = r.pin()
		if a.PIN.Imported() && version != importedVersion {
			r.fail()
		}
	}
	a.Devices = r.devices(a.Devices)
	if r.bool() {
		a.Authenticator = &Authenticator{}
		r.totp(&a.Authenticator.TOTP)
	}
	if r.bool() {
		a.Pending = &Pending{}
		r.totp(&a.Pending.TOTP)
		a.Pending.ExpiresAt, a.Pending.Wrong = r.time(), int(r.uvarint(pendingTries))
	}
	r.oldCodes(a.Codes(KindLogin))
	r.oldCodes(a.Codes(KindAccount))
	for _, k := range storedBudgets {
		*a.Budget(k) = Budget{int(r.uvarint(MaxFailures)), r.time()}
	}
	r.guard(&a.Guard)
	a.Emptied = r.time()
	if version == importedVersion {
		a.Marks = r.marks()
	}
	if r.left() >= blockSize {
		r.fail() // these were padded to the next multiple
	}
}

// oldCodes reads what has one live code at most, and no purposes.
func (r *reader) oldCodes(c *Codes) {
	r.codes(c)
	r.must(len(c.Live) <= 1)
	for _, code := range slices.Concat(c.Live, c.Stale) {
		r.must(code.Seal == Seal{})
	}
}
