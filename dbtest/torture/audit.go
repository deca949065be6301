package torture

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
)

// An auditor checks between two lives what the last one left.
type auditor struct {
	order
	engine  Engine
	report  *Report
	rand    *rand.Rand
	users   map[string]*user
	done    map[string]int // wipes that the host has done, at which line of the life
	api     *api           // of this audit
	sweeper *api           // on a store that is early
	teller  *api           // by a clock that is ahead

	toldNow    []told             // in this audit
	toldBefore map[uuid.UUID]bool // in earlier lives
	marked     map[string]int     // wipes of this life, by user
}

// early is a store that lists users a minute before they are due: a wipe marked now
// is due at the next full minute.
type early struct{ factor.Store }

func (s early) List(ctx context.Context, after string, due time.Time, limit int) ([]string, error) {
	if !due.IsZero() {
		due = due.Add(time.Minute)
	}
	return s.Store.List(ctx, after, due, limit)
}

// earlier is the line of everything before the life.
const earlier = -1

func newAuditor(o order, e Engine, r *Report) *auditor {
	return &auditor{
		order: o, engine: e, report: r, rand: rand.New(rand.NewPCG(o.Seed, 0)),
		users: make(map[string]*user), done: make(map[string]int), toldBefore: make(map[uuid.UUID]bool),
	}
}

// begin records what the users can present in a life.
func (a *auditor) begin(life int) error {
	a.Life = life
	names := []string{sharedUser, newUser(life)}
	for n := range workers {
		names = append(names, ownUser(n))
	}
	w := &wallet{users: make(map[string]*holdings)}
	for _, name := range names {
		if a.users[name] == nil {
			a.users[name] = unknownUser(name)
		}
		w.users[name] = a.users[name].holdings()
	}
	return w.store(walletFile(a.Dir))
}

// audit audits the life that ended at death, and returns the violations: first in
// what is stored, then in what a sweep leaves, then in what is accepted.
func (a *auditor) audit(ctx context.Context, death int64) (violations []string, err error) {
	if a.engine.Settle != nil {
		if err := a.engine.Settle(ctx, a.Source); err != nil {
			return nil, err
		}
	}
	store, closeStore, err := a.engine.Open(a.Source)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeStore()) }()
	host := functions{wipe: a.host, notify: a.notify}
	if a.api, err = newAPI(store, host); err != nil {
		return nil, err
	}
	if a.sweeper, err = newAPI(early{store}, host); err != nil {
		return nil, err
	}
	host.ahead = tellerAhead
	if a.teller, err = newAPI(store, host); err != nil {
		return nil, err
	}
	a.toldNow, a.marked = nil, make(map[string]int)
	for _, step := range []func(context.Context, int64) ([]string, error){a.auditStored, a.auditSwept, a.auditTold, a.auditAccepted} {
		violations, err = step(ctx, death)
		if err != nil || len(violations) > 0 {
			return violations, err
		}
	}
	return nil, a.end()
}

// auditStored compares what is stored with what the life can have led to.
func (a *auditor) auditStored(ctx context.Context, death int64) (violations []string, err error) {
	calls, err := readCalls(a.Dir, a.Life, death)
	if err != nil {
		return nil, err
	}
	wipes, err := readLines[asked](wipesFile(a.Dir, a.Life))
	if err != nil {
		return nil, err
	}
	a.report.count(calls)
	for _, w := range wipes {
		if _, ok := a.done[w.Wipe.ID.String()]; w.Done && !ok {
			a.done[w.Wipe.ID.String()] = w.Seq
		}
	}
	for _, u := range a.inOrder() {
		st, err := a.look(ctx, u)
		if err != nil {
			return nil, err
		}
		marks := u.newMarks(wipes, st)
		a.report.Audits++
		a.report.Wipes += len(marks)
		a.marked[u.name] = len(marks)
		h := newHistory(u, calls, marks)
		h.check(a.done)
		h.settle(st)
		for _, id := range u.undelivered(a.done) {
			if id != u.wipe {
				h.violated(nil, "wipe %s was never done, and nothing will do it", id)
			}
		}
		violations = append(violations, h.found()...)
	}
	return violations, nil
}

// auditSwept looks for wipes that are not done after a sweep.
func (a *auditor) auditSwept(ctx context.Context, _ int64) (violations []string, err error) {
	if _, err := a.sweeper.admin.Sweep(ctx); err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	for _, u := range a.inOrder() {
		for _, id := range u.undelivered(a.done) {
			violations = append(violations, fmt.Sprintf("%s: wipe %s is not done after a sweep", u.name, id))
		}
	}
	return violations, nil
}

// auditAccepted presents to each user's account what must be refused and what must
// be accepted.
func (a *auditor) auditAccepted(ctx context.Context, _ int64) (violations []string, err error) {
	for _, u := range a.inOrder() {
		found, err := a.probe(ctx, u)
		if err != nil {
			return nil, err
		}
		violations = append(violations, found...)
	}
	return violations, nil
}

// end drops what no later life can touch.
func (a *auditor) end() error {
	delete(a.users, newUser(a.Life))
	now := time.Now().UnixMilli()
	for _, u := range a.users {
		u.forget(now)
	}
	for id := range a.done {
		a.done[id] = earlier
	}
	for _, file := range []string{callsFile(a.Dir, a.Life), wipesFile(a.Dir, a.Life), toldFile(a.Dir, a.Life)} {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// inOrder returns the users in a fixed order, so that a seed repeats their draws.
func (a *auditor) inOrder() []*user {
	var users []*user
	for _, u := range a.users {
		users = append(users, u)
	}
	slices.SortFunc(users, func(u, v *user) int { return cmp.Compare(u.name, v.name) })
	return users
}

// look reads a user's status.
func (a *auditor) look(ctx context.Context, u *user) (sight, error) {
	from := time.Now().UnixMilli()
	st, err := a.api.admin.Status(ctx, u.name)
	return sight{st, from, time.Now().UnixMilli()}, err
}

// host is the host's Wipe in an audit.
func (a *auditor) host(_ context.Context, w factor.Wipe) error {
	a.done[w.ID.String()] = earlier
	return nil
}
