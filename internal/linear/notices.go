package linear

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
)

// A telling is one call of Options.Notify.
type telling struct {
	notice factor.Notice
	since  int64 // when the call began: its notice was stored at some time after that
	told   bool  // Notify returned nil
}

// A teller is the part of a call after its answer is stored: it tells notices, and
// removes them with its own swap.
type teller struct {
	tellsFrom int64 // when it first called Options.Notify, 0: never
	told      bool  // some call of Notify returned nil
	tookOut   bool  // one of its swaps since then was done
	unsure    bool  // the last of them was not answered with nil
	dropped   bool  // a Sweep said that notices were dropped
}

// notifyNobody replaces Options.Notify until the history has one.
func notifyNobody(context.Context, factor.Notice) error { return nil }

// notify is Options.Notify: it records its calls.
func (w *world) notify(ctx context.Context, n factor.Notice) error {
	c := callOf(ctx)
	t := telling{notice: n, since: c.Invoked, told: !c.unlucky(w.store.odds.Notify)}
	if c.tellsFrom == 0 {
		c.tellsFrom = w.tick(c.calm)
	}
	panics := !t.told && c.rng.IntN(3) == 0
	w.pace(ctx)
	w.mu.Lock()
	w.tellings = append(w.tellings, t)
	w.mu.Unlock()
	switch {
	case panics:
		panic(errNotify)
	case !t.told:
		return errNotify
	}
	c.told = true
	return nil
}

// errNotify is the error of Options.Notify. It tells nothing about the call.
var errNotify = errors.New("the user cannot be told")

// hushed returns the answer of a Sweep without what it reports about notices, which
// the specification leaves out here.
func (c *Call) hushed(a spec.Answer) spec.Answer {
	if c.Op == spec.Sweep && a.Err == spec.HostFault {
		a.Err = spec.OK
	}
	return a
}

// over is when a call had done everything but telling.
func (c *Call) over() int64 {
	if c.tellsFrom != 0 {
		return c.tellsFrom
	}
	return c.Returned
}

// takesOut returns the part of a call that removes told notices, or postpones them.
// It writes the record, and so drops what has ended.
func (c *Call) takesOut() []Step {
	if !c.tookOut {
		return nil
	}
	s := Step{Part: tookOut, Begin: c.tellsFrom, End: c.Returned}
	if c.unsure {
		s.Open, s.End = true, Never
	}
	return []Step{s}
}

// counts reports whether a Sweep may have counted the user as it did. It also
// counts users whom it told something. A record that is empty except for notices is
// removed later.
func (p *Step) counts(before State, want spec.Answer) bool {
	if p.Op != spec.Sweep || !p.history.notified || p.answer.Err != spec.OK || want.Err != spec.OK {
		return false
	}
	return p.told && p.answer.Count == 1 || before.Empty() || p.history.saysDropped()
}

// drain tells everybody, now that nothing fails. One Sweep is enough, once it is
// later than any notice can be postponed.
func (w *world) drain(calm func(*Call)) {
	if !w.notified {
		return
	}
	w.now.Add(1000 * 2 * 3600)
	calm(&Call{Call: spec.Call{Op: spec.Sweep, User: w.user}})
	last := &Call{Call: spec.Call{Op: spec.Status, User: w.user}}
	calm(last)
	w.last = last
}

// An act is the subject of a notice. At is 0 if the history does not know it.
type act struct {
	action factor.Action
	kind   factor.Kind
	device uuid.UUID
	at     spec.Time
}

func actOf(e factor.Event) act {
	a := act{e.Action, e.Kind, e.Device, translate.At(e.At)}
	if a.action == factor.ActionWipeDone {
		a.at = 0 // by the clock of whichever process noted it
	}
	return a
}

// heard holds the fate of a history's notices.
type heard struct {
	acts map[uuid.UUID]act
	told map[uuid.UUID]bool
	// tried and heard are the numbers of notices of an act that the host was called
	// with, and that it took.
	tried, heard map[act]int
}

