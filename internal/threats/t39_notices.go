package threats

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// Threat39LostNotices has mail fail, hang, or the process end in the middle, while somebody
// sees to it that there is much to tell. What the user should hear of arrives once mail
// works, each notice under one ID, and no wipe waits for it.
func Threat39LostNotices(t *testing.T, env Env) {
	t.Run("pushed out", func(t *testing.T) { crowdOut(t, env) })
	t.Run("put off", func(t *testing.T) { putOff(t, env) })
	t.Run("mail hangs", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { hangMail(t, env) })
	})
	t.Run("the process ends", func(t *testing.T) {
		w, box := newMailWorld(t, env)
		for _, f := range []fault{fails, panics, failsAfter, panicsAfter} {
			for n := 1; endTelling(t, w, box, n, f); n++ {
			}
		}
	})
}

// A mailbox records the calls of Options.Notify.
type mailbox struct {
	mu    sync.Mutex
	down  func(context.Context) error // what Notify does; nil: it sends
	tried []factor.Notice
	sent  []factor.Notice
}

func (m *mailbox) notify(ctx context.Context, n factor.Notice) error {
	m.mu.Lock()
	m.tried = append(m.tried, n)
	down := m.down
	m.mu.Unlock()
	if down != nil {
		if err := down(ctx); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent = append(m.sent, n)
	return nil
}

func (m *mailbox) set(down func(context.Context) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down, m.tried, m.sent = down, nil, nil
}

func isDown(context.Context) error { return errFault }

// of returns the IDs that an action was told, or tried to be told, under.
func of(notices []factor.Notice, user string, a factor.Action) (ids []uuid.UUID) {
	for _, n := range notices {
		if n.Event.User == user && n.Event.Action == a {
			ids = append(ids, n.ID)
		}
	}
	return ids
}

func newMailWorld(t *testing.T, env Env) (*world, *mailbox) {
	box := &mailbox{}
	return newWorld(t, env, func(o *factor.Options) { o.Notify = box.notify }), box
}

// crowdOut repeats another act after the PIN was set, while mail is down.
func crowdOut(t *testing.T, env Env) {
	w, box := newMailWorld(t, env)
	p := w.person()
	box.set(isDown)
	must(t, w.Admin.SetPIN(ctx, p.id, newPIN))
	id := of(box.tried, p.id, factor.ActionPINSet)
	device := uuid.New()
	for range 16 {
		_, err := w.Devices.Enroll(ctx, p.id, device, p.right(factor.KindPassword))
		must(t, err)
		must(t, w.Devices.Revoke(ctx, p.id, device, p.right(factor.KindPassword)))
	}
	if n := w.status(p.id).Notices; n != 16 {
		t.Errorf("%d notices wait, want 16", n)
	}
	box.set(nil)
	w.clock.Turn(2 * time.Minute)
	_, err := w.Admin.Sweep(ctx)
	mustBe(t, err, factor.ErrNoticesDropped)
	if got := of(box.sent, p.id, factor.ActionPINSet); !slices.Equal(got, id) {
		t.Errorf("the PIN was told as %v, want %v", got, id)
	}
	for _, a := range []factor.Action{factor.ActionEnrolled, factor.ActionRevoked} {
		if len(of(box.sent, p.id, a)) == 0 {
			t.Errorf("nothing %s was told", a)
		}
	}
	w.clock.Turn(2 * time.Minute)
	if _, err := w.Admin.Sweep(ctx); err != nil || w.status(p.id).Notices != 0 {
		t.Errorf("a second Sweep: %v, %d wait", err, w.status(p.id).Notices)
	}
}

// putOff does something else every 50 s after the PIN was set, which could not be told.
func putOff(t *testing.T, env Env) {
	w, box := newMailWorld(t, env)
	p := w.person()
	box.set(isDown)
	must(t, w.Admin.SetPIN(ctx, p.id, newPIN))
	box.set(nil)
	for range 5 {
		w.clock.Turn(50 * time.Second)
		_, err := w.Recovery.Generate(ctx, p.id, p.right(factor.KindPassword))
		must(t, err)
		if _, err := w.Admin.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if len(of(box.sent, p.id, factor.ActionPINSet)) != 1 {
		t.Error("the PIN was not told for four minutes, because something else happened every 50 s")
	}
}

// hangMail makes many users' mail hang before the user whose wipe is pending.
func hangMail(t *testing.T, env Env) {
	w, box := newMailWorld(t, env)
	p := w.person()
	box.set(isDown)
	for i := range 30 {
		must(t, w.Admin.SetPIN(ctx, fmt.Sprintf("a user %02d", i), newPIN))
	}
	mustBe(t, w.start(newScript(everyFrom(1, "Wipe", fails))).Guard.Forfeit(ctx, p.id), factor.ErrWipePending)
	wiped := false
	box.set(func(ctx context.Context) error {
		if !wiped {
			wiped = w.host.isFinished(w.host.wipes(p.id)[0].ID)
		}
		if !wiped {
			t.Error("a notice was told before the wipe was finished")
		}
		return hang(ctx)
	})
	w.clock.Turn(5 * time.Minute)
	began := time.Now()
	if _, err := w.Admin.Sweep(ctx); errors.Is(err, factor.ErrWipePending) || err == nil {
		t.Errorf("Sweep: %v", err)
	}
	if took := time.Since(began); took > 2*time.Minute || len(box.tried) > 10 || !wiped {
		t.Errorf("Sweep took %v and called Notify %d times; the wipe was finished: %v", took, len(box.tried), wiped)
	}
}

// endTelling ends the process at the nth call that it makes to set a PIN and tell it. It
// reports whether there was such a call.
func endTelling(t *testing.T, w *world, box *mailbox, n int, f fault) bool {
	p := w.pinless()
	box.set(nil)
	s := newScript(func(i int, _ string) fault {
		if i >= n { // nothing is done any more
			return f
		}
		return nothing
	})
	err := w.start(s).Admin.SetPIN(ctx, p.id, newPIN)
	for range 3 {
		w.clock.Turn(2 * time.Minute)
		if _, err := w.Admin.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
	}
	told := of(box.sent, p.id, factor.ActionPINSet)
	different := slices.Compact(slices.Clone(told))
	switch set := w.status(p.id).PIN; {
	case set != (len(told) > 0), len(different) > 1, len(told) > 2, w.status(p.id).Notices != 0:
		t.Errorf("call %d, fault %d, answered %v: the PIN is set: %v, told as %v, %d wait", n, f, err, set, told, w.status(p.id).Notices)
	}
	return len(s.calls()) >= n
}
