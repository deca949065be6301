package explore

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// print formats a schedule for Replay: the starting state, the operations and the
// steps. A letter lets that operation make its next call of the store, the name of
// a fault behind it tells how, and a star lands the late write.
func (s *schedule) print(path []step) string {
	steps := make([]string, len(path))
	for i, p := range path {
		steps[i] = p.String()
	}
	return s.start.name + " / " + names(s.ops, s.mode.together) + " / " + strings.Join(steps, " ")
}

// names formats operations, with " + " between those in separate processes and " &
// " between those in one.
func names(ops []*operation, together bool) string {
	all := make([]string, len(ops))
	for i, o := range ops {
		all[i] = o.name
	}
	if together {
		return strings.Join(all, oneProcess)
	}
	return strings.Join(all, " + ")
}

const oneProcess = " & "

// Replay runs a printed schedule and logs what happens.
func Replay(t *testing.T, newVerifier NewVerifier, printed string) {
	l, ops, steps := parse(t, printed)
	src := replaceRandom(t)
	synctest.Test(t, func(t *testing.T) {
		lab, err := newLab(newVerifier, l, src)
		if err != nil {
			t.Fatal(err)
		}
		defer lab.close()
		o := newOracle(lab, ops, mode{atomic: true, faults: true})
		s := &schedule{lab: lab, ops: ops, mode: mode{faults: true, together: strings.Contains(printed, oneProcess)}, trace: t.Logf}
		ended := s.run(func(options []option) (option, bool) {
			if len(steps) == 0 {
				return option{}, false
			}
			i := slices.IndexFunc(options, func(o option) bool { return o.step == steps[0] })
			if i < 0 {
				t.Fatalf("%s cannot be done now", steps[0])
			}
			steps = steps[1:]
			return options[i], true
		})
		if ended != complete {
			t.Fatal("the schedule goes on")
		}
		for _, th := range s.threads {
			t.Logf("%c, %s: %s", 'a'+th.pos, ops[th.pos].name, th.said())
		}
		for _, v := range s.judge(o).broken {
			t.Errorf("%s: %s%s", v.rule, v.detail, s.nearest(o))
		}
	})
}

// parse reads a printed schedule.
func parse(t *testing.T, printed string) (*start, []*operation, []step) {
	t.Helper()
	parts := strings.Split(printed, " / ")
	if len(parts) != 3 {
		t.Fatalf("%q is not of the form: state / operations / steps", printed)
	}
	all := states()
	i := slices.IndexFunc(all, func(s *start) bool { return s.name == parts[0] })
	if i < 0 {
		t.Fatalf("no starting state %q", parts[0])
	}
	var ops []*operation
	catalogue := operations()
	for name := range strings.SplitSeq(strings.ReplaceAll(parts[1], oneProcess, " + "), " + ") {
		j := slices.IndexFunc(catalogue, func(o *operation) bool { return o.name == name })
		if j < 0 {
			t.Fatalf("no operation %q", name)
		}
		ops = append(ops, catalogue[j])
	}
	var steps []step
	for text := range strings.FieldsSeq(parts[2]) {
		s, ok := parseStep(text)
		if !ok {
			t.Fatalf("no step %q", text)
		}
		steps = append(steps, s)
	}
	return all[i], ops, steps
}

// nearest formats the oracle's outcome that differs in the fewest lines from the
// schedule's.
func (s *schedule) nearest(o *oracle) string {
	seen := s.outcome()
	masked := bits(seen.open)
	want := strings.Split(o.key(seen, masked), "\n")
	var best []string
	for _, known := range o.known {
		diff := differences(want, strings.Split(o.key(known, masked), "\n"))
		if best == nil || len(diff) < len(best) {
			best = diff
		}
	}
	return fmt.Sprintf("\nand the nearest of the oracle's %d outcomes:\n%s", len(o.known), strings.Join(best, "\n"))
}

func differences(want, got []string) []string {
	diff := []string{}
	for i := range max(len(want), len(got)) {
		var w, g string
		if i < len(want) {
			w = want[i]
		}
		if i < len(got) {
			g = got[i]
		}
		if w != g {
			diff = append(diff, "  was    "+w, "  oracle "+g)
		}
	}
	return diff
}
