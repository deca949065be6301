package torture

import (
	"slices"
	"testing"
)

func sureAt(start, end int) event  { return event{span: span{start, end}, sure: true} }
func maybeAt(start, end int) event { return event{span: span{start, end}} }

func TestCountIsBoundedByWhatTheJournalLeavesOpen(t *testing.T) {
	for name, c := range map[string]struct {
		counter
		least, most int
	}{
		"nothing happened":                        {counter{base: 3}, 3, 3},
		"answered charges count":                  {counter{base: 1, charges: []event{sureAt(0, 1), sureAt(2, 3)}}, 3, 3},
		"a charge that was cut off may count":     {counter{charges: []event{sureAt(0, 1), maybeAt(2, never)}}, 1, 2},
		"a clearing takes away what was before":   {counter{base: 5, charges: []event{sureAt(0, 1), sureAt(4, 5)}, clears: []event{sureAt(2, 3)}}, 1, 1},
		"what overlaps a clearing may be before":  {counter{charges: []event{sureAt(0, 3)}, clears: []event{sureAt(1, 2)}}, 0, 1},
		"a clearing that was cut off may be done": {counter{base: 5, charges: []event{sureAt(0, 1)}, clears: []event{maybeAt(2, never)}}, 0, 6},
		"the latest clearing decides":             {counter{charges: []event{sureAt(2, 3), sureAt(6, 7)}, clears: []event{sureAt(0, 1), sureAt(4, 5)}}, 1, 1},
	} {
		if least, most := c.atLeast(), c.atMost(never); least != c.least || most != c.most {
			t.Errorf("%s: %d to %d, want %d to %d", name, least, most, c.least, c.most)
		}
	}
	c := counter{base: 1, charges: []event{sureAt(0, 1), sureAt(4, 5)}, clears: []event{sureAt(6, 7)}}
	if got := c.atMost(3); got != 2 {
		t.Errorf("before line 3 the count is %d at most, want 2", got)
	}
}

func TestRegisterKeepsThePossibilities(t *testing.T) {
	set := func(e event, value string) event { e.value = value; return e }
	for name, c := range map[string]struct {
		register
		want []string
	}{
		"nothing happened":                     {register{base: []string{"a", "b"}}, []string{"a", "b"}},
		"the last one stays":                   {register{base: []string{"a"}, writes: []event{set(sureAt(0, 1), "b"), set(sureAt(2, 3), "c")}}, []string{"c"}},
		"of two at once either":                {register{base: []string{"a"}, writes: []event{set(sureAt(0, 2), "b"), set(sureAt(1, 3), "c")}}, []string{"b", "c"}},
		"one that was cut off may have landed": {register{base: []string{"a"}, writes: []event{set(maybeAt(0, never), "b")}}, []string{"a", "b"}},
		"one that was cut off may be over":     {register{writes: []event{set(maybeAt(0, never), "b"), set(sureAt(1, 2), "c")}}, []string{"b", "c"}},
	} {
		if got := c.last(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	r := register{base: []string{""}, writes: []event{set(sureAt(2, 3), "a"), set(sureAt(8, 9), "b")}}
	for _, c := range []struct {
		value         string
		in            span
		could, surely bool
	}{
		{"", span{0, 1}, true, true},
		{"a", span{0, 1}, false, false},
		{"a", span{1, 4}, true, false},
		{"", span{4, 5}, false, false},
		{"a", span{4, 5}, true, true},
		{"a", span{7, 10}, true, false},
		{"a", span{10, 11}, false, false},
		{"b", span{10, 11}, true, true},
	} {
		if could, surely := r.could(c.value, c.in), r.surely(c.value, &call{span: c.in}); could != c.could || surely != c.surely {
			t.Errorf("%q in %v: could be %t, surely is %t; want %t and %t", c.value, c.in, could, surely, c.could, c.surely)
		}
	}
}
