package explore

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing/synctest"
	"time"

	"github.com/knowhave/factor"
)

// errFault is the error of a store call that was made to fail.
var errFault = errors.New("injected fault of the store")

// call is a method of factor.Store.
type call uint8

const (
	load call = iota
	swap
	list
)

// An ask is a call of the store that waits for its turn.
type ask struct {
	call  call
	ctx   context.Context
	user  string
	old   int64
	next  factor.Record
	after string
	due   time.Time
	limit int
}

// A reply is what the call returns, or that it never returns.
type reply struct {
	record factor.Record
	users  []string
	err    error
	die    bool
}

// A gate is the store of one process: each call waits until the scheduler makes it.
// A call whose context has ended never reaches the store.
type gate struct {
	// thread gets the calls whose context names none.
	thread *thread
}

type threadKey struct{}

// threadOf returns the thread that a context belongs to.
func (g *gate) threadOf(ctx context.Context) *thread {
	if t, ok := ctx.Value(threadKey{}).(*thread); ok {
		return t
	}
	return g.thread
}

func (g *gate) Load(ctx context.Context, user string) (factor.Record, error) {
	r := g.pass(ask{call: load, ctx: ctx, user: user})
	return r.record, r.err
}

func (g *gate) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	return g.pass(ask{call: swap, ctx: ctx, user: user, old: old, next: next}).err
}

func (g *gate) List(ctx context.Context, after string, due time.Time, limit int) ([]string, error) {
	r := g.pass(ask{call: list, ctx: ctx, after: after, due: due, limit: limit})
	return r.users, r.err
}

// pass waits for the turn. A caller that dies unwinds silently, as if its process
// were gone.
func (g *gate) pass(a ask) reply {
	if err := a.ctx.Err(); err != nil {
		return reply{err: err}
	}
	t := g.threadOf(a.ctx)
	t.ask = a
	t.events <- event{pos: t.pos}
	r := <-t.replies
	if r.die {
		runtime.Goexit()
	}
	return r
}

// An event tells the scheduler that a thread asks, has ended, waits for a lock, or
// no longer does.
type event struct {
	pos   int
	ended bool
	waits bool
	woken bool
}

type threadState uint8

const (
	running threadState = iota
	asking
	ended
	fresh   // it has not begun
	blocked // it waits for a lock
	woken   // it waited for a lock, and may go on
)

// A thread is one running operation.
type thread struct {
	pos     int // its place among the operations
	state   threadState
	ask     ask
	events  chan<- event
	replies chan reply
	wake    chan struct{}
	draws   *stream
	cancel  context.CancelFunc
	waiting bool // for a reply
	answer  answer
	wrote   bool // a swap of its own had landed when it ended
	// carried: a swap landed while it waited for a lock, perhaps with its job.
	carried bool
	// swapped: it has made a swap.
	swapped bool
	// behind: it waited for a lock when a swap with its job may have met the fault.
	behind bool
	// Counted in grants of the scheduler; -1 means never.
	firstTouch, lastWrite, endedAt int
	killed                         bool // by the scheduler
	unwound                        bool // it ended without returning
	cancelled                      bool
	hangUpInCheck                  bool
	// removing: the swap with the fault was to remove the record. A removal has no
	// version, so a sweep that finds the record gone cannot tell whether it removed
	// it: the number it returns is ignored.
	removing bool
	// conflicted: its last swap landed and was answered with ErrConflict.
	// overtaken: before it looked again, somebody else wrote.
	conflicted, overtaken bool
}

// start starts the operation, which runs until it first calls the store or ends.
func (t *thread) start(ctx context.Context, op *operation, at *seat, c caller) {
	ctx, t.cancel = context.WithCancel(context.WithValue(ctx, threadKey{}, t))
	c.ctx = ctx
	at.work <- func() {
		t.unwound = true // until it returns
		defer func() { t.events <- event{pos: t.pos, ended: true} }()
		t.answer = op.run(&c)
		t.unwound = false
	}
}

// hangUp ends the caller's context.
func (t *thread) hangUp() {
	t.cancelled = true
	t.cancel()
	synctest.Wait() // until those who wait beside the call have noticed
}

// checking is called when the host checks a password.
func (t *thread) checking() {
	if t.hangUpInCheck {
		t.cancelled = true
		t.cancel()
	}
}

// open reports whether the thread's answer tells nothing: it crashed, or got the
// fault.
func (t *thread) open() bool {
	return t.killed || t.removing || t.faulted() || t.cancelled && errors.Is(t.answer.err, context.Canceled)
}

// faulted reports whether it got the fault, its own or that of a call that it
// shared a swap with.
func (t *thread) faulted() bool {
	return errors.Is(t.answer.err, errFault) || t.behind && t.answer.err != nil && t.answer.err.Error() == leaderGone
}

// leaderGone is the answer to a call that shared a swap with one that was killed.
const leaderGone = "factor: the call that shared its swap with this one did not return"

// said formats the thread's answer.
func (t *thread) said() string {
	switch {
	case t.killed:
		return "nothing: it crashed"
	case t.unwound:
		return "nothing: it did not return"
	}
	return t.answer.text
}

func (a ask) String() string {
	switch a.call {
	case load:
		return "Load"
	case list:
		return "List"
	}
	return fmt.Sprintf("CompareAndSwap %s -> %s", short(a.old), short(a.next.Version))
}

func (r reply) String() string {
	switch {
	case r.die:
		return "crash"
	case r.err != nil:
		return r.err.Error()
	case r.users != nil:
		return fmt.Sprint(r.users)
	case !r.record.IsZero():
		return "version " + short(r.record.Version)
	}
	return "ok"
}

// short formats enough of a version to distinguish it.
func short(version int64) string { return fmt.Sprintf("%04x", version&0xffff) }
