package adversary

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/knowhave/factor/internal/spec"
)

var (
	deeper = flag.Int("adversary.deeper", 0, "search so many moves deeper, with up to 50 million places in memory")
	write  = flag.Bool("adversary.write", false, "write the stories in testdata anew")
)

// safety are the promises that one search looks at together.
var safety = []Promise{Unproven, Unguarded, RightStrike, Wiped, Once, Gone, WipeKept}

// A claim is that an adversary breaks none of some promises.
type claim struct {
	adversary *Adversary
	promises  []Promise
	depth     int
}

// kept are the promises that the rules keep, and variants that mend one. What is not here
// stands in known, or is of no meaning: somebody who has a device of the user's may prove
// with it.
var kept = []claim{
	{&Outsider, safety, 14},
	{&Outsider, []Promise{Guesses(spec.KindPIN)}, 12},
	{&Outsider, []Promise{Guesses(spec.KindDeviceTOTP)}, 12},
	{&MailingOutsider, []Promise{Once, Gone}, 11},
	{&MailingOutsider, []Promise{Guesses(spec.KindLogin)}, 10},
	{&Outsider, []Promise{LockedOut(spec.KindPIN)}, 12},
	{&Outsider, []Promise{LockedOut(spec.KindDeviceTOTP)}, 12},
	{&EarlyOutsider, []Promise{Once, Gone}, 7},
	{&EarlyOutsider, []Promise{Guesses(spec.KindDeviceTOTP)}, 7},
	{&EarlyOutsider, []Promise{Guesses(spec.KindTOTP)}, 8},
	{AgainstAPIN, []Promise{Unproven, RightStrike, Once, Gone, WipeKept}, 7},
	{AgainstAPIN, []Promise{GuardGuesses}, 7},
	{AgainstAPhone, []Promise{Unproven, RightStrike, Once, Gone, WipeKept}, 7},
	{AgainstAPhone, []Promise{GuardGuesses}, 7},
	{AgainstBoth, []Promise{Unproven, RightStrike, Once, Gone, WipeKept}, 7},
	{AgainstBoth, []Promise{GuardGuesses}, 7},
	{&MailboxGuesser, []Promise{Once, Gone}, 8},
	{&MailboxGuesser, []Promise{Guesses(spec.KindPIN)}, 9},
	{&StaleCodeThief, []Promise{Once, Gone}, 12},
	{&LateMailboxThief, []Promise{Once}, 8},
	{&LatePasswordThief, []Promise{Once, LockedOut(spec.KindPIN)}, 10},
	{&SessionThief, []Promise{Unproven, RightStrike, Once, Gone, WipeKept}, 7},
	{&SessionThief, []Promise{Guesses(spec.KindPIN)}, 8},
	{&OldDeviceThief, []Promise{Unguarded, RightStrike, Wiped, Once, Gone, WipeKept}, 7},
	{&OldRowsThief, []Promise{Unguarded, RightStrike, Wiped, Once, WipeKept}, 9},
	{&OldRowsThief, []Promise{Guesses(spec.KindPIN)}, 10},
	{&OldRowsThief, []Promise{GuardGuesses}, 8},
	{&MovedUserThief, []Promise{Guesses(spec.KindDeviceTOTP)}, 20},
	{&KeyBreaker, []Promise{Unproven, Unguarded, RightStrike, Wiped, Once, Gone}, 25},
	{&KeyBreaker, []Promise{GuardGuesses}, 25},
	{under(&KeyBreaker, Rules{}), safety, 20},
	{under(&LateMailboxThief, Rules{Voids: voiding}), []Promise{Gone}, 8},
	{under(&LatePasswordThief, Rules{Voids: voiding}), []Promise{Gone}, 10},
	{&CallingHost, safety, 25},
	{&CallingHost, []Promise{GuardGuesses}, 25},
	{&CallingHost, []Promise{LockedOut(spec.KindPIN)}, 25},
	{&HangingUp, safety, 8},
	{&HangingUp, []Promise{Guesses(spec.KindPIN)}, 8},
	{&HangingUp, []Promise{LockedOut(spec.KindPIN)}, 8},
	{ClockThief(0), []Promise{Guesses(spec.KindPIN)}, 9},
	{ClockThief(0), []Promise{Intervals}, 9},
	{ClockGuardThief(0), []Promise{Confirmable, GuardIntervals, Wiped, RightStrike, WipeKept}, 9},
	{ClockReplayer(time.Millisecond), []Promise{Once, Gone}, 11},
	{ClockReplayer(time.Minute), []Promise{Once, Gone}, 9},
	{ClockThief(time.Minute), []Promise{LockedOut(spec.KindPIN)}, 8},
	{&NewPhoneUser, []Promise{Unproven, Once, Gone, WipeKept}, 11},
}

