package adversary

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/knowhave/factor/internal/race"
	"github.com/knowhave/factor/internal/spec"
)

var (
	deeper = flag.Int("adversary.deeper", 0, "search so many moves deeper, with up to 50 million places in memory")
	write  = flag.Bool("adversary.write", false, "write the stories in testdata anew")
)

// safety are promises that one search checks together.
var safety = []Promise{Unproven, Unguarded, Provable, RightStrike, Wiped, Once, Gone, WipeKept}

// A claim is that an adversary breaks none of some promises.
type claim struct {
	adversary *Adversary
	promises  []Promise
	depth     int
}

// kept are the promises that the rules keep. A pair that is missing means nothing:
// an adversary with a device of the user's may prove with it.
var kept = []claim{
	{&Outsider, safety, 14},
	{&Outsider, []Promise{Guesses(spec.KindPIN)}, 12},
	{&Outsider, []Promise{Guesses(spec.KindDeviceTOTP)}, 12},
	{&MailingOutsider, []Promise{Once, Gone}, 10},
	{&MailingOutsider, []Promise{Guesses(spec.KindLogin)}, 10},
	{&ResendingOutsider, []Promise{Once, Gone}, 10},
	{&ResendingOutsider, []Promise{Guesses(spec.KindLogin)}, 10},
	{&Outsider, []Promise{LockedOut(spec.KindPIN)}, 12},
	{&Outsider, []Promise{LockedOut(spec.KindDeviceTOTP)}, 12},
	{&EarlyOutsider, []Promise{Once, Gone}, 7},
	{&EarlyOutsider, []Promise{Guesses(spec.KindDeviceTOTP)}, 7},
	{&EarlyOutsider, []Promise{Guesses(spec.KindTOTP)}, 8},
	{&EarlyOutsider, []Promise{LockedOut(spec.KindDeviceTOTP)}, 7},
	{&EarlyOutsider, []Promise{LockedOut(spec.KindTOTP)}, 7},
	{AgainstAPIN, safety, 7},
	{AgainstAPIN, []Promise{GuardGuesses}, 7},
	{AgainstAPhone, safety, 7},
	{AgainstAPhone, []Promise{GuardGuesses}, 7},
	{AgainstBoth, safety, 7},
	{AgainstBoth, []Promise{GuardGuesses}, 7},
	{AgainstAYoungPIN, safety, 7},
	{AgainstAnApp, safety, 8},
	{AgainstAnApp, []Promise{GuardGuesses}, 8},
	{WindowThief, safety, 8},
	{WindowThief, []Promise{GuardGuesses}, 8},
	{MovingThief, safety, 8},
	{YoungDeviceThief, safety, 12},
	{YoungDeviceThief, []Promise{GuardGuesses}, 12},
	{YoungPINThief, safety, 12},
	{YoungPINThief, []Promise{GuardGuesses}, 12},
	{ClockAgeThief(time.Millisecond), safety, 7},
	{ClockAgeThief(time.Minute), safety, 7},
	{SweepingThief, safety, 10},
	{&NewPhoneUser, safety, 11},
	{&MailboxGuesser, []Promise{Once, Gone}, 8},
	{&MailboxGuesser, []Promise{Guesses(spec.KindPIN)}, 9},
	{&MailboxGuesser, []Promise{Guesses(spec.KindDeviceTOTP)}, 9},
	{&StaleCodeThief, []Promise{Once, Gone, Charged}, 12},
	{&StaleCodeThief, []Promise{Guesses(spec.KindDeviceTOTP)}, 12},
	{&ForgivenThief, safety, 8},
	{&ForgivenThief, []Promise{GuardGuesses}, 8},
	{&LateWriter, []Promise{Once, Gone, Charged}, 9},
	{&TwiceBegun, []Promise{Once, Gone, BegunAgain}, 9},
	{&LostAnswer, []Promise{Once, Retried}, 9},
	{&LateMailboxThief, []Promise{Once, Gone}, 8},
	{&LatePasswordThief, []Promise{Once, Gone}, 10},
	{&LatePasswordThief, []Promise{LockedOut(spec.KindPIN)}, 10},
	{&SessionThief, safety, 7},
	{&SessionThief, []Promise{Guesses(spec.KindPIN)}, 7},
	{&SessionThief, []Promise{Guesses(spec.KindDeviceTOTP)}, 7},
	{&OldDeviceThief, []Promise{Unguarded, RightStrike, Wiped, Once, Gone, WipeKept}, 7},
	{&OldDeviceThief, []Promise{LockedOut(spec.KindDeviceTOTP)}, 7},
	{&OldRowsThief, []Promise{Unguarded, RightStrike, Wiped, Once, Gone, Refused, WipeKept}, 8},
	{&OldRowsThief, []Promise{Guesses(spec.KindPIN)}, 9},
	{&OldRowsThief, []Promise{GuardGuesses}, 8},
	{&MovedUserThief, []Promise{Once, Gone, Refused}, 20},
	{&MovedUserThief, []Promise{Guesses(spec.KindDeviceTOTP)}, 20},
	{&KeyBreaker, safety, 25},
	{&KeyBreaker, []Promise{GuardGuesses}, 25},
	{&AppHost, safety, 8},
	{&StuckReplica, []Promise{Unguarded, Provable, Once, Gone, WipeKept}, 6},
	{&StuckReplica, []Promise{Guesses(spec.KindPIN)}, 6},
	{&CallingHost, safety, 25},
	{&CallingHost, []Promise{GuardGuesses}, 25},
	{&CallingHost, []Promise{LockedOut(spec.KindPIN)}, 25},
	{&HangingUp, safety, 8},
	{&HangingUp, []Promise{Guesses(spec.KindPIN)}, 8},
	{&HangingUp, []Promise{LockedOut(spec.KindPIN)}, 8},
	{ClockThief(0), []Promise{Guesses(spec.KindPIN)}, 9},
	{ClockThief(0), []Promise{Intervals}, 9},
	{ClockThief(time.Millisecond), []Promise{Guesses(spec.KindPIN)}, 8},
	{ClockThief(time.Millisecond), []Promise{Intervals}, 8},
	{ClockThief(time.Minute), []Promise{Guesses(spec.KindPIN)}, 8},
	{ClockThief(time.Minute), []Promise{Intervals}, 8},
	{ClockGuardThief(0), []Promise{Confirmable, GuardIntervals, Wiped, RightStrike, WipeKept}, 8},
	{ClockGuardThief(time.Millisecond), []Promise{Confirmable, GuardIntervals, Wiped, RightStrike, WipeKept}, 7},
	{ClockGuardThief(time.Minute), []Promise{Confirmable, GuardIntervals, Wiped, RightStrike, WipeKept}, 7},
	{ClockReplayer(time.Millisecond), []Promise{Once, Gone}, 10},
	{ClockReplayer(time.Minute), []Promise{Once, Gone}, 9},
	{ClockThief(time.Minute), []Promise{LockedOut(spec.KindPIN)}, 8},
	{&AddressThief, []Promise{Purposed, Confirmed, Elsewhere, OneChance, Once, Gone}, 7},
	{&PaymentThief, []Promise{Purposed, Confirmed, Elsewhere, OneChance, Once, Gone, Charged}, 6},
	{&PaymentThief, []Promise{Guesses(spec.KindAccount)}, 6},
	{&AllDayAsker, []Promise{Purposed, OneChance, Once, Gone}, 5},
	{&AllDayAsker, []Promise{Guesses(spec.KindLogin)}, 5},
	{&AskingBeside, []Promise{Newest, Charged, Once, Gone}, 5},
	{&TwoTabs, []Promise{Newest, Charged, Purposed, Once, Gone}, 6},
	{&ListThief, append([]Promise{Charged}, safety...), 7},
	{&ListThief, []Promise{Guesses(spec.KindRecovery)}, 7},
	{&ListThief, []Promise{LockedOut(spec.KindRecovery)}, 7},
	{&ListingDeviceThief, []Promise{Charged, Once, Gone}, 6},
	{&ListGuesser, []Promise{Guesses(spec.KindRecovery)}, 10},
	{&ListGuesser, []Promise{LockedOut(spec.KindRecovery)}, 10},
	{&MailboxListGuesser, []Promise{Guesses(spec.KindRecovery)}, 8},
	{&CarelessPrinter, []Promise{Charged, Once, Gone}, 8},
	{&PrintingGuesser, []Promise{Guesses(spec.KindPIN)}, 8},
	{&PrintingGuesser, []Promise{Once, Gone}, 7},
	{&NoticeThief, []Promise{NoticeKept}, 20},
	{&BusyThief, []Promise{NoticeKept, NoticeHeard}, 12},
	{&Crowder, []Promise{NoticeKept, WipeFirst, SweepEnds, WipeKept}, 8},
}

