package threats

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

// A sameness is one promise that trying tells nothing: what several situations
// have to have in common, call by call.
type sameness struct {
	name string
	// promise is what the documentation says.
	promise string
	// kinds are given in turn. With ProofKinds set to one, every method judges
	// codes against that one only.
	kinds   []factor.Kind
	options func(o *factor.Options) // nil: none but the limits
	// situations are compared with the first of them.
	situations []situation
	// by are the methods that are tried; nil: all that take the kind.
	by []judge
	// tells are those among them that say what the others hide, as their
	// comments do. The situations must differ there, or they are no exception.
	tells []string
	// unlike is what differs in the lines of the trace, for the reason of
	// differs.
	unlike  *regexp.Regexp
	differs string
	// sizes says that records are as large, and as due, in all situations.
	sizes bool
	// beside says that wrong credentials of the other kinds are given too.
	beside bool
	// want is the answer to the first call, nil for ErrMismatch. If it is not,
	// there is but one call.
	want error
	// never is what the first call must not do, nil if it may do anything.
	never *regexp.Regexp
}

// A situation is what a caller must not be able to find out.
type situation struct {
	name string
	// is brings it about. It may be nil.
	is func(p *person, kind factor.Kind)
	// give returns what is given in it.
	give func(p *person, kind factor.Kind) factor.Credentials
}

// waits pass before the guesses: through the lock of a second, the one of two
// seconds, and into the last one.
var waits = []time.Duration{0, 0, 0, time.Second, 2 * time.Second, 0, time.Hour}

var uniformLimit = factor.Limit{Tries: 2, Delay: time.Second, MaxDelay: 2 * time.Second, Final: 4}

// Uniform checks every sameness for every method that it speaks of: the calls of
// the store with the shape of their arguments, of the sealer, of the host's
// functions and of the hash with its cost, the events, the answer and the counts
// afterwards are the same. The hashes of env's verifiers are told to the function
// that listen is given.
func Uniform(t *testing.T, env Env, listen func(f func(memoryKiB, time uint32, threads uint8))) {
	u := &uniform{env: env, tried: map[string]bool{}}
	listen(func(memoryKiB, time uint32, threads uint8) {
		u.note("hash of %d KiB, %d passes, %d threads", memoryKiB, time, threads)
	})
	for _, s := range samenesses {
		t.Run(s.name, func(t *testing.T) {
			for _, kind := range s.kinds {
				by := s.by
				if by == nil {
					by = takers(kind)
				}
				for _, j := range by {
					u.tried[j.name] = true
					for _, beside := range u.neighbours(s, j, kind) {
						u.compare(t, s, j, kind, beside)
					}
				}
			}
		})
	}
	t.Run("every method is tried", func(t *testing.T) {
		w := newWorld(t, env, nil)
		checkListed(t, w.process)
		names := slices.Clone(unlike)
		for _, j := range judges {
			names = append(names, j.name)
		}
		for _, name := range names {
			if !u.tried[name] {
				t.Errorf("no sameness tries %s", name)
			}
		}
	})
	t.Logf("%d comparisons of %d calls", u.comparisons, u.calls)
}

// uniform writes down what is called while it is on.
type uniform struct {
	env                Env
	on                 bool
	lines              []string
	tried              map[string]bool
	comparisons, calls int
}

func (u *uniform) note(format string, args ...any) {
	if u.on {
		u.lines = append(u.lines, fmt.Sprintf(format, args...))
	}
}

// neighbours are the kinds that are given beside the one that it is about.
func (u *uniform) neighbours(s sameness, j judge, kind factor.Kind) [][]factor.Kind {
	all := [][]factor.Kind{nil}
	if !s.beside {
		return all
	}
	for _, more := range [][]factor.Kind{{factor.KindPassword}, {factor.KindPIN}, {factor.KindPassword, factor.KindPIN}} {
		if !slices.Contains(more, kind) && !slices.ContainsFunc(more, func(k factor.Kind) bool { return !slices.Contains(j.takes, k) }) {
			all = append(all, more)
		}
	}
	return all
}

// compare fails the test if the situations can be told apart, or if they cannot
// where the method says that they can.
func (u *uniform) compare(t *testing.T, s sameness, j judge, kind factor.Kind, beside []factor.Kind) {
	t.Helper()
	what := fmt.Sprintf("%s by %s, beside %v", kind, j.name, beside)
	first := u.trace(t, s, j, kind, beside, s.situations[0])
	tells := slices.Contains(s.tells, j.name)
	for _, other := range s.situations[1:] {
		u.comparisons++
		got := u.trace(t, s, j, kind, beside, other)
		if same := slices.Equal(got, first); !same && !tells {
			t.Fatalf("%s: %s\n%q is\n%s\n%q is\n%s", what, s.promise, s.situations[0].name, strings.Join(first, "\n"), other.name, strings.Join(got, "\n"))
		} else if same && tells {
			t.Fatalf("%s: tells nothing, and is listed as one that tells %q from %q", what, s.situations[0].name, other.name)
		}
	}
	if s.never != nil && !tells && slices.ContainsFunc(first, s.never.MatchString) {
		t.Fatalf("%s: %s\n%s", what, s.promise, strings.Join(first, "\n"))
	}
}

// trace makes the calls in one situation and returns what was seen of them.
func (u *uniform) trace(t *testing.T, s sameness, j judge, kind factor.Kind, beside []factor.Kind, in situation) []string {
	t.Helper()
	u.on, u.lines = false, nil
	env := u.env
	env.NewVerifier = func(store factor.Store, keys factor.Sealer, o *factor.Options) (*factor.Verifier, error) {
		return u.env.NewVerifier(&notedStore{store, u}, &notedSealer{keys, u}, u.noted(o))
	}
	w := newWorld(t, env, func(o *factor.Options) {
		onlyKind(kind)(o)
		sameLimit(o, uniformLimit)
		if s.options != nil {
			s.options(o)
		}
	})
	p := w.person()
	if in.is != nil {
		in.is(p, kind)
	}
	want := s.want
	if want == nil {
		want = factor.ErrMismatch
	}
	for n, wait := range waits {
		w.clock.Turn(wait)
		given := in.give(p, kind)
		for _, k := range beside {
			given = both(given, p.wrong(k))
		}
		u.calls++
		u.on = true
		err := j.call(context.Background(), w.process, p, kind, given)
		u.on = false
		if n == 0 && !errors.Is(err, want) && !slices.Contains(s.tells, j.name) {
			t.Fatalf("%s by %s in %q: answered %v, want %v", kind, j.name, in.name, err, want)
		}
		status := w.status(p.id)
		u.lines = append(u.lines, fmt.Sprintf("call %d: %s; counts %+v, strikes %d", n+1, answered(err), status.Budgets, status.Strikes))
		if s.want != nil {
			break
		}
	}
	return s.compared(u.lines)
}

// compared returns what of the lines of a trace is compared.
func (s sameness) compared(lines []string) []string {
	var seen []string
	for _, line := range lines {
		if !s.sizes {
			line = size.ReplaceAllString(line, "…")
		}
		if s.unlike != nil {
			line = s.unlike.ReplaceAllString(line, "")
		}
		if line != "" {
			seen = append(seen, line)
		}
	}
	return seen
}
