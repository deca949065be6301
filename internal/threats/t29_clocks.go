package threats

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// apart is how far the first and the last clock of several nodes are apart.
var apart = []time.Duration{time.Millisecond, time.Second, 59 * time.Second, time.Minute}

// A node is a process with a clock of its own.
type node struct {
	*process
	ahead time.Duration
}

// nodes starts n processes; the last is ahead of the first by this much.
func (w *world) nodes(n int, apart time.Duration) []node {
	all := make([]node, n)
	for i := range all {
		all[i].ahead = (apart * time.Duration(i) / time.Duration(max(1, n-1))).Truncate(time.Millisecond)
		all[i].process = w.startAhead(nil, all[i].ahead)
	}
	return all
}

// Threat29ClocksApart judges on several nodes whose clocks are up to a minute apart:
// counts, locks, intervals, codes and MinAge are what they are on one node, but for
// the minute.
func Threat29ClocksApart(t *testing.T, env Env) {
	i := 0
	for _, n := range []int{2, 4} {
		for _, d := range apart {
			if i++; env.skips(i, 5) {
				continue
			}
			name := fmt.Sprintf("%d nodes %s apart/", n, d)
			for k, a := range attempts {
				if !env.skips(i+k, 4) {
					t.Run(name+a.name, func(t *testing.T) { tryForADay(t, env, a, n, d) })
				}
			}
			t.Run(name+"wipes that fail", func(t *testing.T) { backOffElsewhere(t, env, n, d) })
			t.Run(name+"codes", func(t *testing.T) { useElsewhere(t, env, n, d) })
			t.Run(name+"secrets that wait", func(t *testing.T) { confirmElsewhere(t, env, n, d) })
			for _, authenticator := range []bool{false, true} {
				t.Run(fmt.Sprintf("%sMinAge, authenticator proves %v", name, authenticator), func(t *testing.T) {
					ageElsewhere(t, env, n, d, authenticator)
				})
			}
		}
	}
}

// An attempt is repeated as often as possible: it is judged, or it is ErrLocked.
// Other errors end the test.
type attempt struct {
	name   string
	change func(o *factor.Options)
	do     func(on *process, p *person) error
}

var attempts = func() []attempt {
	var as []attempt
	for _, kind := range allKinds {
		as = append(as, attempt{"guess at " + string(kind), onlyKind(kind), func(on *process, p *person) error {
			return verifyAny.call(ctx, on, p, kind, p.wrong(kind))
		}})
	}
	for _, kind := range mailedKinds {
		as = append(as, attempt{"issue " + string(kind), func(o *factor.Options) { o.OTP.Interval = 20 * time.Minute }, func(on *process, p *person) error {
			_, err := on.Codes.IssueUnproven(ctx, p.id, kind)
			return err
		}})
	}
	return append(as, attempt{"guess at the guard", func(o *factor.Options) {
		o.Reset = factor.ResetOptions{Interval: 20 * time.Minute, Strikes: 100}
	}, func(on *process, p *person) error {
		return on.Guard.Prove(ctx, p.id, p.wrong(factor.KindDeviceTOTP))
	}})
}()

// tryForADay makes an attempt on every node as soon as that says it can be made, and
// compares how many are judged in a day with those on one node.
func tryForADay(t *testing.T, env Env, a attempt, n int, d time.Duration) {
	w := newWorld(t, env, a.change)
	nodes := w.nodes(n, d)
	want := triesInADay(t, w, a, w.nodes(1, 0))
	for range 2 {
		if got := triesInADay(t, w, a, nodes); got != want {
			t.Fatalf("%d judged in a day, want %d as on one node", got, want)
		}
		slices.Reverse(nodes) // Now the one that is ahead comes first.
	}
}

// triesInADay returns how many attempts are judged in a day. It makes one on every
// node until all are locked, turns the clock to where the first says that it is not
// any more, and goes on. The day is ten minutes long beyond its end, so that nothing
// ends within a minute of it.
func triesInADay(t *testing.T, w *world, a attempt, on []node) int {
	t.Helper()
	p := w.pinless()
	judged, end := 0, w.clock.Now().Add(24*time.Hour+10*time.Minute)
	for w.clock.Now().Before(end) {
		var next time.Time
		for i := 0; i < len(on); i++ {
			err := a.do(on[i].process, p)
			l, locked := errors.AsType[*factor.LockedError](err)
			if !locked && err != nil && !errors.Is(err, factor.ErrMismatch) {
				t.Fatal(err)
			}
			if !locked {
				judged, i, next = judged+1, -1, time.Time{} // On all nodes anew.
				continue
			}
			if l.Until.IsZero() {
				return judged
			}
			until := l.Until.Add(-on[i].ahead)
			if left := until.Sub(w.clock.Now()); left <= 0 || left > time.Hour {
				t.Fatalf("locked until %s from now, want at most MaxDelay, 1 h", left)
			}
			if next.IsZero() || until.Before(next) {
				next = until
			}
		}
		w.clock.Set(next)
	}
	return judged
}

// listsAll is a store that lists users before they are due, as any may.
type listsAll struct{ factor.Store }

func (s listsAll) List(ctx context.Context, after string, _ time.Time, limit int) ([]string, error) {
	return s.Store.List(ctx, after, time.Time{}, limit)
}