// What is written down to hold holds, to that depth. For more, see the package comment.
func TestPromisesHold(t *testing.T) {
	for _, c := range kept {
		name := c.adversary.Name + ": " + c.promises[0].Name
		if len(c.promises) > 1 {
			name = fmt.Sprintf("%s: %d promises", c.adversary.Name, len(c.promises))
		}
		t.Run(name, c.test)
	}
}

func (c claim) test(t *testing.T) {
	s := Search{Adversary: c.adversary, Promises: c.promises, Depth: c.depth + *deeper - shallower}
	if *deeper > 0 {
		s.Most = 50_000_000
	}
	from := time.Now()
	r := s.Run()
	if r.Broken != nil {
		t.Fatalf("%s breaks the promise: %s\n%s", c.adversary.Name, r.Broken.Name, Story(r.Steps))
	}
	if r.Depth < s.Depth && !r.Whole {
		t.Fatalf("searched to %d moves only, not to %d", r.Depth, s.Depth)
	}
	t.Logf("%d moves, %d places, whole %v, %v", r.Depth, r.Places, r.Whole, time.Since(from).Round(time.Millisecond))
}

// A fault is a promise that some rules break.
type fault struct {
	name      string
	adversary *Adversary
	promise   Promise
	depth     int
}

// known are the faults of the rules as the specification has them, by the number under
// which they are to be mended.
var known = []fault{
	{"1: the old PIN is replaced", AgainstAPIN, Unguarded, 4},
	{"1: the old device is enrolled anew", AgainstAPhone, Unguarded, 4},
	{"1: the old PIN and the old device are replaced", AgainstBoth, Unguarded, 5},
	{"1: what is young is not guarded at all", &NewPhoneUser, Unguarded, 7},
	{"1: a right code of the user's own new phone is a strike", &NewPhoneUser, RightStrike, 3},
	{"1: right codes of the user's own new phone wipe", &NewPhoneUser, Wiped, 6},
	{"1: right codes of a thief's young device wipe", AgainstAPIN, Wiped, 7},
	{"1: right codes of a device that a session enrolled wipe", &SessionThief, Wiped, 6},
	{"2: clocks 1 ms apart void a lock", ClockThief(time.Millisecond), Guesses(spec.KindPIN), 3},
	{"2: clocks 1 ms apart void an interval", ClockThief(time.Millisecond), Intervals, 3},
	{"2: clocks 1 min apart void a lock", ClockThief(time.Minute), Guesses(spec.KindPIN), 4},
	{"2: clocks 1 min apart void an interval", ClockThief(time.Minute), Intervals, 3},
	{"2: clocks 1 ms apart void the guard's interval", ClockGuardThief(time.Millisecond), GuardIntervals, 3},
	{"2: clocks 1 min apart void the guard's interval", ClockGuardThief(time.Minute), GuardIntervals, 3},
	{"2: clocks 1 ms apart void an authenticator that waits", ClockGuardThief(time.Millisecond), Confirmable, 3},
	{"3: Forget while no record opens loses a wipe", &KeyBreaker, WipeKept, 4},
	{"4: an import revives the PIN from before the move", &OldRowsThief, Gone, 4},
	{"4: a refused import is forgotten", &OldRowsThief, Refused, 4},
	{"4: a revoked secret comes back under another id", &MovedUserThief, Gone, 4},
	{"4: and accepts a used step", &MovedUserThief, Once, 4},
	{"5: guesses from before the first device lock it", &EarlyOutsider, LockedOut(spec.KindDeviceTOTP), 5},
	{"5: guesses from before the first authenticator lock it", &EarlyOutsider, LockedOut(spec.KindTOTP), 7},
	{"5: guesses at the device before lock the one that replaced it", &OldDeviceThief, LockedOut(spec.KindDeviceTOTP), 6},
	{"5: one more device lifts a final lock", &MailboxGuesser, Guesses(spec.KindDeviceTOTP), 8},
	{"5: a code outlives the address that it was mailed to", &LateMailboxThief, Gone, 4},
	{"5: an authenticator outlives the password that began it", &LatePasswordThief, Gone, 4},
	{"6: a used code is an uncharged guess at a device", &StaleCodeThief, Guesses(spec.KindDeviceTOTP), 5},
	{"6: a used code of a thief's device is an uncharged guess at the user's", &SessionThief, Guesses(spec.KindDeviceTOTP), 7},
}

