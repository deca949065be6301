package factor

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/commit"
	"github.com/knowhave/factor/internal/host"
)

// mode says how a call goes about its update.
type mode int

const (
	// modeFast calls do no slow work, and take only the user's lock.
	modeFast mode = iota
	// modeBatched calls are fast ones. Those that wait for the user's lock at the
	// same time share one swap.
	modeBatched
	// modeHashing calls hash a PIN. They take a second lock around the whole call,
	// so that they queue behind each other and no code waits behind them.
	modeHashing
	// modePassword calls have the host check a password. Their second lock is
	// another, so that no PIN waits for the host.
	modePassword
	// modeOverwrite calls take a record that does not open for an empty one.
	modeOverwrite
)

// A rule judges a call on one attempt's account and changes it. It is applied
// again, to a fresh account, each time that a swap is lost.
type rule[T any] func(a *attempt) (T, error)

// update is the only way to change a user's record. It locks the user, loads and
// opens the record, applies the rule, seals what the rule leaves and swaps it in.
// Only then it tells the host and answers, or at once if the rule refuses without having
// judged anything wrong. See the package commit.
func update[T any](ctx context.Context, v *Verifier, user string, m mode, r rule[T]) (T, error) {
	result, kept, err := updateUntold(ctx, v, user, m, r)
	v.tell(ctx, user, kept)
	return result, err
}

// updateUntold is update without its last step. It returns the notices that were kept, for
// the caller to tell once nothing else is to be done.
func updateUntold[T any](ctx context.Context, v *Verifier, user string, m mode, r rule[T]) (T, []account.Notice, error) {
	j := &job[T]{call: v.newCall(ctx, user, v.how(ctx, m)), rule: r}
	j.Run(j)
	v.observe(ctx, j.Value.events)
	return j.Value.result, j.Value.notices, j.Err
}

// how is a call's mode as the loop knows it. A call that one of the host's functions
// makes takes no slow lock, and one with a password goes on without after
// slowLockPatience. A PIN is hashed without the host, so a call with one waits as
// long as its caller does: if many went on without the lock, all of them would hash
// before the first is counted.
func (v *Verifier) how(ctx context.Context, m mode) commit.How {
	h := commit.How{Batched: m == modeBatched, Overwrite: m == modeOverwrite}
	switch m {
	case modeHashing:
		h.Slow = &v.hashing
	case modePassword:
		h.Slow = &v.passwords
	}
	if h.Slow != nil && calledFromHost(ctx) {
		h.Slow = nil
	}
	return h
}

// A job is a rule that is to be applied for a call that returns a T.
type job[T any] struct {
	call
	commit.Answer[outcome[T]]
	rule    rule[T]
	applied bool
	event   [1]Event // room for those of the first attempt
}

// An outcome is what an application of a rule says once its state is stored.
type outcome[T any] struct {
	result  T
	events  []Event
	notices []account.Notice // that were kept
}

// An attempt is one application of a rule to one account.
type attempt struct {
	*call
	account *account.Account
	absent  bool // there is no record
	now     time.Time
	events  []Event
	notices []account.Notice // that were kept
	// wrong: a credential was judged wrong, so the call cannot end without the
	// swap, not even with a fault.
	wrong bool
	// mustStore: the refusal is stored before it is answered, for another reason.
	mustStore bool
	// unchanged: the answer needs no swap although it is no refusal.
	unchanged bool
	// remove: there is to be no record.
	remove bool

	// Room for what most attempts hold.
	held   account.Account
	device [1]account.Device
}

// newAttempt returns an empty attempt, which endAttempt takes back: an account is
// the largest thing that a call makes, and two fifths of what it would leave to
// the collector.
func (v *Verifier) newAttempt() *attempt {
	a, _ := v.attempts.Get().(*attempt)
	if a == nil {
		a = &attempt{}
	}
	a.account = &a.held
	a.held.Devices = a.device[:0]
	return a
}

// endAttempt leaves nothing of the account behind.
func (v *Verifier) endAttempt(a *attempt) {
	*a = attempt{}
	v.attempts.Put(a)
}

// Apply implements commit.Job.
func (j *job[T]) Apply(s commit.State) (next commit.State, store bool) {
	a := j.v.newAttempt()
	defer j.v.endAttempt(a)
	a.call, a.absent = &j.call, s.Absent
	if !j.applied {
		a.events, j.applied = j.event[:0], true
	}
	j.Value, j.Err = outcome[T]{}, decode(s, a.account)
	if j.Err != nil && (!j.How.Overwrite || errors.Is(j.Err, ErrNewerFormat)) {
		return commit.State{}, false
	}
	if j.Err != nil {
		*a.account = account.Account{}
	}
	j.Err = host.Recover("judging", func() (err error) {
		a.now = j.v.now()
		j.Value.result, err = j.rule(a)
		return err
	})
	j.Value.events, j.Value.notices = a.events, a.notices
	accepted := j.Err == nil && !a.unchanged
	if !accepted && !a.wrong && !a.mustStore {
		// A right credential that a fault came after is not spent.
		j.Value.notices = nil
		j.Value.events = slices.DeleteFunc(j.Value.events, func(e Event) bool { return e.Action == ActionVerified })
		return commit.State{}, false
	}
	if a.remove {
		return commit.State{Absent: true}, true
	}
	a.account.Tidy(a.now)
	return commit.State{Plain: a.account.Encode(), Due: a.account.Due(a.now)}, true
}

// event adds an event, to be reported once the attempt is stored.
func (a *attempt) event(e Event) {
	e.At, e.User = a.now, a.user
	a.events = append(a.events, e)
	a.notice(e)
}
