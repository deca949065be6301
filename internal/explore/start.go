package explore

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/rfc6238"
	"github.com/knowhave/factor/memstore"
)

const (
	rightPIN  = "8299"
	wrongPIN  = "1111"
	wrongCode = "000000"

	wrongRecovery = "0000-0000-0000-0000"
)

// held is what a user may know and have in a starting state. A field that the state
// does not hold is a wrong guess.
type held struct {
	issued              map[factor.Kind]string // the codes of the kinds that are issued
	older, device, next string                 // codes of the device, one step apart
	totpOlder           string
	totp, totpNext      string
	pending, pendingOld string // of the authenticator that waits, and one that was begun earlier
	payment, recovery   string
}

// A start is a state in which schedules start.
type start struct {
	name string
	// change changes the options, for building and for running.
	change func(*factor.Options)
	build  func(b *builder)
	// registered is when the user registered, before now.
	registered time.Duration
	wipeFails  bool
	forgiving  bool // a repeated wrong proof is no strike
	strikes    int  // options' Reset.Strikes
	young      bool // nothing that the user has is old enough to prove a reset

	held     held
	record   factor.Record
	before   *finding // what is found before anything runs
	findings map[string]*finding
}

// A builder brings a user into a starting state through the library.
type builder struct {
	*process
	newVerifier NewVerifier
	ctx         context.Context
	store       *memstore.Store
	host        *host
	held        held
	err         error
}

// prepare makes the state, once.
func (s *start) prepare(newVerifier NewVerifier, src *source) error {
	seed := fnv.New64a()
	_, _ = seed.Write([]byte(s.name))
	src.current = newStream(seed.Sum64())
	var o factor.Options
	if s.change != nil {
		s.change(&o)
	}
	s.forgiving, s.strikes = o.Reset.ForgiveRepeats, o.Reset.Strikes
	if s.strikes == 0 {
		s.strikes = 3
	}
	b := &builder{newVerifier: newVerifier, ctx: context.Background(), store: memstore.New(), host: &host{now: now, registered: now.Add(-s.registered)}}
	b.held = held{
		issued: make(map[factor.Kind]string), older: "900003", device: "900004", next: "900005",
		totpOlder: "900006", totp: "900007", totpNext: "900008", pending: "900009", pendingOld: "900010",
		payment: "900011", recovery: "2222-2222-2222-2222",
	}
	for i, k := range issuedKinds {
		b.held.issued[k] = fmt.Sprintf("%06d", 910001+i)
	}
	var err error
	if b.process, err = newProcess(newVerifier, b.store, b.host, s.change); err != nil {
		return err
	}
	s.build(b)
	if b.err == nil && !b.host.now.Equal(now) {
		b.err = fmt.Errorf("it ends at %s", b.host.now)
	}
	if b.err != nil {
		return fmt.Errorf("making the state %q: %w", s.name, b.err)
	}
	s.held, s.findings = b.held, map[string]*finding{}
	s.record, err = b.store.Load(b.ctx, user)
	return err
}

// on returns a new store in this state.
func (s *start) on() *memstore.Store {
	store := memstore.New()
	if !s.record.IsZero() {
		_ = store.CompareAndSwap(context.Background(), user, 0, s.record) // into nothing: cannot fail
	}
	return store
}

// must keeps the first error.
func (b *builder) must(err error) {
	if b.err == nil {
		b.err = err
	}
}

// at sets the clock to before before now.
func (b *builder) at(before time.Duration) { b.host.now = now.Add(-before) }

func (b *builder) enroll(id uuid.UUID) string {
	e, err := b.Devices.Enroll(b.ctx, user, id, creds{Password: password})
	b.must(err)
	return e.Secret
}

func (b *builder) begin() string {
	e, err := b.Auth.Begin(b.ctx, user, creds{Password: password})
	b.must(err)
	return e.Secret
}

// authenticator gives the user a confirmed one.
func (b *builder) authenticator() {
	secret := b.begin()
	b.must(b.Auth.Confirm(b.ctx, user, codeAt(secret, b.host.now)))
	b.held.totpOlder, b.held.totp, b.held.totpNext = totpCode(secret, -1), totpCode(secret, 0), totpCode(secret, 1)
}

// member gives the user one of each holding.
func (b *builder) member() {
	b.bind()
	b.at(0)
	b.issue()
	b.fill()
}

// fill issues codes for purposes until one more pushes the oldest of the kind out.
func (b *builder) fill() {
	for i, purpose := range [][]string{payment, {"close"}, {"address", "ann@example.org"}} {
		otp, err := b.For(purpose...).Codes.IssueUnproven(b.ctx, user, proofCode)
		if b.must(err); i == 0 {
			b.held.payment = otp.Code
		}
	}
}

// bind gives the user everything but codes, some time ago.
func (b *builder) bind() {
	b.at(20 * time.Hour)
	b.must(b.Admin.SetPIN(b.ctx, user, rightPIN))
	secret := b.enroll(oldDevice)
	b.held.older, b.held.device, b.held.next = totpCode(secret, -1), totpCode(secret, 0), totpCode(secret, 1)
	b.authenticator()
	codes, err := b.Recovery.Generate(b.ctx, user, creds{Password: password})
	if b.must(err); err == nil {
		b.held.recovery = codes[0].Code
	}
}

// issue issues a code of each kind.
func (b *builder) issue() {
	for _, k := range issuedKinds {
		otp, err := b.Codes.IssueUnproven(b.ctx, user, k)
		b.must(err)
		b.held.issued[k] = otp.Code
	}
}

// use spends a code.
func (b *builder) use(code string, kind factor.Kind) {
	_, err := b.V.VerifyOTP(b.ctx, user, code, kind)
	b.must(err)
}

// guess gives one wrong answer of each kind.
func (b *builder) guess() {
	_, _ = b.V.VerifyAny(b.ctx, user, creds{OTP: wrongCode, Password: "wrong", PIN: wrongPIN})
	_, _ = b.V.VerifyOTP(b.ctx, user, wrongCode, askedKinds...)
	_, _ = b.V.VerifyOTP(b.ctx, user, wrongRecovery, factor.KindRecovery)
}

// guessBefore gives wrong answers, each after the lock of the one before; all locks
// have run out by now.
func (b *builder) guessBefore(guesses int) {
	for n := guesses; n > 0; n-- {
		b.at(time.Duration(n) * 2 * time.Hour)
		b.guess()
	}
	b.at(0)
}

// strike gives n wrong proofs.
func (b *builder) strike(n int) {
	for range n {
		_ = b.Guard.Prove(b.ctx, user, creds{OTP: wrongCode})
	}
}

// wipe marks a wipe and returns before it is done, as after a crash.
func (b *builder) wipe() {
	b.host.wipeFails = true
	_ = b.Guard.Forfeit(b.ctx, user)
	b.host.wipeFails = false
}

// rehash hashes the PIN anew, at another cost than the options'.
func (b *builder) rehash() {
	p, err := newProcess(b.newVerifier, b.store, b.host, func(o *factor.Options) {
		o.PIN.Hash.MemoryKiB, o.PIN.Hash.Time = 12288, 3
	})
	b.must(err)
	b.must(p.Admin.SetPIN(b.ctx, user, rightPIN))
}

// totpCode computes a code steps from now, without the library.
func totpCode(secret string, steps int) string {
	return codeAt(secret, now.Add(time.Duration(steps)*30*time.Second))
}

func codeAt(secret string, at time.Time) string {
	return rfc6238.Secret{Base32: secret}.At(at)
}
