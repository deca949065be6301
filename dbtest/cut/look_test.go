package cut

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/translate"
	"github.com/knowhave/factor/memstore"
)

// A look is what can be seen of a user's record: the status, the use of each
// credential, and what a later sweep does.
type look struct {
	text     string // equal for records that cannot be told apart
	version  int64
	wipe     *factor.Wipe
	works    map[string]bool
	finished uuid.UUID // the wipe that a later sweep finished
}

// look examines the stored record over another connection. It tries credentials on
// copies of the record.
func (l *line) look(s *state, o *operation, made []credential) (*look, error) {
	ctx := context.Background()
	r, err := l.direct.Load(ctx, user)
	if err != nil {
		return nil, err
	}
	st, err := newViews(l.direct, &host{now: now}).Admin.Status(ctx, user)
	if err != nil {
		return nil, err
	}
	found := &look{version: r.Version, wipe: st.Wipe, works: make(map[string]bool)}
	var text strings.Builder
	fmt.Fprintf(&text, "record %t, %s", !r.IsZero(), translate.Describe(st))

	c := newCopier(r)
	for _, b := range st.Budgets {
		if err := c.Admin.Unlock(ctx, user, b.Kind); err != nil {
			return nil, err
		}
	}
	unlocked, err := c.store.Load(ctx, user)
	if err != nil {
		return nil, err
	}
	for _, x := range append(s.held.credentials(o.pin), made...) {
		if x.code == "" {
			continue
		}
		c := newCopier(unlocked)
		switch x.kind {
		case "":
			err = c.Auth.Confirm(ctx, user, x.code)
		case factor.KindPIN:
			err = c.V.VerifyPIN(ctx, user, x.code)
		default:
			_, err = c.V.VerifyOTP(ctx, user, x.code, x.kind)
		}
		found.works[x.name] = err == nil
		fmt.Fprintf(&text, "; %s: %v", x.name, err)
	}

	c = newCopier(r)
	c.host.now = now.Add(2 * time.Hour)
	n, err := c.Admin.Sweep(ctx)
	if len(c.host.wiped) > 0 {
		found.finished = c.host.wiped[0]
	}
	fmt.Fprintf(&text, "; a sweep changes %d (%v) and wipes %d", n, err, len(c.host.wiped))
	found.text = text.String()
	return found, nil
}

// credentials are all that is tried.
func (h held) credentials(pin string) []credential {
	var all []credential
	for _, k := range issuedKinds {
		all = append(all, credential{string(k), k, h.issued[k]})
	}
	return append(all,
		credential{"device", factor.KindDeviceTOTP, h.device}, credential{"totp", factor.KindTOTP, h.totp},
		credential{"recovery", factor.KindRecovery, h.recovery}, credential{"pending", "", h.pending}, credential{"PIN", factor.KindPIN, pin},
	)
}

// A copier is a record's copy in memory.
type copier struct {
	*translate.Views
	store *memstore.Store
	host  *host
}

func newCopier(r factor.Record) *copier {
	c := &copier{store: memstore.New(), host: &host{now: now}}
	if !r.IsZero() {
		if r.Due.IsZero() {
			r.Due = now // Load need not return it; that nothing is due is for the sweep to find
		}
		if err := c.store.CompareAndSwap(context.Background(), user, 0, r); err != nil {
			panic(err) // into an empty store
		}
	}
	c.Views = newViews(c.store, c.host)
	return c
}