// hear sorts the tellings by their IDs.
func (h *History) hear() (*heard, error) {
	all := &heard{map[uuid.UUID]act{}, map[uuid.UUID]bool{}, map[act]int{}, map[act]int{}}
	for _, t := range h.tellings {
		e, a := t.notice.Event, actOf(t.notice.Event)
		if only := (factor.Event{At: e.At, User: h.user, Action: e.Action, Kind: e.Kind, Device: e.Device}); e != only {
			return nil, fmt.Errorf("told %+v", e)
		}
		before, again := all.acts[t.notice.ID]
		switch {
		case t.notice.ID == uuid.Nil, again && before != a:
			return nil, fmt.Errorf("notice %s was about %+v and then about %+v", t.notice.ID, before, a)
		case !again:
			all.acts[t.notice.ID] = a
			all.tried[a]++
		}
		if t.told && !all.told[t.notice.ID] {
			all.told[t.notice.ID] = true
			all.heard[a]++
		}
	}
	return all, nil
}

// unheard returns an error if the notices that the user was told are wrong.
func (h *History) unheard() error {
	if !h.notified {
		return nil
	}
	all, err := h.hear()
	if err != nil {
		return err
	}
	could := h.could()
	sum := 0
	for _, n := range could {
		sum += n
	}
	for a, n := range all.tried {
		if n > could[a] {
			err = errors.Join(err, fmt.Errorf("%d notices of %+v, which happened at most %d times", n, a, could[a]))
		}
	}
	switch {
	case h.last.waiting > 0:
		err = errors.Join(err, fmt.Errorf("%d notices wait after the last Sweep", h.last.waiting))
	case !h.saysDropped():
		err = errors.Join(err, h.lost(all))
	case sum <= spec.NoticesKept:
		err = errors.Join(err, fmt.Errorf("notices were dropped, where %d at most could wait", sum))
	}
	return err
}

// lost returns an error if the user was not told something. Nothing was dropped.
func (h *History) lost(all *heard) (err error) {
	for a, n := range h.sure() {
		if all.heard[a] < n {
			err = errors.Join(err, fmt.Errorf("%+v happened at least %d times, and was told %d times", a, n, all.heard[a]))
		}
	}
	for _, t := range h.tellings {
		if !all.told[t.notice.ID] && !h.erasedAfter(t.since) {
			err = errors.Join(err, fmt.Errorf("notice %s of %+v was never told until Notify returned nil", t.notice.ID, actOf(t.notice.Event)))
		}
	}
	for kind, b := range h.last.view.Budgets {
		final := act{action: factor.ActionLockedOut, kind: factor.Kind(spec.Kind(kind).String())}
		if b.Locked && b.Until == 0 && !all.anyHeard(final) {
			err = errors.Join(err, fmt.Errorf("%s is locked for good, which was not told", final.kind))
		}
	}
	return err
}

// anyHeard reports whether the act was told at any time.
func (all *heard) anyHeard(a act) bool {
	for heard := range all.heard {
		if a.at = heard.at; heard == a {
			return true
		}
	}
	return false
}

// saysDropped reports whether a Sweep reported dropped notices.
func (h *History) saysDropped() bool { return h.someCall(func(c *Call) bool { return c.dropped }) }

// erasedAfter reports whether a call may have erased the record, with the waiting
// notices, at that time or later.
func (h *History) erasedAfter(at int64) bool {
	return h.someCall(func(c *Call) bool {
		return (c.Op == spec.Forget || c.Op == spec.Discard) && c.mayHaveDone() && (c.end != answered || c.Returned >= at)
	})
}

// mayHaveDone reports whether the call may have had its effect.
func (c *Call) mayHaveDone() bool {
	if c.end == answered {
		return c.answer.Err == spec.OK
	}
	return c.done(len(c.asks))
}

func (h *History) someCall(is func(*Call) bool) bool {
	for _, c := range h.calls {
		if is(c) {
			return true
		}
	}
	return false
}
