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

// A mode tells how a call updates the record.
type mode int

const (
	// modeFast calls do no slow work and take only the user's lock.
	modeFast mode = iota
	// modeBatched calls are fast ones. Those that wait for the user's lock at the
	// same time share one swap.
	modeBatched
	// modeHashing calls hash a PIN. They hold a second lock for the whole call, so
	// that they queue behind each other and no code waits for them.
	modeHashing
	// modePassword calls have the host check a password. They hold another second
	// lock, so that no PIN waits for the host.
	modePassword
	// modeOverwrite calls treat a record that does not open as empty.
	modeOverwrite
)

// A rule judges a call on one attempt's account and changes the account. After a
// lost swap, update applies it again to a fresh account.
type rule[T any] func(a *attempt) (T, error)

// update is the only way to change a user's record. It locks the user, loads and
// opens the record, applies the rule, seals the outcome and swaps it in. Then it
// tells the host and answers. If the rule refuses without having judged anything
// wrong, update answers at once, without a swap. See package commit.
func update[T any](ctx context.Context, v *Verifier, user string, m mode, r rule[T]) (T, error) {
	result, kept, err := updateUntold(ctx, v, user, m, r)
	v.tell(ctx, user, kept)
	return result, err
}

// updateUntold is update without telling the notices, which it returns.
func updateUntold[T any](ctx context.Context, v *Verifier, user string, m mode, r rule[T]) (T, []account.Notice, error) {
	j := &job[T]{call: v.newCall(ctx, user, v.how(ctx, m)), rule: r}
	j.Run(j)
	v.observe(ctx, j.Value.events)
	return j.Value.result, j.Value.notices, j.Err
}

// how returns a call's mode for the loop. A call from inside a host function takes
// no slow lock, and one with a password goes on without it after slowLockPatience.
// A call with a PIN waits as long as its caller does: hashing needs no host, and if
// many went on without the lock, all would hash before the first is counted.
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

// A job is a rule to apply for a call that returns a T.
type job[T any] struct {
	call
	commit.Answer[outcome[T]]
	rule    rule[T]
	applied bool
	event   [1]Event // room for the first attempt's events
}

// An outcome is the result of applying a rule, valid once its state is stored.
type outcome[T any] struct {
	result  T
	events  []Event
	notices []account.Notice // kept by the rule
}

// An attempt is one application of a rule to one account.
type attempt struct {
	*call
	account *account.Account
	absent  bool // no record exists
	now     time.Time
	events  []Event
	notices []account.Notice // kept by the rule
	// wrong: a credential was judged wrong, so the call cannot end without the
	// swap, not even with a fault.
	wrong bool
	// mustStore: swap before answering the refusal, for another reason.
	mustStore bool
	// unchanged: the answer is no refusal but needs no swap.
	unchanged bool
	// remove: remove the record.
	remove bool

	// Room for what most attempts hold.
	held   account.Account
	device [1]account.Device
}

// newAttempt returns an empty attempt; endAttempt recycles it. An account is the
// largest thing that a call allocates: reusing it saves the collector two fifths.
func (v *Verifier) newAttempt() *attempt {
	a, _ := v.attempts.Get().(*attempt)
	if a == nil {
		a = &attempt{}
	}
	a.account = &a.held
	a.held.Devices = a.device[:0]
	return a
}

// endAttempt clears the attempt, so that nothing of the account stays, and recycles
// it.
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
		// A right credential before a fault is not spent.
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

// event adds an event, reported once the attempt is stored.
func (a *attempt) event(e Event) {
	e.At, e.User = a.now, a.user
	a.events = append(a.events, e)
	a.notice(e)
}
