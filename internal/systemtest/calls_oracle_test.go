package systemtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"slices"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/rfc6238"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
)

// Is implements spec.Code.
func (w *fuzzWorld) Is(issued spec.Name) bool { return issued == w.reader.Codes[w.c.otp] }

// Recovers implements spec.Code. A set holds salted hashes.
func (w *fuzzWorld) Recovers(set spec.Name, n int) bool { return w.recovers(w.c.otp, set, n) }

func (w *fuzzWorld) recovers(text string, set spec.Name, n int) bool {
	code, ok := spec.RecoveryCode(text)
	for kept, name := range w.reader.Sets {
		if ok && name == set {
			sum := sha256.Sum256(append(kept.Salt[:], code...))
			return bytes.Equal(sum[:len(kept.Hashes[n])], kept.Hashes[n][:])
		}
	}
	return false
}

// Fits implements spec.Code.
func (w *fuzzWorld) Fits(s spec.Secret, step int64) bool {
	for key, name := range w.reader.Keys {
		if name == s.Key {
			return rfc6238.Code([]byte(key), s.Algorithm.String(), int(s.Digits), step) == w.c.otp
		}
	}
	return false
}

// unjudged are the operations whose answers the specification does not predict
// here: imports are arbitrary, Wait may return before its poll has, and Users
// concerns no single user.
var unjudged = []spec.Op{spec.Import, spec.Wait, spec.Users}

// try makes the call, compares its effects with the specification's, and moves on
// to the new state.
func (w *fuzzWorld) try(call *spec.Call, args *translate.Args) {
	w.calls, w.swaps, w.asked, w.events, w.written, w.told = 0, 0, 0, nil, nil, nil
	first := w.reader.nextNotice()
	ctx, cancel := context.WithCancel(w.Context())
	defer cancel()
	if call.Op == spec.Wait {
		cancel()
	}
	r := w.views.Do(ctx, call, args)
	w.discreet(r.Err)
	if call.Op != spec.Import {
		w.formed(call, r.Err)
	}
	if slices.Contains(unjudged, call.Op) || errors.Is(r.Err, factor.ErrMalformed) {
		w.state, _ = w.reader.Read(w.stored)
		return
	}
	next, want := w.expect(call, r, first)
	switch {
	case want.Touch == spec.Nothing:
		w.answered(call, r, want)
		if w.calls > 0 {
			w.Fatalf("%s: the store was called %d times for what is refused without it", call.Op, w.calls)
		}
		return
	case want.Answer.Err == spec.Unsealed || want.Answer.Err == spec.NewerFormat:
		newer := want.Answer.Err == spec.NewerFormat
		if !errors.Is(r.Err, factor.ErrUnsealed) || errors.Is(r.Err, factor.ErrNewerFormat) != newer || w.swaps > 0 {
			w.Fatalf("%s: a record that does not open is answered %v, with %d swaps", call.Op, r.Err, w.swaps)
		}
		return
	}
	w.answered(call, r, want)
	w.left(call, want, next)
	w.shown(call, r)
	w.state, w.sealed = next, false
}

// formed fails unless malformed input is answered as such, with the right field,
// and nothing is called.
func (w *fuzzWorld) formed(call *spec.Call, err error) {
	fields := w.options.Malformed(call)
	var malformed *factor.MalformedError
	switch is := errors.As(err, &malformed); {
	case is != (len(fields) > 0), is && !slices.Contains(fields, malformed.Field):
		w.Fatalf("%s: malformed are %q, answered %v", call.Op, fields, err)
	case is && (w.calls > 0 || w.asked > 0):
		w.Fatalf("%s: malformed input reached the store %d times and the host %d times", call.Op, w.calls, w.asked)
	}
}

