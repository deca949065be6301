package threats

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// An obstacle keeps one process from opening a record.
type obstacle struct {
	name string
	want error
	// start returns the process, after the record was prepared for it.
	start func(w *world, p *person) *process
}

var obstacles = []obstacle{
	{"Decrypt fails once", errFault, func(w *world, _ *person) *process {
		return w.start(newScript(nth(1, "Sealer.Decrypt", fails)))
	}},
	{"Decrypt panics once", factor.ErrUnsealed, func(w *world, _ *person) *process {
		return w.start(newScript(nth(1, "Sealer.Decrypt", panics)))
	}},
	{"the key is missing", factor.ErrUnsealed, func(w *world, _ *person) *process {
		right := w.keys
		defer func() { w.keys = right }()
		w.keys = newKeyring(w.t, 9)
		return w.start(nil)
	}},
	{"a newer release wrote it", factor.ErrNewerFormat, func(w *world, p *person) *process {
		right := w.keys
		defer func() { w.keys = right }()
		w.keys = newerFormat{right}
		must(w.t, w.start(nil).Admin.Reseal(ctx, p.id))
		w.keys = right
		return w.start(nil)
	}},
}

// newerFormat is a Sealer through which every record is written in the format after
// the newest that is known.
type newerFormat struct{ factor.Sealer }

func (n newerFormat) Encrypt(plaintext, associatedData []byte) ([]byte, error) {
	newer := append([]byte(nil), plaintext...)
	newer[0]++
	return n.Sealer.Encrypt(newer, associatedData)
}

func (n newerFormat) Decrypt(ciphertext, associatedData []byte) ([]byte, error) {
	plaintext, err := n.Sealer.Decrypt(ciphertext, associatedData)
	if err == nil && plaintext[0] > knownFormat {
		plaintext[0]--
	}
	return plaintext, err
}

// knownFormat is the newest format that is known: the first byte of what is sealed.
const knownFormat = 3

// Threat30PassingFault makes every call on a record that does not open, because of a
// fault that passes, a missing key or a newer format: it is refused and nothing is
// lost, a pending wipe above all. Only Discard erases, and never a record of a newer
// release.
func Threat30PassingFault(t *testing.T, env Env) {
	i := 0
	for _, authenticator := range []bool{false, true} {
		for _, o := range obstacles {
			for _, pends := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, wipe pends %v, authenticator proves %v", o.name, pends, authenticator), func(t *testing.T) {
					for _, u := range uses {
						if i++; !u.repeats() && !env.skips(i, 9) {
							meet(t, env, o, u, pends, authenticator)
						}
					}
				})
			}
		}
	}
	t.Run("Discard finishes a wipe", func(t *testing.T) { discardWhileWipePends(t, env) })
	t.Run("Discard during a fault of the store", func(t *testing.T) { discardUnread(t, env) })
}

// meet makes a use of a record that does not open, and then removes the obstacle.
func meet(t *testing.T, env Env, o obstacle, u use, pends, authenticator bool) {
	t.Helper()
	w := newWorld(t, env, func(o *factor.Options) {
		everyProof(o)
		o.Reset.Authenticator = authenticator
	})
	p := w.person()
	u.prepare(p)
	if pends {
		p.pend()
	}
	w.clock.Turn(time.Minute) // So that Sweep wants to see who has a wipe pending.
	on := o.start(w, p)
	before, held := w.record(p.id), o.shown(w, p)
	err := u.run(ctx, on, p)
	switch {
	case u.method() == "Admin.Discard" && !errors.Is(o.want, factor.ErrNewerFormat):
		must(t, err)
		if s, err := on.Admin.Status(ctx, p.id); err != nil || w.record(p.id).Version == before.Version || s.PIN || s.Wipe != nil {
			t.Fatalf("Discard left %+v of a record that does not open: %v", s, err)
		}
		return
	case strings.HasPrefix(u.method(), "Admin.Users"), u.method() == "Admin.Sweep" && !pends && err == nil:
	case !errors.Is(err, o.want) || !errors.Is(err, factor.ErrUnsealed):
		t.Fatalf("%s answered %v, want ErrUnsealed and %v", u.name, err, o.want)
	}
	if w.record(p.id).Version != before.Version {
		t.Fatalf("%s wrote over a record that it could not read", u.name)
	}
	if after := o.shown(w, p); after != held {
		t.Fatalf("%s left\n%s of\n%s", u.name, after, held)
	}
	mustFinishWipe(t, w, p, o, pends)
}

