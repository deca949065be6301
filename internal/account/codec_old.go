package account

import "slices"

// 0.1.0 wrote versions 1 and 2 of the encoding, which are read for ever. Version 2
// adds marks of imports, and PIN hashes of other systems.
const (
	oldestVersion   = 1
	importedVersion = 2
)

// storedBudgets holds the kinds of the budgets in versions 1 and 2, in order.
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
		r.fail() // these versions padded to the next multiple
	}
}

// oldCodes reads codes without purposes, at most one of them live.
func (r *reader) oldCodes(c *Codes) {
	r.codes(c)
	r.must(len(c.Live) <= 1)
	for _, code := range slices.Concat(c.Live, c.Stale) {
		r.must(code.Seal == Seal{})
	}
}
