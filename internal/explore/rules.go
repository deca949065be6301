package explore

import (
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// A verdict is the judgement of a schedule.
type verdict struct {
	broken []breach
	// apart and twice are 1 if only they, as in Report, explain it.
	apart, twice int
}

// A breach is a broken promise.
type breach struct{ rule, detail string }

// A judged is a schedule to judge.
type judged struct {
	*schedule
	after *finding
	// twice is the thread whose operation may have happened twice: its swap landed
	// and returned ErrConflict, against the contract of a store, and somebody wrote
	// before it loaded again. -1 means none.
	twice int
}

// judge judges the schedule that just ran: first by rules on the library's public
// answers, then by the oracle.
func (s *schedule) judge(o *oracle) (found verdict) {
	j := &judged{schedule: s, twice: -1}
	seen := s.outcome()
	var made []*credential
	for i, t := range s.threads {
		if t.overtaken {
			j.twice = i
		}
		if !seen.open[i] && seen.made[i] != nil {
			made = append(made, seen.made[i])
		}
	}
	j.after = s.prober.look(seen.record, made)
	for _, r := range rules {
		if detail := r.broken(j); detail != "" {
			found.broken = append(found.broken, breach{r.name, detail})
		}
	}
	found.broken = append(found.broken, s.broken...)
	required := s.required()
	known := o.explain(seen, required)
	if known == nil && j.twice >= 0 {
		known = o.withGhost(j.twice).explain(seen, required)
		found.twice = 1
	}
	switch {
	case known == nil:
		found.broken = append(found.broken, breach{"some order of the operations explains the answers and the record", j.after.text})
	case known.apart:
		found.apart = 1
	}
	return found
}

// rules are the promises that need no oracle.
var rules = []struct {
	name   string
	broken func(j *judged) string
}{
	{"who met no fault is answered without one", (*judged).faultless},
	{"nothing is accepted without a swap of its own that landed before", (*judged).unwritten},
	{"a one-time credential is accepted once, and never works again", (*judged).replayed},
	{"every answered wrong guess is counted, and none twice", (*judged).miscounted},
	{"never more than Tries are judged", (*judged).excessive},
	{"every answered wrong proof is a strike, and none is two", (*judged).misstruck},
	{"a wipe takes more than Strikes wrong proofs, or a forfeit", (*judged).unearned},
	{"who is told that the data is wiped is told the truth", (*judged).unwiped},
	{"a marked wipe is done in the end", (*judged).lost},
	{"while a wipe is pending nothing is proven or bound", (*judged).early},
	{"nobody is told to go on before MinAge is over", (*judged).dodged},
	{"a record that opened still opens", (*judged).damaged},
	{"no more devices than Max", (*judged).crowded},
	{"what the user should hear of is told, or waits", (*judged).unheard},
	{"without a fault each notice is told once", (*judged).retold},
}

func (j *judged) faultless() string {
	for i, t := range j.threads {
		if i == j.faulty || t.behind && t.faulted() {
			continue
		}
		if t.open() || t.unwound || errors.Is(t.answer.err, factor.ErrConflict) {
			return t.said()
		}
	}
	return ""
}

func (j *judged) unwritten() string {
	for i, t := range j.threads {
		op := j.ops[i]
		waived := op.reads || op.method == "ResetGuard.Forfeit" || // may find the wipe that another marks and finishes
			op.method == "Admin.Sweep" // may find nothing due, or another sweep's work
		if !waived && !t.open() && t.answer.err == nil && !t.wrote {
			return op.name
		}
	}
	return ""
}

func (j *judged) replayed() string {
	accepted := make(map[string]int)
	for i, t := range j.threads {
		if c := j.ops[i].spends; c != "" && !t.open() && t.answer.err == nil && t.answer.match.Kind != factor.KindPIN {
			accepted[c]++
		}
	}
	for c, n := range accepted {
		if n > 1 {
			return fmt.Sprintf("the code %q %d times", c, n)
		}
		if j.after.works[c] || c == "device" && j.after.works["older"] {
			return fmt.Sprintf("the code %q still works", c)
		}
	}
	return ""
}

// charged returns how many answered guesses of a kind must have been counted, and
// how many may have been, answered or not.
func (j *judged) charged(k factor.Kind) (least, most int, cleared bool) {
	once := 0
	for i, t := range j.threads {
		op := j.ops[i]
		cleared = cleared || slices.Contains(op.clears, k)
		if slices.Contains(op.judges, k) {
			most++
			if i == j.twice {
				most++
			}
		}
		if errors.Is(t.answer.err, errHost) && slices.Contains(codeKinds, k) && j.start.before.tries(k) > 0 {
			once = 1 // the code beside it was judged, unless another charge had locked its kind
		}
		var m *factor.MismatchError
		isGuess := len(op.judges) > 0 && (op.spends == "" || k == factor.KindPIN) // one that is spent is not charged
		if !t.open() && isGuess && errors.As(t.answer.err, &m) && m.Kind == k {
			least++
		}
	}
	return max(least, once), most, cleared
}

func (j *judged) miscounted() string {
	for _, k := range allKinds {
		least, most, cleared := j.charged(k)
		more := j.after.wrong(k) - j.start.before.wrong(k)
		if more > most || !cleared && !j.after.unopened && more < least {
			return fmt.Sprintf("%s: %d answered, at most %d given, %d counted", k, least, most, more)
		}
	}
	return ""
}

func (j *judged) excessive() string {
	for _, k := range allKinds {
		if least, _, cleared := j.charged(k); !cleared && least > j.start.before.tries(k) {
			return fmt.Sprintf("%s: %d judged, %d were left", k, least, j.start.before.tries(k))
		}
	}
	return ""
}

// struck returns how many answered proofs must have been strikes, and how many
// given ones may have been.
func (j *judged) struck() (least, most int, mended bool) {
	for i, t := range j.threads {
		op := j.ops[i]
		mended = mended || op.mends
		if !op.guards {
			continue
		}
		most++
		if i == j.twice {
			most++
		}
		if !t.open() && op.spends == "" && errors.Is(t.answer.err, factor.ErrMismatch) {
			least++
		}
	}
	return least, most, mended
}

func (j *judged) misstruck() string {
	least, most, mended := j.struck()
	before, after := j.start.before.status, j.after.status
	if j.start.forgiving || before.Wipe != nil || after.Wipe != nil || j.after.unopened {
		return ""
	}
	if more := after.Strikes - before.Strikes; more > most || !mended && more < least {
		return fmt.Sprintf("%d answered, %d given, %d counted", least, most, more)
	}
	return ""
}

func (j *judged) unearned() string {
	before, w := j.start.before.status, j.after.status.Wipe
	if w == nil || before.Wipe != nil && before.Wipe.ID == w.ID {
		return ""
	}
	if w.Reason == factor.ReasonForfeited {
		for _, op := range j.ops {
			if op.method == "ResetGuard.Forfeit" {
				return ""
			}
		}
		return "nobody forfeited"
	}
	if _, most, _ := j.struck(); before.Strikes+most <= j.start.strikes {
		return fmt.Sprintf("%d strikes and %d proofs", before.Strikes, most)
	}
	return ""
}

func (j *judged) unwiped() string {
	before := j.start.before
	for _, t := range j.threads {
		switch {
		case !errors.Is(t.answer.err, factor.ErrWiped) && !errors.Is(t.answer.err, factor.ErrWipePending):
			continue
		case t.open() || errors.Is(t.answer.err, factor.ErrWipePending):
			if before.status.Wipe == nil && len(j.wiped) == 0 {
				return t.said()
			}
			continue
		}
		done := before.status.Wipe != nil && before.finished == uuid.Nil
		for _, ok := range j.wiped {
			done = done || ok
		}
		if !done {
			return t.said()
		}
	}
	return ""
}

func (j *judged) lost() string {
	w := j.after.status.Wipe
	if w == nil || j.wiped[w.ID] || j.after.finished == w.ID {
		return ""
	}
	if before := j.start.before; before.status.Wipe != nil && before.status.Wipe.ID == w.ID && before.finished == uuid.Nil {
		return "" // it was done at the start
	}
	return "a later sweep finds nothing to do"
}

func (j *judged) early() string {
	if !j.start.wipeFails {
		return ""
	}
	for i, t := range j.threads {
		if op := j.ops[i]; (op.binds || op.guards || op.method == "Admin.Forget" || op.method == "Admin.Discard") && !t.open() && t.answer.err == nil {
			return op.name
		}
	}
	return ""
}

// dodged looks for a reset that may go on although the user has nothing old enough
// to prove it, and nobody but the user caused that.
func (j *judged) dodged() string {
	erases := []string{"Admin.Forget", "Admin.Discard", "ResetGuard.Forfeit"}
	if !j.start.young || slices.ContainsFunc(j.ops, func(o *operation) bool { return slices.Contains(erases, o.method) }) {
		return ""
	}
	for i, t := range j.threads {
		if err := t.answer.err; j.ops[i].guards && !t.open() && (err == nil || errors.Is(err, factor.ErrNotEnrolled)) {
			return t.said()
		}
	}
	return ""
}

func (j *judged) damaged() string {
	if j.after.unopened && !j.start.before.unopened {
		return j.after.text
	}
	return ""
}

func (j *judged) crowded() string {
	if n := len(j.after.status.Devices); n > 2 {
		return fmt.Sprintf("%d devices", n)
	}
	return ""
}
