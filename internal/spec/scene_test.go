package spec

import (
	"slices"
	"testing"
	"time"
)

// A scene is a user, about whom calls are made one after the other.
type scene struct {
	*testing.T
	o     Options
	s     State
	now   Time
	out   Outcome
	drawn Name
}

var noon = At(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))

func newScene(t *testing.T, change func(*Options)) *scene {
	o := Options{CheckPassword: true, RegisteredAt: true, Wipe: true}
	if change != nil {
		change(&o)
	}
	return &scene{T: t, o: o.Complete(), now: noon, drawn: 100}
}

// A text is right for some issued codes and for the current step of some secrets.
type text struct {
	of  []Name
	now Time
}

func (t text) Is(n Name) bool { return t.has(n) }

func (t text) Fits(s Secret, step int64) bool { return t.has(s.Key) && step == s.Step(t.now) }

// Recovers takes the code for the name of the set and its number: see recovery.
func (t text) Recovers(set Name, n int) bool { return t.has(recovery(set, n)) }

func (t text) has(n Name) bool { return slices.Contains(t.of, n) }

// do makes a call. code names what its OTP is right for.
func (sc *scene) do(c Call, code ...Name) Answer {
	sc.drawn++
	c.User, c.Draws, c.Notice, c.Code = "ann", sc.drawn, sc.drawn*100, text{code, sc.now}
	if len(code) > 0 {
		c.OTP = "000000"
		if code[0] >= recovery(1, 0) {
			c.OTP = "k7m2-q9xw-4d3f-zpt8"
		}
	}
	if c.Host.Wipe == No {
		c.Host.Wipe = Yes
	}
	sc.s, sc.out = sc.o.Run(sc.s, sc.now, &c)
	return sc.out.Answer
}

// want makes a call and compares the answer.
func (sc *scene) want(want Answer, c Call, code ...Name) {
	sc.Helper()
	if got := sc.do(c, code...); got != want {
		sc.Fatalf("%s: answered %s, want %s\nleft %s", c.Op, got, want, sc.s)
	}
}

// ok makes a call that must succeed, and returns the name of what it drew.
func (sc *scene) ok(c Call, code ...Name) Name {
	sc.Helper()
	if a := sc.do(c, code...); a.Err != OK {
		sc.Fatalf("%s: answered %s\nleft %s", c.Op, a, sc.s)
	}
	return sc.drawn
}

func (sc *scene) after(d time.Duration) *scene { sc.now = sc.now.add(d); return sc }

const otherPIN = "4071"

// none is a code that is right for nothing.
const none Name = 1

// recovery is the name of the n-th code of a set.
func recovery(set Name, n int) Name { return set<<32 + Name(n) }

var (
	setPIN     = Call{Op: AdminSetPIN, NewPIN: "8299"}
	mail       = Call{Op: IssueUnproven, Kind: KindAccount}
	tooSoon    = func(until Time) Answer { return Answer{Err: Locked, Until: until, TooSoon: true} }
	mismatch   = func(k Kind, left int) Answer { return Answer{Err: Mismatch, Kind: k, Left: left} }
	staleThere = func(k Kind, left int) Answer { return Answer{Err: Mismatch, Kind: k, Left: left, Stale: true} }
)

// byPassword returns the call with a right password as its proof.
func byPassword(c Call) Call {
	c.Password, c.Host.Password = "right", Yes
	return c
}

func enrol(device Name) Call { return byPassword(Call{Op: Enroll, Device: device}) }

func aged(o *Options) { o.Reset.MinAge = time.Hour }