// backOffElsewhere lets a wipe fail for a day and sweeps on every node each minute: it
// is tried as often as on one node.
func backOffElsewhere(t *testing.T, env Env, n int, d time.Duration) {
	tries := func(n int) int {
		w := newWorld(t, env, nil)
		w.store = listsAll{w.store}
		p := w.stranger()
		p.pend()
		var nodes []node
		for _, on := range w.nodes(n, d) {
			nodes = append(nodes, node{w.startAhead(newScript(everyFrom(1, "Wipe", fails)), on.ahead), on.ahead})
		}
		for range 24 * 60 {
			w.clock.Turn(time.Minute)
			for _, on := range slices.Backward(nodes) { // The one that is ahead first.
				if _, err := on.Admin.Sweep(ctx); err != nil {
					mustBe(t, err, factor.ErrWipePending)
				}
			}
		}
		return len(w.host.wipes(p.id))
	}
	if want, got := tries(1), tries(n); got < want-1 || got > want+1 {
		t.Fatalf("a wipe was tried %d times in a day, want %d as on one node, or 1 more or less", got, want)
	}
}

// useElsewhere issues a code on each node and uses it on each: at once it is right,
// once, and stale after that; a minute after its end it is right nowhere.
func useElsewhere(t *testing.T, env Env, n int, d time.Duration) {
	w := newWorld(t, env, nil)
	nodes := w.nodes(n, d)
	for _, kind := range mailedKinds {
		for _, issuer := range nodes {
			for _, verifier := range nodes {
				p := w.stranger()
				issue := func() factor.OTP {
					o, err := issuer.Codes.IssueUnproven(ctx, p.id, kind)
					must(t, err)
					return o
				}
				verify := func(code string) error {
					_, err := verifier.V.VerifyOTP(ctx, p.id, code, kind)
					return err
				}
				replaced := issue()
				used := issue()
				mustBeStale(t, verify(replaced.Code))
				must(t, verify(used.Code))
				for _, on := range nodes {
					_, err := on.V.VerifyOTP(ctx, p.id, used.Code, kind)
					mustBeStale(t, err)
				}
				ended := issue()
				w.clock.Set(ended.ExpiresAt.Add(-issuer.ahead + d))
				mustBeStale(t, verify(ended.Code))
				if wrong := w.wrong(p.id, kind); wrong != 0 {
					t.Fatalf("%d stale codes were charged", wrong)
				}
			}
		}
	}
}

// mustBeStale fails unless a code was refused as one that was right once.
func mustBeStale(t testing.TB, err error) {
	t.Helper()
	if m, ok := errors.AsType[*factor.MismatchError](err); !ok || !m.Stale {
		t.Fatalf("answered %v, want a MismatchError with Stale", err)
	}
}

// confirmElsewhere begins an authenticator on each node and confirms it on each.
func confirmElsewhere(t *testing.T, env Env, n int, d time.Duration) {
	w := newWorld(t, env, nil)
	nodes := w.nodes(n, d)
	for _, first := range nodes {
		for _, second := range nodes {
			p := w.stranger()
			for _, late := range []bool{false, true} {
				e, err := first.Auth.Begin(ctx, p.id, factor.Credentials{Password: p.password})
				must(t, err)
				g := newGenerator(e)
				if late {
					w.clock.Turn(15*time.Minute + d)
				}
				err = second.Auth.Confirm(ctx, p.id, g.code(g.step(w.clock.Now().Add(second.ahead))))
				if late {
					mustBe(t, err, factor.ErrNotEnrolled)
				} else {
					must(t, err)
				}
			}
		}
	}
}

// ageElsewhere binds and removes on each node and asks the guard of each: as long
// as MinAge asks, but for the difference of the clocks, it waits, and then no more.
func ageElsewhere(t *testing.T, env Env, n int, d time.Duration, authenticator bool) {
	w := newWorld(t, env, func(o *factor.Options) {
		o.Reset = factor.ResetOptions{MinAge: minAge, Authenticator: authenticator}
	})
	nodes := w.nodes(n, d)
	for i, first := range nodes {
		for j, second := range nodes {
			if env.skips(i+j, 2) {
				continue
			}
			for _, act := range []func(*testing.T, node, *person) (factor.Credentials, error){bindPIN, bindPINAndRemoveIt, bindDevice} {
				p := w.stranger()
				proof, over := act(t, first, p)
				started := w.clock.Now()
				for _, after := range []time.Duration{0, aWhile, minAge - d - time.Millisecond} {
					w.clock.Set(started.Add(after))
					mustBe(t, second.Guard.Prove(ctx, p.id, proof), factor.ErrLocked)
				}
				w.clock.Set(started.Add(minAge + d))
				if err := second.Guard.Prove(ctx, p.id, proof); !errors.Is(err, over) {
					t.Fatalf("answered %v after MinAge, want %v", err, over)
				}
			}
		}
	}
}

func bindPIN(t *testing.T, on node, p *person) (factor.Credentials, error) {
	must(t, on.Admin.SetPIN(ctx, p.id, p.pin))
	return factor.Credentials{PIN: p.pin}, nil
}

func bindPINAndRemoveIt(t *testing.T, on node, p *person) (factor.Credentials, error) {
	must(t, on.Admin.SetPIN(ctx, p.id, p.pin))
	must(t, on.PINs.Remove(ctx, p.id, p.right(factor.KindPassword)))
	return factor.Credentials{PIN: p.pin}, factor.ErrNotEnrolled
}

func bindDevice(t *testing.T, on node, p *person) (factor.Credentials, error) {
	_, err := on.Devices.Enroll(ctx, p.id, uuid.New(), p.right(factor.KindPassword))
	must(t, err)
	return factor.Credentials{OTP: "13579024"}, factor.ErrMismatch // of no device: those have 6 digits
}
