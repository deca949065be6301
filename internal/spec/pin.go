package spec

import "strings"

// newPIN judges a new PIN by the policy, which applies to new ones only: its
// length, its different digits, no run of 0123456789012 up or down, and the host's
// Deny.
func (o *Options) newPIN(c *Call) Err {
	different := 0
	for digit := '0'; digit <= '9'; digit++ {
		if strings.ContainsRune(c.NewPIN, digit) {
			different++
		}
	}
	series := strings.Contains("0123456789012", c.NewPIN) || strings.Contains("2109876543210", c.NewPIN)
	switch {
	case len(c.NewPIN) != o.PIN.Length, different < o.PIN.MinDistinct, series && !o.PIN.AllowSeries:
		return WeakPIN
	case c.Host.Denies == Yes:
		return WeakPIN
	case c.Host.Denies == Fails:
		return HostFault
	}
	return OK
}

func (t *turn) hasPIN() Err {
	if t.PIN.Digits == "" {
		return NotEnrolled
	}
	return OK
}

// pinIsSet is also the answer of a Wait that need not wait.
func (t *turn) pinIsSet() Answer { return Answer{Set: t.hasPIN() == OK} }

// setPIN binds a PIN, replacing an earlier one.
func (t *turn) setPIN() {
	if t.PIN.Digits != "" {
		t.removed()
	}
	t.PIN = HeldPIN{Digits: t.call.NewPIN, SetAt: t.now}
	t.countAnew(KindPIN)
	t.bound()
	t.event(Event{Action: pinSet, Kind: KindPIN})
}

func (t *turn) removePIN() {
	t.PIN, t.Vacated.PIN = HeldPIN{}, true
	t.removed()
	t.event(Event{Action: pinRemoved, Kind: KindPIN})
}
