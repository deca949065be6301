package torture

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
)

// life makes the calls of a life out of operations and their answers, one after
// the other.
func life(calls ...*call) []*call {
	for n, c := range calls {
		c.User, c.name, c.span = sharedUser, callName(0, n), span{2 * n, 2*n + 1}
		if c.open() {
			c.end = never
		}
	}
	return calls
}

// audited returns what an audit of the life finds, if this is the status after
// it.
func audited(st factor.Status, marks []mark, calls []*call) string {
	h := newHistory(unknownUser(sharedUser), calls, marks)
	h.check(map[string]int{})
	h.settle(sight{Status: st})
	return strings.Join(h.found(), "\n")
}

var (
	first         = deviceID(sharedUser, 0)
	wrongGuess    = intent{Op: opVerifyPassword, Proof: proof{Password: wrongPassword}}
	wrongReset    = intent{Op: opProve, Proof: proof{OTP: wrongOTP}}
	paidEnrolment = intent{Op: opEnroll, Device: first, Proof: proof{Password: rightPassword}}
	setPIN        = intent{Op: opAdminSetPIN, NewPIN: "2580"}
)

func said(it intent, as class) *call { return &call{intent: it, answer: answer{Class: as}} }

func holding(passwords int, devices ...uuid.UUID) factor.Status {
	st := factor.Status{}
	if passwords > 0 {
		st.Budgets = []factor.Budget{{Kind: factor.KindPassword, Wrong: passwords}}
	}
	for _, id := range devices {
		st.Devices = append(st.Devices, factor.Device{ID: id})
	}
	return st
}

func TestAuditFindsAnsweredGuessesThatAreNotCounted(t *testing.T) {
	lived := func() []*call {
		return life(said(wrongGuess, classMismatch), said(wrongGuess, classMismatch), said(wrongGuess, classOpen))
	}
	for count, fits := range []bool{false, false, true, true, false} {
		if got := audited(holding(count), nil, lived()); (got == "") != fits {
			t.Errorf("2 guesses answered, 1 cut off and %d counted: the audit says %q", count, got)
		}
	}
}

func TestAuditFindsACallThatIsStoredInPart(t *testing.T) {
	lived := func() []*call { return life(said(wrongGuess, classMismatch), said(paidEnrolment, classOpen)) }
	for _, c := range []struct {
		what string
		factor.Status
		torn bool
	}{
		{"neither the proof nor the device", holding(1), false},
		{"both", holding(0, first), false},
		{"only the proof", holding(0), true},
		{"only the device", holding(1, first), true},
	} {
		if got := audited(c.Status, nil, lived()); strings.Contains(got, "in part") != c.torn {
			t.Errorf("an enrolment that was cut off and of which %s is stored: the audit says %q", c.what, got)
		}
	}
}

// A call that met no server before it wrote has done nothing.
func TestAuditFindsAnImpossibleEffect(t *testing.T) {
	lived := func() []*call { return life(said(wrongGuess, classDown), said(paidEnrolment, classDown)) }
	for _, c := range []struct {
		what string
		factor.Status
		fits bool
	}{{"nothing", holding(0), true}, {"the guess", holding(1), false}, {"the device", holding(0, first), false}} {
		if got := audited(c.Status, nil, lived()); (got == "") != c.fits {
			t.Errorf("calls that met no server, and of which %s is stored: the audit says %q", c.what, got)
		}
	}
}

func TestAuditFindsLostCalls(t *testing.T) {
	for what, lived := range map[string][]*call{
		"a PIN":    life(said(setPIN, classOK)),
		"a device": life(said(paidEnrolment, classOK)),
		"a code":   life(&call{intent: intent{Op: opIssueUnproven, Kinds: issuedKinds[:1]}, answer: answer{Class: classOK, Code: "12345678", Ends: never}}),
		"a strike": life(said(setPIN, classOpen), said(wrongReset, classMismatch)),
	} {
		if got := audited(factor.Status{}, nil, lived); got == "" {
			t.Errorf("%s is lost, and the audit finds nothing", what)
		}
	}
}

func TestAuditFindsAnUnearnedWipe(t *testing.T) {
	wiped := func(reason factor.WipeReason) (factor.Status, []mark) {
		w := factor.Wipe{ID: uuid.New(), User: sharedUser, Reason: reason}
		return factor.Status{Strikes: strikes + 1, Wipe: &w}, []mark{{w.ID.String(), reason, afterLife}}
	}
	struck := func(answered int) []*call {
		calls := []*call{said(setPIN, classOK)}
		calls = append(calls, slices.Collect(func(yield func(*call) bool) {
			for range answered {
				yield(said(wrongReset, classMismatch))
			}
		})...)
		return life(append(calls, said(wrongReset, classOpen))...)
	}
	for _, c := range []struct {
		what   string
		reason factor.WipeReason
		calls  []*call
		fits   bool
	}{
		{"three wrong proofs and one that was cut off", factor.ReasonStrikes, struck(3), true},
		{"two wrong proofs and one that was cut off", factor.ReasonStrikes, struck(2), false},
		{"a forfeit that was cut off", factor.ReasonForfeited, life(said(intent{Op: opForfeit}, classOpen)), true},
		{"nothing", factor.ReasonForfeited, life(said(wrongGuess, classOpen)), false},
	} {
		st, marks := wiped(c.reason)
		if got := audited(st, marks, c.calls); (got == "") != c.fits {
			t.Errorf("a wipe (%s) after %s: the audit says %q", c.reason, c.what, got)
		}
	}
}

func TestAuditFindsACodeThatWorkedTwice(t *testing.T) {
	issue := &call{intent: intent{Op: opIssueUnproven, Kinds: issuedKinds[:1]}, answer: answer{Class: classOK, Code: "12345678", Ends: 1000}}
	use := func() *call {
		return &call{
			intent: intent{Op: opVerifyOTP, Kinds: issuedKinds[:1], Proof: proof{OTP: "12345678", Kind: factor.KindLogin}},
			answer: answer{Class: classOK, Kind: factor.KindLogin},
		}
	}
	if got := audited(factor.Status{}, nil, life(issue, use())); got != "" {
		t.Errorf("a code that worked once: the audit says %q", got)
	}
	if got := audited(factor.Status{}, nil, life(issue, use(), use())); !strings.Contains(got, "accepted again") {
		t.Errorf("a code that worked twice: the audit says %q", got)
	}
}
