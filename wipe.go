package factor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/host"
)

// wipeTimeout bounds one call of Options.Wipe.
const wipeTimeout = 30 * time.Second

// A WipeReason is why a user lost the critical data.
type WipeReason string

const (
	// ReasonStrikes: the guard refused more than ResetOptions.Strikes wrong proofs.
	ReasonStrikes WipeReason = "strikes"
	// ReasonForfeited: the host called ResetGuard.Forfeit.
	ReasonForfeited WipeReason = "forfeited"
)

// A Wipe asks the host to delete a user's critical data.
type Wipe struct {
	// ID is the same in each call for this wipe.
	ID   uuid.UUID `json:"id"`
	User string    `json:"user"`
	// At is when the user lost the data: delete only what existed by then.
	At     time.Time  `json:"at,omitzero"`
	Reason WipeReason `json:"reason"`
}

// updateThenWipe is update for a rule that returns a wipe to run: it runs the wipe
// and then answers.
func updateThenWipe(ctx context.Context, v *Verifier, user string, m mode, r rule[*Wipe]) error {
	marked, kept, answer := updateUntold(ctx, v, user, m, r)
	if marked != nil {
		done, err := v.runWipe(ctx, *marked)
		kept = append(kept, done...)
		if err != nil {
			answer = unfinished(err)
		}
	}
	v.tell(ctx, user, kept)
	return answer
}

// unfinished wraps the reason why a wipe is not done. It matches ErrWipePending and
// never ErrWiped, which lets a reset go on.
func unfinished(err error) error { return fmt.Errorf("%w: %w", ErrWipePending, err) }

func (a *attempt) markWipe(reason WipeReason) *Wipe {
	a.account.MarkWipe(uuid.New(), account.WipeReason(reason), a.now)
	a.event(Event{Action: ActionWipeMarked})
	return publicWipe(a.account.Guard.Wipe, a.user)
}

// updateAfterWipe is update for a rule that must not run while a wipe is pending:
// it finishes the wipe first, or fails with ErrWipePending.
func updateAfterWipe[T any](ctx context.Context, v *Verifier, user string, m mode, r rule[T]) (T, error) {
	result, kept, err := updateAfterWipeUntold(ctx, v, user, m, r)
	v.tell(ctx, user, kept)
	return result, err
}

// updateAfterWipeUntold is updateAfterWipe without telling the notices, which it
// returns.
func updateAfterWipeUntold[T any](ctx context.Context, v *Verifier, user string, m mode, r rule[T]) (_ T, kept []account.Notice, _ error) {
	for {
		var first *Wipe
		result, more, err := updateUntold(ctx, v, user, m, func(a *attempt) (T, error) {
			if first = a.pendingWipe(); first != nil {
				var none T
				return none, ErrWipePending
			}
			return r(a)
		})
		kept = append(kept, more...)
		if first == nil {
			return result, kept, err
		}
		done, err := v.runWipe(ctx, *first)
		kept = append(kept, done...)
		if err != nil {
			return result, kept, unfinished(err)
		}
	}
}

// pendingWipe returns the wipe that is marked and not yet done, or nil.
func (a *attempt) pendingWipe() *Wipe {
	if w := a.account.Guard.Wipe; w.Pending() {
		return publicWipe(w, a.user)
	}
	return nil
}

var errNoWipe = errors.New("it is not set in this process's Options: set it, or leave the wipe to the Sweep of a process that does")

// runWipe has the host delete the data and records that it did. It returns the
// notices kept by that.
func (v *Verifier) runWipe(ctx context.Context, w Wipe) ([]account.Notice, error) {
	err := v.callWipe(ctx, w)
	switch {
	case wasNotCalled(err):
		return nil, err
	case err != nil:
		v.observe(ctx, []Event{{User: w.User, Action: ActionWipeFailed, Err: err}})
		return nil, err
	}
	return v.recordWipe(ctx, w, func(a *attempt, kept *account.Wipe) {
		kept.Done = true
		a.event(Event{Action: ActionWipeDone})
	})
}

// recordWipe changes the record of a pending wipe, unless another call was faster.
// Like the wipe itself, it outlives the caller's context.
func (v *Verifier) recordWipe(ctx context.Context, w Wipe, note func(a *attempt, kept *account.Wipe)) ([]account.Notice, error) {
	ctx = v.loop.Detach(ctx)
	_, kept, err := updateUntold(ctx, v, w.User, modeFast, func(a *attempt) (void, error) {
		if kept := a.account.Guard.Wipe; kept.Pending() && kept.ID == w.ID {
			note(a, kept)
		}
		a.remove = a.absent
		return void{}, nil
	})
	return kept, err
}

func (v *Verifier) callWipe(ctx context.Context, w Wipe) error {
	if v.opts.Wipe == nil {
		return notCalled(inWipe, errNoWipe)
	}
	if host.Inside(ctx, func(c hostCall) bool { return c.function == inWipe && c.wipe == w.ID }) {
		return notCalled(inWipe, errInsideItself)
	}
	leave, err := enter(ctx, &v.wiping, w.User, 0)
	if err != nil {
		return notCalled(inWipe, errTooMany)
	}
	defer leave()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), wipeTimeout)
	defer cancel()
	asked := host.Enter(ctx, hostCall{v.core, inWipe, w.User, w.ID})
	defer asked.Leave()
	return callHost("Wipe", func() error { return v.opts.Wipe(asked, w) })
}

func publicWipe(w *account.Wipe, user string) *Wipe {
	return &Wipe{ID: w.ID, User: user, At: w.At, Reason: WipeReason(w.Reason)}
}