// drafts are rules that are not, each as a variant of the specification: a promise that
// nothing in known breaks is broken here. Rules that are mended join them.
var drafts = []fault{
	{"no minimum age at the guard", under(AgainstAPIN, Rules{Next: ageless}), Unproven, 4},
	{"any binding sets the strikes back", under(AgainstAPIN, Rules{Next: forgiving}), GuardGuesses, 8},
}

// under is an adversary under a variant of the rules, with the same options.
func under(adv *Adversary, variant Rules) *Adversary {
	other := *adv
	variant.Options = adv.Rules.Options
	other.Rules = variant
	return &other
}

// voiding is what the user's moving on is to do.
func voiding(s spec.State) spec.State {
	s.Login.Live, s.Account.Live, s.Waiting = spec.Issued{}, spec.Issued{}, spec.Waiting{}
	return s
}

func ageless(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	without := *o
	without.Reset.MinAge = 0
	return without.Next(s, now, c)
}

func forgiving(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	next, out := o.Next(s, now, c)
	if out.Answer.Err == spec.OK && c.Op.Row().Binds {
		next.Guard = spec.Guard{}
	}
	return next, out
}

// The rules of 0.1 break these promises, each by the shortest sequence of moves. When a
// rule is mended, its faults move to drafts, under a variant that still has it, and the
// adversary with the promise to kept.
func TestKnownFaultsOfTheRulesOf01(t *testing.T) { tell(t, known, "testdata/known.txt") }

// The search finds what is wrong with rules that are not, too.
func TestFaultsOfDrafts(t *testing.T) { tell(t, drafts, "testdata/drafts.txt") }

// tell finds the faults, and compares their stories with those in a file.
func tell(t *testing.T, faults []fault, file string) {
	t.Helper()
	var text strings.Builder
	for _, f := range faults {
		from := time.Now()
		r := Search{Adversary: f.adversary, Promises: []Promise{f.promise}, Depth: f.depth}.Run()
		if r.Broken == nil {
			t.Errorf("%s is not found any more, in %d places: is the rule mended?", f.name, r.Places)
			continue
		}
		t.Logf("%d moves, %5d places, %v: %s", len(r.Steps), r.Places, time.Since(from).Round(time.Millisecond), f.name)
		fmt.Fprintf(&text, "%s\n    %s: %s\n%s\n", f.name, f.adversary.Name, f.promise.Name, Story(r.Steps))
	}
	if *write {
		if err := os.WriteFile(file, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if text.String() != string(want) {
		t.Errorf("the stories are not those of %s (-adversary.write writes it anew), but\n%s", file, text.String())
	}
}

// The numbers that Guesses goes by are those of the guess table in SECURITY.md.
func TestTheTableIsTheOneOfTheDocs(t *testing.T) {
	o := spec.Options{}.Complete()
	for _, row := range []struct {
		limit             spec.Limit
		minutes, day, all int
	}{
		{o.PIN.Limit, 5, 10, 10},
		{o.OTP.Limit, 7, 33, 100},
		{o.TOTP.Limit, 7, 33, 100},
	} {
		table := tableOf(row.limit)
		// The spans of the docs are without their ends.
		got := [3]int{table.within(5*time.Minute - 1), table.within(24*time.Hour - 1), table.within(1000 * time.Hour)}
		if got != [3]int{row.minutes, row.day, row.all} {
			t.Errorf("%+v: %d guesses in 5 minutes, a day and for ever, want %+v", row.limit, got, row)
		}
	}
}

// A search is the same each time: the places, their number and the way.
func TestASearchIsTheSameTwice(t *testing.T) {
	search := Search{Adversary: &EarlyOutsider, Promises: []Promise{LockedOut(spec.KindTOTP)}, Depth: 7}
	if a, b := search.Run(), search.Run(); a.Places != b.Places || Story(a.Steps) != Story(b.Steps) {
		t.Errorf("%d places, then %d\n%s\n%s", a.Places, b.Places, Story(a.Steps), Story(b.Steps))
	}
}

// Two promises that remember in the same place would mislead each other.
func TestPromisesThatCountAreSearchedApart(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("both are searched for at once")
		}
	}()
	Search{Adversary: &Outsider, Promises: []Promise{GuardGuesses, Intervals}}.Run()
}