// expect returns the specification's prediction. Random values get their names in
// the record.
func (w *fuzzWorld) expect(call *spec.Call, r *translate.Result, notice spec.Name) (spec.State, spec.Outcome) {
	c, before := *call, w.state
	c.Code, c.Notice = w, notice
	if w.sealed {
		why := spec.Unsealed
		if _, err := w.reader.Read(w.stored); errors.Is(err, account.ErrNewer) {
			why = spec.NewerFormat
		}
		return w.options.Unopened(spec.State{Stored: true}, w.now(), why, &c)
	}
	switch after, err := w.reader.Read(w.stored); {
	case err != nil:
	case r.OTP.Code != "":
		c.Draws = w.reader.Code(r.OTP.Code)
	case len(r.Recovery) > 0:
		c.Draws = w.generated(r, after.Recovery.Set)
	case r.Enrollment.Secret != "":
		c.Draws = w.reader.Key(rfc6238.Key(r.Enrollment.Secret))
	case after.Wipe.ID != before.Wipe.ID:
		c.Draws = after.Wipe.ID
	}
	return w.options.Run(before, spec.At(w.c.now()), &c)
}

// generated fails unless the returned codes are those of the stored set.
func (w *fuzzWorld) generated(r *translate.Result, set spec.Name) spec.Name {
	if len(r.Recovery) != spec.RecoveryCodes {
		w.Fatalf("%d recovery codes", len(r.Recovery))
	}
	for n, code := range r.Recovery {
		if !w.recovers(code.Code, set, n) || code.Kind != factor.KindRecovery || !code.ExpiresAt.IsZero() {
			w.Fatalf("recovery code %d is not the one that is stored, or of kind %q, or expires at %s", n, code.Kind, code.ExpiresAt)
		}
	}
	return set
}

func (w *fuzzWorld) now() spec.Time { return spec.At(w.c.now()) }

// answered compares the answer and the events.
func (w *fuzzWorld) answered(call *spec.Call, r *translate.Result, want spec.Outcome) {
	got, ok := r.Answer()
	if call.Op == spec.Sweep {
		got, ok = w.swept(r, want), true
	}
	if !ok || got != want.Answer {
		w.Fatalf("%s: answered %v, %s, want %s\nof %s\nat %s", call.Op, r.Err, got, want.Answer, w.state, w.now())
	}
	var events []spec.Event
	for _, e := range w.events {
		events = append(events, translate.Event(e))
	}
	if !slices.Equal(events, want.Events) {
		w.Fatalf("%s: events %+v, want %+v\nof %s\nat %s", call.Op, events, want.Events, w.state, w.now())
	}
	if !slices.Equal(w.told, want.Tells) {
		w.Fatalf("%s: told %+v, want %+v\nof %s\nat %s", call.Op, w.told, want.Tells, w.state, w.now())
	}
}

// left compares the record. The guard's memory of a proof, and the marks of
// imports, are hashes in it.
func (w *fuzzWorld) left(call *spec.Call, want spec.Outcome, next spec.State) {
	wipes := slices.ContainsFunc(want.Events, func(e spec.Event) bool { return e.Action.EndsWipe() })
	tells := len(want.Tells) > 0 || want.Dropped > 0
	if want.Touch == spec.Swap && w.swaps == 0 || want.Touch == spec.Load && w.swaps > 0 && !wipes && !tells {
		w.Fatalf("%s: %d swaps, want some: %v", call.Op, w.swaps, want.Touch == spec.Swap)
	}
	after, err := w.reader.Read(w.stored)
	if marked(after) == marked(next) {
		after.Imported, after.Vacated = next.Imported, next.Vacated
	}
	if after.Guard.Last = next.Guard.Last; err != nil || after != next {
		w.Fatalf("%s: left\n%s, %v\nwant\n%s\nof %s\nat %s", call.Op, after, err, next, w.state, w.now())
	}
}

func marked(s spec.State) bool { return s.Imported != 0 || s.Vacated != spec.Places{} }

// shown compares the result of a reading call.
func (w *fuzzWorld) shown(call *spec.Call, r *translate.Result) {
	want := w.options.View(w.state, w.now())
	got := want
	switch call.Op {
	case spec.Status:
		if got = translate.View(r.Status); r.Status.Wipe != nil {
			got.WipeID = w.reader.Wipes[r.Status.Wipe.ID]
		}
	case spec.Devices:
		got.Devices = translate.ViewDevices(r.Devices)
	case spec.Holds:
		if h := translate.ViewHoldings(r.Holdings); h != want.Holding() {
			w.Fatalf("%s: %+v, want %+v", call.Op, h, want.Holding())
		}
	}
	if got != want {
		w.Fatalf("%s shows %s, want %s", call.Op, got, want)
	}
}
