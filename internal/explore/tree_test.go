package explore

import "testing"

// walk counts the schedules of threads that take steps with these touches, and
// those that were given up.
func walk(threads [][]touch, all bool) (schedules, givenUp int) {
	t := tree{all: all}
	for more := true; more; more = t.next() {
		at := make([]int, len(threads))
		for {
			var can []option
			for i, steps := range threads {
				if at[i] < len(steps) {
					can = append(can, option{step: step{thread: int8(i)}, touch: steps[at[i]]})
				}
			}
			if len(can) == 0 {
				schedules++
				break
			}
			chosen, ok := t.choose(can)
			if !ok {
				givenUp++
				break
			}
			at[chosen.thread]++
		}
	}
	return schedules, givenUp
}

func TestEveryOrderIsWalkedOnce(t *testing.T) {
	update := []touch{reads, writes}
	for _, c := range []struct {
		name         string
		threads      [][]touch
		all, reduced int
	}{
		{"nobody touches anything", [][]touch{{nothing, nothing}, {nothing, nothing}}, 6, 1},
		{"readers", [][]touch{{reads, reads}, {reads}, {reads}}, 12, 1},
		{"writers", [][]touch{{writes, writes}, {writes, writes}}, 6, 6},
		{"a reader and a writer", [][]touch{{reads}, {writes}}, 2, 2},
		{"a writer and two readers", [][]touch{{reads}, {reads}, {writes}}, 6, 4},
		// Either one goes first entirely, or both read before either writes.
		{"two updates", [][]touch{update, update}, 6, 4},
		// 3! orders of the writes; each read may lie before or behind each write
		// of the others, as far as its own lets it: 1·2·3 places.
		{"three updates", [][]touch{update, update, update}, 90, 36},
	} {
		t.Run(c.name, func(t *testing.T) {
			if n, _ := walk(c.threads, true); n != c.all {
				t.Errorf("walked %d schedules, there are %d", n, c.all)
			}
			if n, _ := walk(c.threads, false); n != c.reduced {
				t.Errorf("walked %d schedules that differ, there are %d", n, c.reduced)
			}
		})
	}
}

func TestStepsAreReadAsTheyArePrinted(t *testing.T) {
	for f := none; f < faultsInTotal; f++ {
		for thread := range int8(4) {
			want := step{thread, f}
			if got, ok := parseStep(want.String()); !ok || got != want {
				t.Errorf("%q is read as %v", want, got)
			}
		}
	}
	if got, ok := parseStep(step{thread: landing}.String()); !ok || got.thread != landing {
		t.Errorf("the landing is read as %v", got)
	}
	for _, text := range []string{"", "aa", "a:", "a:none", "e", "*:error", "a:crash "} {
		if got, ok := parseStep(text); ok {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}
