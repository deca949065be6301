package host

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

var errGone = errors.New("gone")

func TestAPanicIsAnErrorWithoutItsValue(t *testing.T) {
	var none []int
	for _, c := range []struct {
		do   func() error
		want string
		is   error
	}{
		{func() error { return nil }, "", nil},
		{func() error { return errGone }, "gone", errGone},
		{func() error { panic("4711") }, "factor: panic in here", nil},
		{func() error { panic(errGone) }, "factor: panic in here", errGone},
		{func() error { return fmt.Errorf("%d", none[len("alice")]) }, "factor: panic in here: runtime error: index out of range [5] with length 0", nil},
	} {
		err := Recover("here", c.do)
		if c.want == "" && err != nil || c.want != "" && (err == nil || err.Error() != c.want) || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

var errAnswer = errors.New("answer")

type detail struct{ n int }

func (*detail) Error() string { return "detail" }
func (*detail) Unwrap() error { return errAnswer }

type other struct{}

func (*other) Error() string { return "other" }

// A host's error is no answer, whatever it wraps, and otherwise stays what it is.
func TestAHostsErrorIsNoAnswer(t *testing.T) {
	answers := &Answers{Errors: []error{errAnswer}, IsDetail: func(target any) bool { _, is := target.(**detail); return is }}
	call := func(err error) error { return answers.Call("here", func() error { return err }) }
	if err := call(nil); err != nil {
		t.Errorf("nil is %v", err)
	}
	if err := call(errGone); err != errGone {
		t.Errorf("another error is %v", err)
	}
	both := fmt.Errorf("%w: %w: %w", errGone, &detail{1}, &other{})
	err := call(both)
	var d *detail
	var o *other
	if errors.Is(err, errAnswer) || errors.As(err, &d) {
		t.Error("it is an answer")
	}
	if !errors.Is(err, errGone) || !errors.As(err, &o) || err.Error() != both.Error() {
		t.Errorf("%v is not what it was", err)
	}
	if err := answers.Call("here", func() error { panic(both) }); errors.Is(err, errAnswer) || !errors.Is(err, errGone) {
		t.Errorf("a panic is %v", err)
	}
}

type valueKey struct{}

// A context is inside each function that it was made in, until that returns.
func TestAContextIsInsideWhatStillRuns(t *testing.T) {
	inside := func(ctx context.Context, f string) bool {
		return Inside(ctx, func(function string) bool { return function == f })
	}
	outer := Enter(context.WithValue(t.Context(), valueKey{}, "value"), "outer")
	between := Enter(outer, 7) // of another kind
	inner := Enter(context.WithValue(between, valueKey{}, "new"), "inner")
	for f, want := range map[string]bool{"outer": true, "inner": true, "another": false} {
		if inside(inner, f) != want {
			t.Errorf("inside %s: %v", f, !want)
		}
	}
	if inside(outer, "inner") || inside(t.Context(), "outer") || !Inside(inner, func(n int) bool { return n == 7 }) {
		t.Error("a function is where it is not, or is not where it is")
	}
	if inner.Value(valueKey{}) != "new" || outer.Value(valueKey{}) != "value" {
		t.Error("a value is lost")
	}
	outer.Leave()
	if inside(inner, "outer") || !inside(inner, "inner") {
		t.Error("a function that has returned still runs, or the reverse")
	}
	inner.Leave()
	if inside(inner, "inner") {
		t.Error("it still runs")
	}
}

func TestAContextEndsWithItsParentUnlessItIsEndless(t *testing.T) {
	why := errors.New("why")
	parent, cancel := context.WithCancelCause(context.WithValue(t.Context(), valueKey{}, "value"))
	ends, endless := Enter(parent, "f"), EnterEndless(parent, "f")
	cancel(why)
	<-ends.Done()
	if ends.Err() != context.Canceled || context.Cause(ends) != why {
		t.Errorf("%v, because %v", ends.Err(), context.Cause(ends))
	}
	if endless.Done() != nil || endless.Err() != nil || context.Cause(endless) != nil || endless.Value(valueKey{}) != "value" {
		t.Errorf("the endless one: %v, because %v", endless.Err(), context.Cause(endless))
	}
	if _, has := endless.Deadline(); has {
		t.Error("the endless one has a deadline")
	}
	derived, stop := context.WithCancel(endless)
	defer stop()
	if derived.Err() != nil || !Inside(derived, func(f string) bool { return f == "f" }) {
		t.Errorf("what is derived from it: %v", derived.Err())
	}
}

func again(depth int) bool {
	if depth > 0 {
		return deeper(depth, again)
	}
	return CalledAgain()
}

// deeper adds frames.
func deeper(depth int, f func(int) bool) bool {
	if depth%200 != 1 {
		return deeper(depth-1, f)
	}
	return f(0)
}

func TestCalledAgainLooksDownTheWholeStack(t *testing.T) {
	if again(0) {
		t.Error("a first call is taken for a second")
	}
	for _, depth := range []int{1, 100, 127, 128, 129, 200} {
		if !again(depth) {
			t.Errorf("a second call is not seen %d frames on", depth)
		}
	}
}
