package threats

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// An addition is something that an ordinary user may hold, in one of several ways.
// The first way is not to hold it.
type addition struct {
	name string
	ways []string
	add  func(p *person, way int)
	ends func(way int) bool // by itself, soon
}

func never(int) bool { return false }

var additions = []addition{
	{"PIN", []string{"no", "a"}, func(p *person, _ int) { must(p.w.t, p.w.Admin.SetPIN(ctx, p.id, p.pin)) }, never},
	{"devices", []string{"no", "one", "two"}, func(p *person, way int) {
		for range way {
			must(p.w.t, p.enrollAs(uuid.New(), p.password))
		}
	}, never},
	{"authenticator", []string{"no", "a confirmed", "a waiting"}, func(p *person, way int) {
		p.begin()
		if way == 1 {
			must(p.w.t, p.w.Auth.Confirm(ctx, p.id, p.pending.code(p.pending.step(p.w.clock.Now()))))
		}
	}, func(way int) bool { return way == 2 }},
	{"counts", []string{"no", "a kind's", "every kind's but recovery's"}, func(p *person, way int) {
		for i, kind := range allKinds {
			if kind != factor.KindRecovery && (i == 0 || way == 2) {
				p.guess(kind, 1)
			}
		}
	}, never},
	{"strikes", []string{"no", "two"}, func(p *person, _ int) {
		for range 2 {
			_ = p.w.Guard.Prove(ctx, p.id, p.wrong(factor.KindDeviceTOTP))
		}
	}, never},
	{"codes", []string{"no", "a login", "an account", "two"}, func(p *person, way int) {
		for i, kind := range mailedKinds {
			if way&(1<<i) > 0 {
				p.issue(kind)
			}
		}
	}, func(int) bool { return true }},
}

// A thief sees all that is stored.
type thief struct {
	factor.Store
	last factor.Record
}

func (t *thief) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	t.last = next
	return t.Store.CompareAndSwap(ctx, user, old, next)
}

// minutes are those of an hour in which the records are written.
var minutes = []int{0, 1, 20, 34, 35, 36, 59}

// Threat36VisibleHoldings writes the records of ordinary users, whatever they hold, and
// looks at what stands beside the seal: the length is the same for all, and Due is
// none where nothing ends, and else the same for all that are written within an hour.
// Nor does the length tell whether there are recovery codes, where there is room for them, or
// how many are used.
// SECURITY.md says what more there is to see.
func Threat36VisibleHoldings(t *testing.T, env Env) {
	t.Run("recovery codes", func(t *testing.T) { usePaper(t, env) })
	for i, minute := range minutes {
		if env.skips(i, 3) {
			continue
		}
		for _, authenticator := range []bool{false, true} {
			t.Run(fmt.Sprintf("minute %d, authenticator proves %v", minute, authenticator), func(t *testing.T) {
				w := newWorld(t, env, func(o *factor.Options) { o.Reset.Authenticator = authenticator })
				table := &thief{Store: w.store}
				w.store = table
				w.process = w.start(nil)
				w.clock.Set(w.clock.Now().Truncate(time.Hour).Add(time.Duration(minute)*time.Minute + 10*time.Second))
				seen := map[int]string{}
				ways := make([]int, len(additions))
				for i := 0; nextWays(ways); i++ {
					if !env.skips(i, 37) {
						look(t, w, table, ways, seen)
					}
				}
			})
		}
	}
}

// usePaper gives recovery codes to users who hold little beside them, and uses them up: the
// records are as long as those of users with none, and none is ever due.
func usePaper(t *testing.T, env Env) {
	w := newWorld(t, env, nil)
	table := &thief{Store: w.store}
	w.store = table
	w.process = w.start(nil)
	p := w.stranger()
	must(t, w.Admin.SetPIN(ctx, p.id, p.pin))
	length := len(table.last.Data)
	mustLook := func(holds string) {
		t.Helper()
		if n := len(table.last.Data); n != length || !table.last.Due.IsZero() {
			t.Fatalf("%s: %d bytes, due %s, want %d and never", holds, n, table.last.Due, length)
		}
	}
	p.generate()
	mustLook("a PIN and recovery codes")
	must(t, p.enrollAs(uuid.New(), p.password))
	mustLook("a PIN, a device and recovery codes")
	p.guess(factor.KindRecovery, 2)
	for _, code := range p.paper[1:] {
		_, err := w.V.VerifyOTP(ctx, p.id, code, factor.KindRecovery)
		must(t, err)
		mustLook("one less")
	}
	must(t, w.Admin.RemoveRecoveryCodes(ctx, p.id))
	mustLook("no recovery codes")
}

// nextWays counts ways up, each to the number of ways of its addition.
func nextWays(ways []int) bool {
	for i, a := range additions {
		if ways[i]++; ways[i] < len(a.ways) {
			return true
		}
		ways[i] = 0
	}
	return false
}

// look makes a user who holds all that in those ways, and looks at the record.
func look(t *testing.T, w *world, table *thief, ways []int, seen map[int]string) {
	t.Helper()
	p, holds, ends := w.stranger(), "", false
	written := w.clock.Now()
	for i, a := range additions {
		holds += a.ways[ways[i]] + " " + a.name + ", "
		if ways[i] > 0 {
			a.add(p, ways[i])
			ends = ends || a.ends(ways[i])
		}
	}
	r := table.last
	if w.isEmpty(p) {
		return // Only strikes, where there is nothing to prove.
	}
	if other, known := seen[len(r.Data)]; !known && len(seen) > 0 {
		t.Fatalf("the length tells %q from %v", holds, seen)
	} else if !known || other == "" {
		seen[len(r.Data)] = holds
	}
	var due time.Time
	if ends {
		due = written.Add(25*time.Minute - time.Nanosecond).Truncate(time.Hour).Add(time.Hour)
	}
	if !r.Due.Equal(due) {
		t.Fatalf("%s: Due is %s, want %s, as for all that end", holds, r.Due, due)
	}
}

// isEmpty reports whether nothing is known about the user.
func (w *world) isEmpty(p *person) bool {
	s := w.status(p.id)
	return shown(w.t, s) == shown(w.t, factor.Status{})
}
