package threats

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// A hostCall makes one of the host's functions run for a person.
type hostCall struct {
	function string
	run      func(on *process, p *person) error
}

var hostCalls = []hostCall{
	{"CheckPassword", func(on *process, p *person) error {
		return on.V.VerifyPassword(ctx, p.id, p.right(factor.KindPassword).Password)
	}},
	{"RegisteredAt", func(on *process, p *person) error {
		_, err := on.Devices.Enroll(ctx, p.id, uuid.NewSHA1(p.device, []byte("watch")), factor.Credentials{})
		return err
	}},
	{"Wipe", func(on *process, p *person) error { return on.Guard.Forfeit(ctx, p.id) }},
	{"Observe", func(on *process, p *person) error {
		return on.V.VerifyPassword(ctx, p.id, p.right(factor.KindPassword).Password)
	}},
}

// Threat31CallingBack has each function of the host's call each method for the
// same user, every time that it runs: with the context that it was given the call
// answers at once and the function never runs inside itself, and with another
// context nothing waits or calls itself for ever.
func Threat31CallingBack(t *testing.T, env Env) {
	checkUsed(t, newWorld(t, env, nil).process)
	runs := 0
	for _, h := range hostCalls {
		for _, u := range uses {
			for _, own := range []bool{true, false} {
				runs++
				if u.repeats() || env.skips(runs, 31) {
					continue
				}
				t.Run(fmt.Sprintf("%s, own context %v, %s", h.function, own, u.name), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { callBack(t, env, h, u, own) })
				})
			}
		}
	}
}

func callBack(t *testing.T, env Env, h hostCall, u use, own bool) {
	w := newWorld(t, env, everyProof)
	p := w.person()
	w.host.register(p.id, p.password, w.clock.Now())
	u.prepare(p)
	s := newScript(nil)
	on := w.start(s)
	calls, most := 0, 1
	if again := []string{"Admin.PasswordChanged", "Admin.Forget", "Admin.Discard"}; h.function == "CheckPassword" && slices.Contains(again, u.method()) {
		most = 9 // it is asked again after these, and 8 times at most
	}
	if !own {
		most = 1000 // at most 4 inside each other, each for some events of the one before
	}
	s.inside = func(given context.Context, name string) {
		if name != h.function {
			return
		}
		if calls++; calls > most {
			if calls == most+1 {
				t.Errorf("%s ran more than %d times", name, most)
			}
			return
		}
		if !own {
			given = context.Background()
		}
		if err := u.run(given, on, p); err != nil {
			hidden(t, name, err.Error(), p.secrets())
		}
	}
	began := time.Now()
	err := h.run(on, p)
	took := time.Since(began)
	s.inside = nil
	if calls == 0 {
		t.Fatalf("%s was not called", h.function)
	}
	// The calls of PINs.Wait wait for a second.
	if longest := 2 * time.Second; own && took > longest || !own && took > time.Minute {
		t.Errorf("answered after %v", took)
	}
	if h.function == "Wipe" {
		must(t, err)
		mustFinishWipes(t, p)
	}
	mustHoldNothing(t, on, p)
}

// mustFinishWipes fails if the host did not finish a wipe that it was asked for.
func mustFinishWipes(t *testing.T, p *person) {
	t.Helper()
	for _, asked := range p.w.host.wipes(p.id) {
		if !p.w.host.isFinished(asked.ID) {
			t.Error("a wipe is lost")
		}
	}
}

// mustHoldNothing fails if a call for the person has to wait.
func mustHoldNothing(t *testing.T, on *process, p *person) {
	t.Helper()
	soon, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, _ = on.V.VerifyAny(soon, p.id, both(p.wrong(factor.KindPassword), p.wrong(factor.KindPIN)))
	must(t, soon.Err())
}