// The promises hold to that depth. For more, see the package comment.
func TestPromisesHold(t *testing.T) {
	if race.Enabled {
		t.Skip("a search has but one goroutine: run it without the race detector")
	}
	for _, c := range kept {
		name := c.adversary.Name + ": " + c.promises[0].Name
		if len(c.promises) > 1 {
			name = fmt.Sprintf("%s: %d promises", c.adversary.Name, len(c.promises))
		}
		t.Run(name, c.test)
	}
}

func (c claim) test(t *testing.T) {
	s := Search{Adversary: c.adversary, Promises: c.promises, Depth: c.depth + *deeper}
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

// drafts are rules that were found wrong, with the shortest sequence of moves that
// shows it. Those with a number are the rules of 0.1, by what was mended; the
// others were drafts of what mends them. Add a mended rule as a variant in
// rules_test.go.
var drafts = []fault{
	{"1: the old PIN is replaced", under(AgainstAPIN, youngIsNothing), Unguarded, 4},
	{"1: the old device is enrolled anew", under(AgainstAPhone, youngIsNothing), Unguarded, 4},
	{"1: the old PIN and the old device are replaced", under(AgainstBoth, youngIsNothing), Unguarded, 5},
	{"1: what is young is not guarded at all", under(&NewPhoneUser, youngIsNothing), Unguarded, 7},
	{"1: a right code of the user's own new phone is a strike", under(&NewPhoneUser, youngIsNothing), RightStrike, 3},
	{"1: right codes of the user's own new phone wipe", under(&NewPhoneUser, youngIsNothing), Wiped, 6},
	{"1: right codes of a thief's young device wipe", under(AgainstAPIN, youngIsNothing), Wiped, 7},
	{"1: right codes of a device that a session enrolled wipe", under(&SessionThief, youngIsNothing), Wiped, 6},
	{"2: clocks 1 ms apart void a lock", under(ClockThief(time.Millisecond), slackless), Guesses(spec.KindPIN), 3},
	{"2: clocks 1 ms apart void an interval", under(ClockThief(time.Millisecond), slackless), Intervals, 3},
	{"2: clocks 1 min apart void a lock", under(ClockThief(time.Minute), slackless), Guesses(spec.KindPIN), 4},
	{"2: clocks 1 min apart void an interval", under(ClockThief(time.Minute), slackless), Intervals, 3},
	{"2: clocks 1 ms apart void the guard's interval", under(ClockGuardThief(time.Millisecond), slackless), GuardIntervals, 3},
	{"2: clocks 1 min apart void the guard's interval", under(ClockGuardThief(time.Minute), slackless), GuardIntervals, 3},
	{"2: clocks 1 ms apart void an authenticator that waits", under(ClockGuardThief(time.Millisecond), slackless), Confirmable, 3},
	{"3: Forget while no record opens loses a wipe", unopened(&KeyBreaker, forgetsUnread), WipeKept, 4},
	{"4: an import revives the PIN from before the move", under(&OldRowsThief, remembersRows), Gone, 4},
	{"4: a refused import is forgotten", under(&OldRowsThief, remembersRows), Refused, 4},
	{"4: a revoked secret comes back under another id", under(&MovedUserThief, remembersRows), Gone, 4},
	{"4: and accepts a used step", under(&MovedUserThief, remembersRows), Once, 4},
	{"5: guesses from before the first device lock it", under(&EarlyOutsider, keepsCounts), LockedOut(spec.KindDeviceTOTP), 5},
	{"5: guesses from before the first authenticator lock it", under(&EarlyOutsider, keepsCounts), LockedOut(spec.KindTOTP), 7},
	{"5: guesses at the device before lock the one that replaced it", under(&OldDeviceThief, keepsCounts), LockedOut(spec.KindDeviceTOTP), 6},
	{"5: one more device lifts a final lock", under(&MailboxGuesser, keepsCounts), Guesses(spec.KindDeviceTOTP), 8},
	{"5: a code outlives the address that it was mailed to", under(&LateMailboxThief, voidsNothing), Gone, 4},
	{"5: an authenticator outlives the password that began it", under(&LatePasswordThief, voidsNothing), Gone, 4},
	{"6: a code that was replaced is counted as a guess", under(&LateWriter, forgetsReplaced), Charged, 4},
	{"6: a used code is an uncharged guess at a device", under(&StaleCodeThief, shelters), Guesses(spec.KindDeviceTOTP), 5},
	{"6: a used code of a thief's device is an uncharged guess at the user's", under(&SessionThief, shelters), Guesses(spec.KindDeviceTOTP), 7},
	{"7: a code of the first QR code is counted against the second", under(&TwiceBegun, forgetsBegun), BegunAgain, 4},
	{"7: a phone whose secret was lost on the way cannot enrol", under(&LostAnswer, retriesNothing), Retried, 3},
	{"9: that nothing is enrolled is answered on a read alone", under(&StuckReplica, readsAlone), Unguarded, 4},
	{"no minimum age at the guard", under(AgainstAPIN, ageless), Unproven, 4},
	{"any binding sets the strikes back", under(AgainstAPIN, forgiving), GuardGuesses, 8},
	{"a code of something young excuses the PIN beside it", under(YoungDeviceThief, excusesBeside), GuardGuesses, 5},
	{"a PIN that is not looked at excuses the code beside it", under(YoungPINThief, excusesCode), GuardGuesses, 5},
	{"a code of something young is judged at what is old too", under(YoungDeviceThief, judgesOldToo), GuardGuesses, 7},
	{"a stale code of something young is judged at what is old too", under(YoungDeviceThief, shelters), GuardGuesses, 7},
	{"a code of something young sets the strikes back", under(YoungDeviceThief, refundsYoung), GuardGuesses, 6},
	{"a device that enrols again without a proof keeps its age", under(WindowThief, keepsAge), Unproven, 3},
	{"a wrong proof is forgiven although another PIN is bound", under(&ForgivenThief, remembersProof), GuardGuesses, 6},
	{"a young device of anybody's has the user wait", under(YoungDeviceThief, waitsForAll), Provable, 2},
	{"an authenticator is bound before the wipe is done", under(&AppHost, bindsLess), WipeKept, 5},
	{"only what is old is waited for after it is removed", under(AgainstAYoungPIN, protectsOld), Unguarded, 4},
	{"a record that waits for the minimum age is empty", under(SweepingThief, emptiesEarly), Unguarded, 7},
	{"the oldest notice goes where too many wait", under(&NoticeThief, dropsOldest), NoticeKept, 20},
	{"each new notice puts off all that wait", under(&BusyThief, beginsAnew), NoticeHeard, 10},
	{"a Sweep tells each user before it comes to the next one's wipe", mailFirst(&Crowder), WipeFirst, 4},
	{"a Sweep goes on telling while mail hangs", mailFirst(&Crowder), SweepEnds, 4},
	{"clocks 1 ms apart void the minimum age", under(ClockAgeThief(time.Millisecond), slackless), Unguarded, 5},
	{"a purpose is not looked at when a code is judged", under(&AddressThief, judgesAnyPurpose), Purposed, 3},
	{"and a guess is one at four codes", under(&AllDayAsker, judgesAnyPurpose), OneChance, 4},
	{"a code is issued for no purpose", under(&AddressThief, issuesForNothing), Purposed, 3},
	{"a code is issued for no purpose, and the user's is wrong", under(&TwoTabs, issuesForNothing), Newest, 3},
	{"the parts of a purpose are joined without their lengths", under(&PaymentThief, joinsParts), Purposed, 3},
	{"a view without kinds means devices too", under(&PaymentThief, asksAsWithoutView), Confirmed, 2},
	{"a code is stale for every purpose", under(&AddressThief, staleEverywhere), Elsewhere, 5},
	{"one code is live, whatever the purposes", under(&TwoTabs, oneLive), Newest, 4},
	{"a used recovery code is counted as a guess", under(&CarelessPrinter, chargesUsed), Charged, 3},
	{"a recovery code is accepted twice", under(&CarelessPrinter, spendsNothing), Once, 3},
	{"a list that was replaced is accepted", under(&ListThief, acceptsOldLists), Gone, 4},
	{"a list that was removed is accepted", under(&ListingDeviceThief, keepsRemoved), Gone, 6},
	{"a recovery code proves a reset", under(&ListThief, provesByList), Unproven, 2},
	{"a new list sets the count of PINs back", under(&PrintingGuesser, refundsAll), Guesses(spec.KindPIN), 8},
	{"recovery codes are counted together with account codes", under(&MailboxListGuesser, countsTogether), Guesses(spec.KindRecovery), 6},
	{"guesses from before a list lock it", under(&ListGuesser, keepsListCount), LockedOut(spec.KindRecovery), 6},
}

// The search finds what is wrong with each, by a shortest sequence.
func TestFaultsOfDrafts(t *testing.T) { tell(t, drafts, "testdata/drafts.txt") }

// allowed are sequences that the rules allow, for hosts to be warned of.
var allowed = []fault{
	{"codes for other purposes push out the user's", &PushingOutsider, Newest, 7},
	{"a right code for one purpose sets the count of guesses at another's back", &RefundingThief, GuessesFor(removal), 8},
}

// A shortest sequence for each thing that the rules allow.
func TestWhatTheRulesAllow(t *testing.T) { tell(t, allowed, "testdata/allowed.txt") }

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

// Guesses uses the numbers of the guess table in SECURITY.md.
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
		// The docs' spans exclude their ends.
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

// Two promises that share a memory would mislead each other.
func TestPromisesThatCountAreSearchedApart(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("both are searched for at once")
		}
	}()
	Search{Adversary: &Outsider, Promises: []Promise{GuardGuesses, Intervals}}.Run()
}
