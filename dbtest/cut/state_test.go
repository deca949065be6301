package cut

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/pinhash/pinhashtest"
	"github.com/knowhave/factor/internal/translate"
	"github.com/knowhave/factor/memstore"
)

type creds = factor.Credentials

// held is what a user holds in a state: codes that are right, or were.
type held struct {
	issued                map[factor.Kind]string // codes of the kinds that are issued
	device, totp, pending string
	recovery              string
}

// A state is a user's record to start from.
type state struct {
	name   string
	record factor.Record
	held   held
	wiped  bool // the wipe that the status shows is done
}

// states are built on a store in memory, each by the library's own means.
var states = map[string]func(*builder){
	"fresh":  func(*builder) {},
	"member": (*builder).member,
	"guessed": func(b *builder) {
		b.member()
		b.guess(2)
	},
	"locked": func(b *builder) {
		b.member()
		b.guess(3)
	},
	"spent": func(b *builder) {
		b.member()
		_, err := b.V.VerifyOTP(b.ctx, user, b.held.issued[factor.KindAccount])
		b.must(err)
		_, err = b.V.VerifyOTP(b.ctx, user, b.held.device)
		b.must(err)
	},
	"expired": func(b *builder) {
		b.host.now = now.Add(-time.Hour)
		b.member()
	},
	"waiting": func(b *builder) {
		b.member()
		b.must(b.Admin.RemoveAuthenticator(b.ctx, user))
		b.held.pending = totp(b.begin())
	},
	"struck": func(b *builder) {
		b.member()
		for range 3 {
			_ = b.Guard.Prove(b.ctx, user, creds{OTP: wrongCode})
		}
	},
	"pending": func(b *builder) {
		b.member()
		b.host.wipeFails = true
		_ = b.Guard.Forfeit(b.ctx, user)
		b.issue()
	},
	"wiped": func(b *builder) {
		b.member()
		b.must(b.Guard.Forfeit(b.ctx, user))
		b.issue()
	},
	"forgotten": func(b *builder) {
		b.host.now = now.Add(-25 * time.Hour)
		b.member()
		b.must(b.Admin.Forget(b.ctx, user))
	},
}

type builder struct {
	*translate.Views
	ctx  context.Context
	host *host
	held held
	errs error
}

// build makes a state.
func build(name string) (*state, error) {
	make, ok := states[name]
	if !ok {
		return nil, fmt.Errorf("no state %q", name)
	}
	store, h := memstore.New(), &host{now: now}
	b := &builder{Views: newViews(store, h), ctx: context.Background(), host: h}
	b.held = held{map[factor.Kind]string{}, "900003", "900004", "900005", "zzzz-zzzz-zzzz-zzzz"}
	for i, k := range issuedKinds {
		b.held.issued[k] = fmt.Sprintf("%06d", 910001+i)
	}
	make(b)
	r, err := store.Load(b.ctx, user)
	return &state{name, r, b.held, len(h.wiped) > 0}, errors.Join(b.errs, err)
}

func (b *builder) must(err error) { b.errs = errors.Join(b.errs, err) }

func (b *builder) begin() (secret string) {
	e, err := b.Auth.Begin(b.ctx, user, creds{Password: password})
	b.must(err)
	return e.Secret
}

// member gives the user one of each.
func (b *builder) member() {
	b.must(b.Admin.Import(b.ctx, user, factor.Import{
		PIN:     &factor.ImportedPIN{Hash: pinhashtest.Cheap(rightPIN)},
		Devices: []factor.ImportedDevice{{ID: oldDevice, TOTP: factor.ImportedTOTP{Secret: deviceSecret}}},
		Authenticator: &factor.ImportedTOTP{
			Secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
		},
	}))
	b.held.device, b.held.totp = totp(deviceSecret), totp("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
	printed, err := b.Recovery.Generate(b.ctx, user, creds{Password: password})
	b.must(err)
	b.held.recovery = printed[0].Code
	b.issue()
}

func (b *builder) issue() {
	for _, k := range issuedKinds {
		otp, err := b.Codes.IssueUnproven(b.ctx, user, k)
		b.must(err)
		b.held.issued[k] = otp.Code
	}
}

// guess gives n wrong answers of each kind.
func (b *builder) guess(n int) {
	for range n {
		_, _ = b.V.VerifyAny(b.ctx, user, creds{Password: "wrong", PIN: wrongPIN})
		_, _ = b.V.VerifyOTP(b.ctx, user, wrongCode, codeKinds...)
	}
}
