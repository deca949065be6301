package explore

import (
	"maps"
	"time"

	"github.com/knowhave/factor"
)

const longAgo = 400 * 24 * time.Hour

func youngProof(o *factor.Options) { o.Reset.MinAge, o.Reset.Authenticator = time.Hour, true }

// states returns the catalogue of starting states.
func states() []*start {
	return []*start{
		{name: "fresh", build: func(*builder) {}},
		{name: "member", registered: longAgo, build: (*builder).member},
		{name: "devices full", registered: longAgo, build: func(b *builder) {
			b.member()
			b.enroll(secondDevice)
		}},
		{name: "one guess left", registered: longAgo, build: func(b *builder) {
			b.member()
			b.guess()
			b.guess()
		}},
		{name: "locked", registered: longAgo, build: func(b *builder) {
			b.member()
			b.guess()
			b.guess()
			b.guess()
		}},
		{name: "last guess before the final lock", registered: longAgo, build: func(b *builder) {
			b.bind()
			b.guessBefore(4)
			b.issue()
		}},
		{name: "locked for good", registered: longAgo, build: func(b *builder) {
			b.bind()
			b.guessBefore(5)
			b.issue()
		}},
		{name: "codes used", registered: longAgo, build: func(b *builder) { // beside new ones that are live
			b.member()
			used := maps.Clone(b.held.issued)
			for _, k := range issuedKinds {
				b.use(used[k], k)
			}
			b.issue()
			b.held.issued = used
			b.use(b.held.device, factor.KindDeviceTOTP)
			b.use(b.held.totp, factor.KindTOTP)
			b.use(b.held.recovery, factor.KindRecovery)
			_, err := b.For(payment...).V.VerifyOTP(b.ctx, user, b.held.payment)
			b.must(err)
		}},
		{name: "codes expired", registered: longAgo, build: func(b *builder) {
			b.bind()
			b.at(20 * time.Minute)
			b.issue()
			b.held.pending = totpCode(b.begin(), 0)
			b.at(0)
		}},
		{name: "old hash", registered: longAgo, build: func(b *builder) {
			b.member()
			b.rehash()
		}},
		{name: "intervals just over", registered: longAgo, build: func(b *builder) {
			b.bind()
			b.at(2 * time.Minute)
			b.issue()
			b.strike(1)
			b.at(0)
		}, change: func(o *factor.Options) { o.OTP.Interval, o.Reset.Interval = time.Minute, time.Minute }},
		{name: "authenticator waiting", registered: longAgo, build: func(b *builder) {
			b.member()
			b.must(b.Admin.RemoveAuthenticator(b.ctx, user))
			b.held.pendingOld = totpCode(b.begin(), 0)
			b.held.pending = totpCode(b.begin(), 0)
		}},
		{name: "authenticator's last code", registered: longAgo, build: func(b *builder) {
			b.member()
			b.held.pending = totpCode(b.begin(), 0)
			for range 4 {
				_ = b.Auth.Confirm(b.ctx, user, wrongCode)
			}
		}},
		{name: "three strikes", registered: longAgo, build: func(b *builder) {
			b.member()
			b.strike(3)
		}},
		{name: "repeats forgiven", registered: longAgo, build: func(b *builder) {
			b.member()
			b.strike(3)
		}, change: func(o *factor.Options) { o.Reset.ForgiveRepeats, o.Reset.Strikes = true, 1 }},
		{name: "too young to prove", registered: longAgo, young: true, build: func(b *builder) {
			b.at(30 * time.Minute)
			b.must(b.Admin.SetPIN(b.ctx, user, rightPIN))
			b.issue()
			b.must(b.PINs.Remove(b.ctx, user, creds{PIN: rightPIN}))
			b.at(0)
			b.authenticator()
			b.issue()
		}, change: youngProof},
		{name: "old beside young", registered: longAgo, build: func(b *builder) {
			b.bind()
			b.at(0)
			secret := b.enroll(oldDevice)
			b.held.older, b.held.device, b.held.next = totpCode(secret, -1), totpCode(secret, 0), totpCode(secret, 1)
			b.issue()
		}, change: youngProof},
		{name: "wipe pending", registered: longAgo, build: func(b *builder) {
			b.member()
			b.wipe()
			b.issue()
		}},
		{name: "wipe failing", registered: longAgo, wipeFails: true, build: func(b *builder) {
			b.member()
			b.wipe()
			b.issue()
		}},
		{name: "wiped", registered: longAgo, build: func(b *builder) {
			b.member()
			b.must(b.Guard.Forfeit(b.ctx, user))
			b.issue()
		}},
		{name: "empty", registered: longAgo, build: func(b *builder) {
			b.member()
			b.must(b.Admin.Forget(b.ctx, user))
		}},
		{name: "empty, due for removal", registered: longAgo, build: func(b *builder) {
			b.at(25 * time.Hour)
			b.must(b.Admin.SetPIN(b.ctx, user, rightPIN))
			b.must(b.Admin.Forget(b.ctx, user))
			b.at(0)
		}},
		{name: "under a lost key", registered: longAgo, build: func(b *builder) {
			b.member()
			r, err := b.store.Load(b.ctx, user)
			b.must(err)
			b.must(b.store.CompareAndSwap(b.ctx, user, r.Version, factor.Record{Data: []byte("lost"), Version: 1, Due: now}))
		}},
	}
}
