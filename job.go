package factor

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/pinhash"
)

// A state is what is stored about a user, opened.
type state struct {
	plain  []byte // the encoded account
	absent bool   // there is no record
	due    time.Time
}

// A job is a rule that is to be applied for a call, and the call's answer.
type job interface {
	// apply applies the rule and returns what is to be stored, if anything is.
	apply(s state) (next state, store bool)
	// saveAnswer keeps the answer, because the rule may be applied again.
	saveAnswer()
	// finish says which application's answer stands, or the error that stands in
	// place of all.
	finish(try int, err error)
}

// A typedJob is the job of a call that returns a T.
type typedJob[T any] struct {
	call
	rule     rule[T]
	answer   answer[T]   // of the last application of the rule, then the one that stands
	previous []answer[T] // of those before, one for each swap that was not answered with nil
	event    [1]Event    // room for those of an attempt
}

// An answer is what an application of a rule says once its state is stored.
type answer[T any] struct {
	result T
	err    error
	events []Event
}

// An attempt is one application of a rule to one account.
type attempt struct {
	*call
	account *account.Account
	absent  bool // there is no record
	now     time.Time
	events  []Event
	// wrong: a credential was judged wrong, so the call cannot end without the
	// swap, not even with a fault.
	wrong bool
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

func (j *typedJob[T]) apply(s state) (next state, store bool) {
	a := j.v.newAttempt()
	defer j.v.endAttempt(a)
	a.call, a.absent, a.events = &j.call, s.absent, j.event[:0]
	j.answer = answer[T]{}
	err := s.open(a.account)
	switch {
	case err != nil && j.mode == modeOverwrite && !errors.Is(err, ErrNewerFormat):
		*a.account = account.Account{}
	case err != nil:
		j.answer.err = err
		return state{}, false
	}
	j.answer.err = recoverPanic("judging", func() (err error) {
		a.now = j.v.now()
		j.answer.result, err = j.rule(a)
		return err
	})
	j.answer.events = a.events
	accepted := j.answer.err == nil && !a.unchanged
	if !accepted && !a.wrong {
		// A right credential that a fault came after is not spent.
		j.answer.events = slices.DeleteFunc(j.answer.events, func(e Event) bool { return e.Action == ActionVerified })
		return state{}, false
	}
	if a.remove {
		return state{absent: true}, true
	}
	a.account.Tidy(a.now)
	return state{plain: a.account.Encode(), due: a.account.Due(a.now)}, true
}

func (j *typedJob[T]) saveAnswer() {
	kept := j.answer
	kept.events = slices.Clone(kept.events) // the next attempt takes their room
	j.previous = append(j.previous, kept)
}

func (j *typedJob[T]) finish(try int, err error) {
	switch {
	case err != nil:
		j.answer = answer[T]{err: err}
	case try < len(j.previous):
		j.answer = j.previous[try]
	}
}

// open decodes the account, nothing if there is no record, into an empty one. Its
// error matches ErrUnsealed.
func (s state) open(a *account.Account) error {
	if s.absent && s.plain == nil {
		return nil
	}
	err := a.Decode(s.plain)
	switch {
	case errors.Is(err, account.ErrNewer):
		return ErrNewerFormat
	case err == nil && a.PIN != nil && !pinhash.Hash(a.PIN.Hash).Valid():
		err = account.ErrDamaged
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnsealed, err)
	}
	return nil
}
