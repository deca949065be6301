package spec

import (
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
	"time"
)

func TestListsStandInTheOrderOfTheirConstants(t *testing.T) {
	for i, o := range Operations {
		if o.Op != Op(i) || o.Name == "" {
			t.Errorf("operation %d is %q, number %d", i, o.Name, o.Op)
		}
		if op, ok := OpNamed(o.Name); !ok || op != o.Op {
			t.Errorf("%q is the name of %d", o.Name, op)
		}
		if o.Reads && (o.Binds || o.Asks || o.Makes || o.Proof != NoProof) || o.Binds && !o.Asks || o.Budgeted && o.Proof == NoProof {
			t.Errorf("%s: what it touches does not go together: %+v", o.Name, o)
		}
		if strings.HasPrefix(o.Name, "Admin.") && !o.Host {
			t.Errorf("%s is not for the host alone", o.Name)
		}
	}
	for i, k := range Kinds {
		if k.Kind != Kind(i+1) || k.Name == "" || KindNamed(k.Name) != k.Kind {
			t.Errorf("kind %d is %q, number %d", i, k.Name, k.Kind)
		}
		if k.Issued && !k.Digits || k.Digits && !k.Code {
			t.Errorf("what %s is does not go together: %+v", k.Name, k)
		}
	}
	for _, list := range [][]Kind{CodeKinds, DigitKinds, IssuedKinds, Operations[VerifyOTP].Judges(CodeKinds)} {
		if cap(list) > len(list) {
			t.Errorf("what is appended to %v lands in a list that others read", list)
		}
	}
	if KindNamed("") != NoKind || KindNamed("sms") != NoKind {
		t.Error("a kind that is not there is one")
	}
}

// Every kind has a limit, and every issued one a lifetime and codes.
func TestEveryKindHasItsOptions(t *testing.T) {
	o := Options{}.Complete()
	var s State
	for _, k := range Kinds {
		if o.limit(k.Kind).Tries == 0 {
			t.Errorf("%s has no limit", k.Name)
		}
		if k.Issued && (o.ttl(k.Kind) == 0 || s.Codes(k.Kind) != (Codes{})) {
			t.Errorf("%s has no life", k.Name)
		}
	}
}

// The specification is worth something only if it shares nothing with the library.
func TestSharesNoLineWithTheLibrary(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range parsed.Imports {
			if strings.Contains(i.Path.Value, ".") {
				t.Errorf("%s imports %s: only the standard library is allowed", f.Name(), i.Path.Value)
			}
		}
	}
}

// Every operation has a rule, even for an unknown user, and reading calls change
// nothing.
func TestEveryOperationHasARule(t *testing.T) {
	o := Options{CheckPassword: true, RegisteredAt: true, Wipe: true}.Complete()
	now := At(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	for _, op := range Operations {
		if rules[op.Op].do == nil {
			t.Fatalf("%s has no rule", op.Name)
		}
		c := callOf(op.Op)
		if bad := o.Malformed(&c); len(bad) > 0 {
			t.Errorf("%s: %q is malformed", op.Name, bad)
		}
		s, out := o.Run(State{}, now, &c)
		if op.Reads && (s != State{} || out.Touch != Load) {
			t.Errorf("%s reads, and left %+v", op.Name, s)
		}
		if again, same := o.Run(State{}, now, &c); again != s || same.Answer != out.Answer {
			t.Errorf("%s is not the same twice", op.Name)
		}
	}
}

// callOf returns a well-formed call without a right credential.
func callOf(op Op) Call {
	c := Call{
		Op: op, User: "ann", NewPIN: "8299", Kind: KindLogin, Device: 1, Timeout: time.Second, Draws: 7,
		Held: Holdings{PIN: HeldElsewhere{Digits: "8299", Mark: 1}}, Code: nobodys{}, Host: Host{Wipe: Yes},
	}
	switch op.Row().Proof {
	case OneCode:
		c.OTP = "123456"
	case OnePIN:
		c.PIN = "8299"
	case OnePassword, AnyProof, OptionalProof, KnownProof:
		c.Password = "wrong"
	case ResetProof:
		c.PIN = "8299"
	}
	return c
}

// States are values: a search keeps visited ones in a map. Here an outsider guesses
// at a PIN, and waits, as long as that leads to anything new. No way leads past the
// final lock, and the ways are few.
func TestStatesCanBeSearched(t *testing.T) {
	o := Options{PIN: PINOptions{Limit: Limit{Tries: 2, Final: 4, Delay: time.Minute, MaxDelay: 2 * time.Minute}}}.Complete()
	start := At(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	type place struct {
		state  State
		now    Time
		judged int
	}
	todo := []place{{state: State{Stored: true, PIN: HeldPIN{Digits: "8299", SetAt: start}}, now: start}}
	seen := map[place]bool{}
	most := 0
	for len(todo) > 0 {
		at := todo[0]
		todo = todo[1:]
		if seen[at] || at.now > start.add(10*time.Minute) {
			continue
		}
		seen[at] = true
		most = max(most, at.judged)
		todo = append(todo, place{at.state, at.now.add(time.Minute), at.judged})
		s, out := o.Next(at.state, at.now, &Call{Op: VerifyPIN, User: "ann", PIN: "4071", Code: nobodys{}})
		if out.Answer.Err == Mismatch {
			todo = append(todo, place{s, at.now, at.judged + 1})
		}
	}
	if most != 4 {
		t.Errorf("%d guesses were judged within 10 minutes, want Final", most)
	}
	t.Logf("%d places", len(seen))
}

type nobodys struct{}

func (nobodys) Is(Name) bool            { return false }
func (nobodys) Fits(Secret, int64) bool { return false }
func (nobodys) Recovers(Name, int) bool { return false }

// A Time is the same as its time.Time, before and after 1970 and for zero.
func TestTimes(t *testing.T) {
	for _, at := range []time.Time{{}, time.UnixMilli(0).UTC(), time.UnixMilli(-1).UTC(), time.Date(2026, 3, 1, 12, 0, 7, 89e6, time.UTC)} {
		if got := At(at).Time(); !got.Equal(at) || At(at) == 0 != at.IsZero() {
			t.Errorf("%s became %s", at, got)
		}
	}
	s := Secret{Key: 1, Period: 30}
	for unix, want := range map[int64]int64{-31: -2, -30: -1, -1: -1, 0: 0, 29: 0, 30: 1} {
		if got := s.Step(At(time.Unix(unix, 0))); got != want {
			t.Errorf("step of %d s is %d, want %d", unix, got, want)
		}
	}
}