// reader is a process that opens the record in spite of the obstacle.
func (o obstacle) reader(w *world) *process {
	right := w.keys
	defer func() { w.keys = right }()
	w.keys = newerFormat{right}
	return w.start(nil)
}

func (o obstacle) shown(w *world, p *person) string {
	w.t.Helper()
	s, err := o.reader(w).Admin.Status(ctx, p.id)
	must(w.t, err)
	return shown(w.t, s)
}

// mustFinishWipe finishes the wipe once the record opens again.
func mustFinishWipe(t *testing.T, w *world, p *person, o obstacle, pends bool) {
	t.Helper()
	if !pends {
		return
	}
	s, err := o.reader(w).Admin.Status(ctx, p.id)
	must(t, err)
	if s.Wipe == nil || !s.WipePending {
		t.Fatal("a pending wipe was lost")
	}
	_, err = o.reader(w).Admin.Sweep(ctx)
	must(t, err)
	if !w.host.isFinished(s.Wipe.ID) {
		t.Fatal("the wipe was not finished once the record opened")
	}
}

// discardWhileWipePends discards records that open: as Forget does, Discard finishes
// the wipe first, or fails and leaves it.
func discardWhileWipePends(t *testing.T, env Env) {
	w := newWorld(t, env, nil)
	for _, erase := range []func(on *process, p *person) error{
		func(on *process, p *person) error { return on.Admin.Discard(ctx, p.id) },
		func(on *process, p *person) error { return on.Admin.Forget(ctx, p.id) },
	} {
		p := w.person()
		p.pend()
		id := w.status(p.id).Wipe.ID
		mustBe(t, erase(w.start(newScript(everyFrom(1, "Wipe", fails))), p), factor.ErrWipePending)
		if s := w.status(p.id); !s.WipePending || s.Wipe.ID != id || w.host.isFinished(id) {
			t.Fatalf("erased while the wipe was pending: %+v", s)
		}
		must(t, erase(w.process, p))
		if s := w.status(p.id); !w.host.isFinished(id) || s.Wipe != nil || s.Authenticator {
			t.Fatalf("the wipe was not finished, or the user not erased: %+v", s)
		}
	}
	must(t, w.Admin.Discard(ctx, "nobody"))
	if !w.record("nobody").IsZero() {
		t.Fatal("Discard left a record of nobody")
	}
}

// discardUnread discards while the store fails to load: what is not known to be
// unreadable is left.
func discardUnread(t *testing.T, env Env) {
	w := newWorld(t, env, nil)
	for _, f := range []fault{fails, panics} {
		for _, erase := range []func(on *process, user string) error{
			func(on *process, user string) error { return on.Admin.Discard(ctx, user) },
			func(on *process, user string) error { return on.Admin.Forget(ctx, user) },
			func(on *process, user string) error { return on.Admin.Import(ctx, user, oldRows) },
			func(on *process, user string) error { return on.Admin.RevokeDevice(ctx, user, uuid.New()) },
		} {
			p := w.person()
			p.pend()
			before := w.record(p.id)
			if err := erase(w.start(newScript(nth(1, "Store.Load", f))), p.id); err == nil {
				t.Fatal("erased what could not be loaded")
			}
			if w.record(p.id).Version != before.Version {
				t.Fatal("wrote over a record that could not be loaded")
			}
		}
	}
}
