package accounttest

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/knowhave/factor/internal/account"
)

// OutOfBounds names what is out of bounds in an account, "" if nothing is.
func OutOfBounds(a *account.Account) string {
	var b bounds
	b.pin(a.PIN)
	b.devices(a.Devices)
	if a.Authenticator != nil {
		b.secret(a.Authenticator.TOTP)
		b.instant("authenticator confirmed", a.Authenticator.ConfirmedAt)
	}
	b.pending(a.Pending)
	for _, k := range account.IssuedKinds {
		b.codes(*a.Codes(k))
	}
	for _, budget := range a.Budgets {
		b.check("budget", within(budget.Wrong, 0, 100))
		b.instant("lock ends", budget.Until)
	}
	if a.Recovery != nil {
		b.check("used recovery codes", within(a.Recovery.Used, 0, 0x3ff))
	}
	b.guard(a.Guard)
	b.notices(a.Notices)
	b.instant("emptied", a.Emptied)
	if len(b) == 0 {
		return ""
	}
	return fmt.Sprint([]string(b))
}

// bounds collects the names of what is out of bounds.
type bounds []string

func (b *bounds) check(what string, ok bool) {
	if !ok {
		*b = append(*b, what)
	}
}

// instant checks that an account can keep the time unchanged.
func (b *bounds) instant(what string, t time.Time) {
	b.check(what, t.Location() == time.UTC && t.Nanosecond()%1e6 == 0)
}

func (b *bounds) pin(p *account.PIN) {
	if p == nil {
		return
	}
	argon2id := within(p.Memory, 0, 4<<20) && within(p.Time, 1, 1024) && p.Threads >= 1
	imported := p.Memory == 0 && p.Time == 0 && p.Threads == 0 && len(p.Salt) == 0
	b.check("pin", len(p.Sum) > 0 && (argon2id || imported))
	b.instant("pin set", p.SetAt)
}

func (b *bounds) devices(all []account.Device) {
	b.check("devices", len(all) <= 100)
	for _, d := range all {
		b.secret(d.TOTP)
		b.instant("device enrolled", d.EnrolledAt)
		b.instant("device used", d.UsedAt)
	}
}

func (b *bounds) secret(s account.TOTP) {
	b.check("secret", len(s.Secret) > 0 && s.Algorithm < 3 && within(s.Digits, 6, 8) && s.LastStep >= -1 &&
		within(s.Period, time.Second, 2*time.Minute) && s.Period%time.Second == 0)
}

func (b *bounds) pending(p *account.Pending) {
	if p == nil {
		return
	}
	b.secret(p.TOTP)
	b.check("pending wrong", within(p.Wrong, 0, 5))
	b.instant("pending ends", p.ExpiresAt)
	if p.Replaced != nil {
		b.secret(p.Replaced.TOTP)
		b.instant("replaced ends", p.Replaced.ExpiresAt)
	}
}

func (b *bounds) codes(c account.Codes) {
	all := slices.Concat(c.Live, c.Stale)
	b.check("live", len(c.Live) <= 4)
	b.check("stale", len(c.Stale) <= 8)
	for _, one := range all {
		b.check("code", within(len(one.Digits), 6, 8))
		b.instant("code ends", one.ExpiresAt)
	}
	b.instant("codes hold", c.NotBefore)
}

func (b *bounds) guard(g account.Guard) {
	b.check("strikes", within(g.Strikes, 0, 100))
	b.instant("reset hold", g.NotBefore)
	b.instant("removal hold", g.HoldUntil)
	if w := g.Wipe; w != nil {
		b.check("wipe", w.Tries >= 0 && (w.Reason == account.ReasonStrikes || w.Reason == account.ReasonForfeited))
		b.instant("wipe at", w.At)
		b.instant("wipe retry", w.RetryAt)
	}
}

func (b *bounds) notices(n account.Notices) {
	b.check("notices", len(n.Waiting) <= 16 && n.Dropped >= 0 && n.Tries >= 0)
	for _, one := range n.Waiting {
		b.instant("notice at", one.At)
		b.check("notice", slices.Contains(account.NoticeActions[:], one.Action))
	}
	b.instant("notices retry", n.RetryAt)
}

func within[T cmp.Ordered](x, least, most T) bool { return x >= least && x <= most }
