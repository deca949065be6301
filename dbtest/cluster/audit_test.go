package cluster

import (
	"slices"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

// said is a call from one place in the journal to another one.
func said(r request, as class, start, end int) call {
	return call{request: r, answer: answer{Class: as}, start: start, end: end}
}

// wrong is a guess that was answered as the one of this number.
func wrong(number, start, end int) call {
	c := said(guess("user", factor.KindLogin), mismatch, start, end)
	c.Remaining = few - number
	return c
}

// counts is a status.
func counts(n, start int) call {
	c := said(request{Act: actStatus, User: "user"}, accepted, start, start+1)
	c.Wrong = map[factor.Kind]int{factor.KindLogin: n}
	return c
}

func guessed(as class, start, end int) call {
	return said(guess("user", factor.KindLogin), as, start, end)
}

func redeemed(code string, as class, start, end int) call {
	return said(redemption("user", code), as, start, end)
}

// stepped presents a device's code of a step.
func stepped(step int64, as class, start, end int) call {
	return said(request{Act: actPresent, User: "user", Kind: factor.KindDeviceTOTP, Secret: string(rune('a' + step)), Step: step, Right: true}, as, start, end)
}

var full = []call{wrong(1, 0, 1), wrong(2, 2, 3), wrong(3, 4, 5), wrong(4, 6, 7), wrong(5, 8, 9)}

func TestAuditAllowsKeptPromises(t *testing.T) {
	for name, calls := range map[string][]call{
		"guesses up to the limit":           append(slices.Clone(full), guessed(locked, 10, 11), counts(5, 12)),
		"guesses at the same time":          {wrong(2, 0, 3), wrong(1, 1, 2), counts(2, 4)},
		"an open guess that is counted":     {wrong(1, 0, 1), guessed(open, 2, 3), wrong(3, 4, 5), counts(3, 6)},
		"an open guess that is not":         {wrong(1, 0, 1), guessed(open, 2, 3), wrong(2, 4, 5), counts(2, 6)},
		"an open guess that lands late":     {guessed(open, 0, 1), counts(0, 2), counts(1, 4)},
		"guesses that came to nothing":      {guessed(failed, 0, 1), guessed(conflict, 2, 3), wrong(1, 4, 5), counts(1, 6)},
		"a code that is redeemed":           {redeemed("1", accepted, 0, 3), redeemed("1", mismatch, 1, 2), redeemed("1", mismatch, 4, 5), counts(0, 6)},
		"a code that an open call may have": {redeemed("1", open, 0, 1), redeemed("1", mismatch, 2, 3)},
		"steps in their order":              {stepped(1, accepted, 0, 1), stepped(2, accepted, 2, 3), stepped(1, mismatch, 4, 5), stepped(2, mismatch, 4, 5)},
		"a step before a later one's end":   {stepped(1, accepted, 0, 3), stepped(2, accepted, 1, 2)},
		"a status during a guess":           {wrong(1, 0, 5), counts(0, 1), counts(1, 3)},
		"a later step's end after a step":   {stepped(2, accepted, 0, 3), stepped(1, accepted, 1, 2)},
		"a step refused for a later one":    {stepped(2, accepted, 0, 1), stepped(1, mismatch, 2, 3)},
	} {
		for _, v := range audit(calls, tries) {
			t.Errorf("%s: %v", name, v)
		}
	}
}

func TestAuditFindsBrokenPromises(t *testing.T) {
	for _, c := range []struct {
		name  string
		calls []call
		rule  rule
	}{
		{"a guess beyond the limit", append(slices.Clone(full), wrong(5, 10, 11)), ruleBudget},
		{"two guesses at the same place", []call{wrong(1, 0, 1), wrong(1, 2, 3)}, ruleForgotten},
		{"two guesses at the same place at the same time", []call{wrong(1, 0, 2), wrong(1, 1, 3)}, ruleForgotten},
		{"a later guess at an earlier place", []call{wrong(1, 0, 1), wrong(3, 2, 3), guessed(open, 0, 1), wrong(2, 4, 5)}, ruleForgotten},
		{"an answered guess that no status shows", []call{wrong(1, 0, 1), counts(0, 2)}, ruleForgotten},
		{"a place that no status shows", []call{guessed(open, 0, 1), wrong(2, 2, 3), counts(1, 4)}, ruleForgotten},
		{"a place too far", []call{wrong(2, 0, 1)}, ruleInvented},
		{"a place that only a later guess explains", []call{wrong(2, 0, 1), wrong(1, 2, 3)}, ruleInvented},
		{"a guess that was refused by a conflict and counted", []call{guessed(conflict, 0, 1), counts(1, 2)}, ruleInvented},
		{"a failed guess that is counted", []call{guessed(failed, 0, 1), counts(1, 2)}, ruleInvented},
		{"a lock before the limit", []call{wrong(1, 0, 1), guessed(locked, 2, 3)}, ruleLocked},
		{"a guess after the lock", append(slices.Clone(full[1:]), wrong(1, 0, 1), guessed(locked, 10, 11), guessed(open, 0, 1), wrong(5, 12, 13)), ruleLocked},
		{"a wrong password that is accepted", []call{guessed(accepted, 0, 1)}, ruleAccepted},
		{"a code that worked twice", []call{redeemed("1", accepted, 0, 1), redeemed("1", accepted, 2, 3)}, ruleTwice},
		{"a code that worked twice at the same time", []call{redeemed("1", accepted, 0, 2), redeemed("1", accepted, 1, 3)}, ruleTwice},
		{"a code that is gone", []call{redeemed("1", mismatch, 0, 1)}, ruleLost},
		{"a code that is gone before it is used", []call{redeemed("1", mismatch, 0, 1), redeemed("1", accepted, 2, 3)}, ruleLost},
		{"a code that is gone for another one", []call{redeemed("1", accepted, 0, 1), redeemed("2", mismatch, 2, 3)}, ruleLost},
		{"a step after a later one", []call{stepped(2, accepted, 0, 1), stepped(1, accepted, 2, 3)}, ruleOlder},
		{"a step refused for an earlier one", []call{stepped(1, accepted, 0, 1), stepped(2, mismatch, 2, 3)}, ruleLost},
		{"a right code that is answered locked", []call{redeemed("1", locked, 0, 1)}, ruleCharged},
		{"a right code that is counted", []call{redeemed("1", accepted, 0, 1), redeemed("1", mismatch, 2, 3), counts(1, 4)}, ruleCharged},
	} {
		found := audit(c.calls, tries)
		if !slices.ContainsFunc(found, func(v violation) bool { return v.rule == c.rule }) {
			t.Errorf("%s: the audit finds %v, want %q", c.name, found, c.rule)
		}
	}
}

func TestLossIsBoundedByWhatWasForgotten(t *testing.T) {
	lost := append(slices.Clone(full), guessed(locked, 10, 11)) // all after the first two
	again := []call{wrong(3, 20, 21), wrong(4, 22, 23), wrong(5, 24, 25), guessed(locked, 26, 27)}
	got := lossOf(append(lost, again...), 4, 20, tries)
	if got.guesses != 3 || got.over != 3 || len(got.violations) > 0 {
		t.Errorf("of 3 forgotten guesses and 3 more: %v, %v", got, got.violations)
	}
	got = lossOf(append(lost, wrong(2, 20, 21)), 4, 20, tries)
	if len(got.violations) == 0 {
		t.Error("a guess that was received and is forgotten is not found")
	}
	twice := []call{redeemed("1", accepted, 4, 5), redeemed("1", accepted, 20, 21)}
	got = lossOf(append([]call{said(issue("user"), accepted, 0, 1)}, twice...), 4, 20, tries)
	if got.twice != 1 || got.redemptions != 1 || len(got.violations) > 0 {
		t.Errorf("of a code whose redemption is forgotten: %v, %v", got, got.violations)
	}
	got = lossOf(append([]call{said(issue("user"), accepted, 0, 1)}, twice...), 6, 20, tries)
	if got.twice != 1 || len(got.violations) == 0 {
		t.Error("a code that worked twice although its redemption was received is not found")
	}
	got = lossOf([]call{said(issue("user"), accepted, 4, 5), redeemed("1", mismatch, 20, 21)}, 4, 20, tries)
	if len(got.violations) > 0 {
		t.Errorf("of a code that is forgotten itself: %v", got.violations)
	}
	more := []call{wrong(1, 20, 21), wrong(2, 22, 23), wrong(3, 24, 25), wrong(4, 26, 27), wrong(5, 28, 29), wrong(5, 30, 31)}
	got = lossOf(append(slices.Clone(full[3:]), more...), 4, 20, tries)
	if len(got.violations) != 1 || got.violations[0].rule != ruleBound {
		t.Errorf("of 2 forgotten guesses and 6 more: %v", got.violations)
	}
}

func TestEachDevicePresentsSeveralCodes(t *testing.T) {
	const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	if got := codesOf("user", secret, time.Unix(1111111109, 0)); len(got) != steps {
		t.Errorf("of a device %d codes are presented, want %d", len(got), steps)
	}
}
