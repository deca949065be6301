package factor

import (
	"context"

	"github.com/knowhave/factor/internal/keylock"
)

// turns lets calls on the same user take turns, in the order in which they came,
// and nobody wait for another user.
type turns struct {
	locks keylock.Locks[anyJob, *Record]
}

// waiting is a call that waits for a turn, or has waited. Nil stands for one that
// did not have to wait.
type waiting = keylock.Waiter[anyJob, *Record]

// found is a record that a call has loaded or stored, for the call that has the
// turn next.
type found = keylock.Cached[*Record]

// take waits for the user's turn until the context ends, whose error it then
// returns. The caller must leave the turn. The holder of the turn may meanwhile
// settle a job that is not nil; then there is no turn to leave.
func (t *turns) take(ctx context.Context, user string, job anyJob) (*waiting, error) {
	return t.locks.Acquire(ctx, user, job)
}

// leave hands the turn over to the call that has waited longest, and what was found
// if that call came before.
func (t *turns) leave(user string, f found) { t.locks.Release(user, f) }

// last returns the number of the call that came last.
func (t *turns) last() int64 { return t.locks.Last() }
