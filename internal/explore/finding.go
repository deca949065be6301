package explore

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

// A finding is what can be seen from outside of a user's record: the status, and
// the outcome of trying each credential on a copy of it.
type finding struct {
	text     string // equal for records that cannot be told apart
	status   factor.Status
	unopened bool
	works    map[string]bool // by the name of the credential
	// finished is the wipe that a later Sweep called and saw done.
	finished uuid.UUID
}

// wrong returns the count of a kind.
func (f *finding) wrong(k factor.Kind) int { return f.budget(k).Wrong }

func (f *finding) budget(k factor.Kind) factor.Budget {
	for _, b := range f.status.Budgets {
		if b.Kind == k {
			return b
		}
	}
	return factor.Budget{Kind: k}
}

// tries is the number of wrong answers of a kind that can still be judged.
func (f *finding) tries(k factor.Kind) int {
	b := f.budget(k)
	if b.Locked {
		return 0
	}
	return max(1, 3-b.Wrong)
}

// A prober examines records, on its own process and store.
type prober struct {
	*process
	start *start
	store *memstore.Store
	host  *host
	src   *source
	draws stream
	count int
}

func newProber(newVerifier NewVerifier, s *start, src *source) (*prober, error) {
	p := &prober{start: s, store: memstore.New(), host: &host{now: now}, src: src}
	var err error
	p.process, err = newProcess(newVerifier, p.store, p.host, s.change)
	return p, err
}

// maxFindings bounds a prober's cache.
const maxFindings = 100_000

// put makes the record the stored one.
func (p *prober) put(r factor.Record) {
	ctx := context.Background()
	stored, err := p.store.Load(ctx, user)
	if err == nil {
		err = p.store.CompareAndSwap(ctx, user, stored.Version, r)
	}
	if err != nil {
		panic(err)
	}
}

// look examines a record once, with the credentials made on the way and those of
// the starting state.
func (p *prober) look(r factor.Record, made []*credential) *finding {
	var key strings.Builder
	key.Write(r.Data)
	_, _ = fmt.Fprint(&key, r.Due.UnixMilli())
	for _, c := range made {
		_, _ = fmt.Fprint(&key, c.name, c.use, c.code)
	}
	if f := p.start.findings[key.String()]; f != nil {
		return f
	}
	if p.count++; len(p.start.findings) >= maxFindings {
		clear(p.start.findings)
	}
	p.draws = *newStream(^uint64(0))
	p.src.current = &p.draws
	f := p.probe(r, made)
	p.start.findings[key.String()] = f
	return f
}

func (p *prober) probe(r factor.Record, made []*credential) *finding {
	ctx := context.Background()
	f := &finding{works: make(map[string]bool)}
	p.host.now, p.host.wipeFails = now, false
	p.put(r)
	var err error
	if f.status, err = p.Admin.Status(ctx, user); err != nil {
		f.unopened = true
		f.text = fmt.Sprintf("%v, due %s: %x", err, r.Due, r.Data)
		return f
	}
	var text strings.Builder
	_, _ = fmt.Fprintf(&text, "record %t, due %s, %s", !r.IsZero(), r.Due, translate.Describe(f.status))
	if w, was := f.status.Wipe, p.start.before; w != nil && was != nil && was.status.Wipe != nil {
		_, _ = fmt.Fprintf(&text, ", same wipe %t", w.ID == was.status.Wipe.ID)
	}
	p.sweepLater(f, &text)

	p.put(r)
	for _, b := range f.status.Budgets {
		if err := p.Admin.Unlock(ctx, user, b.Kind); err != nil {
			panic(err)
		}
	}
	unlocked, _ := p.store.Load(ctx, user)
	for _, c := range append(p.start.held.credentials(), made...) {
		p.put(unlocked)
		said := p.try(c)
		f.works[c.name] = said.err == nil
		_, _ = fmt.Fprintf(&text, "\n  %s: %s", c.name, said.text)
	}
	f.text = text.String()
	return f
}

// sweepLater runs a Sweep two hours later and records which wipe it finished.
func (p *prober) sweepLater(f *finding, text *strings.Builder) {
	p.host.now = now.Add(2 * time.Hour)
	p.host.wiping = func(w factor.Wipe, _ error) { f.finished = w.ID }
	n, err := p.Admin.Sweep(context.Background())
	p.host.now, p.host.wiping = now, nil
	_, _ = fmt.Fprintf(text, ", later swept %d %v, wiped %t", n, err, f.finished != uuid.Nil)
}

// try tries one credential.
func (p *prober) try(c *credential) answer {
	ctx := context.Background()
	switch c.use {
	case asPIN:
		return said(p.V.VerifyPIN(ctx, user, c.code))
	case asPending:
		return said(p.Auth.Confirm(ctx, user, c.code))
	case asPayment:
		return matched(p.For(payment...).V.VerifyOTP(ctx, user, c.code))
	case asAnother:
		return matched(p.For(another...).V.VerifyOTP(ctx, user, c.code))
	}
	return matched(p.V.VerifyOTP(ctx, user, c.code, factor.Kind(c.use)))
}

// credentials returns everything that is tried on every record.
func (h *held) credentials() []*credential {
	all := []*credential{
		{"pin", asPIN, rightPIN},
		{"older", asDevice, h.older}, {"device", asDevice, h.device}, {"next", asDevice, h.next},
		{"older totp", asTOTP, h.totpOlder}, {"totp", asTOTP, h.totp}, {"next totp", asTOTP, h.totpNext},
		{"pending", asPending, h.pending}, {"pending, replaced", asPending, h.pendingOld},
		{"pending, wrong", asPending, wrongCode},
		{"pending as totp", asTOTP, h.pending},
		{"payment", asPayment, h.payment}, {"recovery", asRecovery, h.recovery},
	}
	for _, k := range issuedKinds {
		all = append(all, &credential{string(k), use(k), h.issued[k]})
	}
	for i, pin := range newPINs {
		all = append(all, &credential{fmt.Sprintf("%c's pin", 'a'+i), asPIN, pin})
	}
	return all
}
