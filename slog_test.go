package factor_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

func TestLogEventsWritesWhatAnEventHas(t *testing.T) {
	at := time.Date(2026, 2, 3, 4, 5, 6, 7e6, time.UTC)
	base := factor.Event{At: at, User: "alice"}
	event := func(a factor.Action, change func(e *factor.Event)) factor.Event {
		e := base
		e.Action = a
		if change != nil {
			change(&e)
		}
		return e
	}
	refused := func(left int, until time.Time) func(e *factor.Event) {
		return func(e *factor.Event) {
			e.Kind, e.Remaining, e.Until = factor.KindPIN, left, until
			e.Err = &factor.MismatchError{Kind: factor.KindPIN, Remaining: left}
		}
	}
	const front = "time=2026-02-03T04:05:06.007Z level="
	for want, e := range map[string]factor.Event{
		`DEBUG msg="factor verified" user=alice kind=device-totp device=` + phone.String():                                                         event(factor.ActionVerified, func(e *factor.Event) { e.Kind, e.Device = factor.KindDeviceTOTP, phone }),
		`INFO msg="factor verified" user=alice kind=recovery`:                                                                                      event(factor.ActionVerified, func(e *factor.Event) { e.Kind = factor.KindRecovery }),
		`WARN msg="factor locked-out" user=alice kind=pin`:                                                                                         event(factor.ActionLockedOut, func(e *factor.Event) { e.Kind = factor.KindPIN }),
		`DEBUG msg="factor issued" user=alice kind=login until=2026-02-03T04:05:06.007Z`:                                                           event(factor.ActionIssued, func(e *factor.Event) { e.Kind, e.Until = factor.KindLogin, at }),
		`DEBUG msg="factor resealed" user=alice`:                                                                                                   event(factor.ActionResealed, nil),
		`INFO msg="factor refused" user=alice kind=pin remaining=2 err="factor: pin does not match, tries left: 2"`:                                event(factor.ActionRefused, refused(2, time.Time{})),
		`WARN msg="factor refused" user=alice kind=pin remaining=0 until=2026-02-03T04:05:06.007Z err="factor: pin does not match, tries left: 0"`: event(factor.ActionRefused, refused(0, at)),
		`INFO msg="factor locked" user=alice kind=pin err="factor: pin is locked until it is unlocked"`: event(factor.ActionLocked, func(e *factor.Event) {
			e.Kind, e.Err = factor.KindPIN, &factor.LockedError{Kind: factor.KindPIN}
		}),
		`WARN msg="factor reset-refused" user=alice kind=pin remaining=1 err="factor: pin does not match, tries left: 1"`: event(factor.ActionResetRefused, refused(1, time.Time{})),
		`WARN msg="factor reset-last-chance" user=alice kind=pin`:                                                         event(factor.ActionResetLastChance, func(e *factor.Event) { e.Kind = factor.KindPIN }),
		`WARN msg="factor wipe-marked" user=alice`:                                                                        event(factor.ActionWipeMarked, nil),
		`ERROR msg="factor wipe-failed" user=alice err="no database"`:                                                     event(factor.ActionWipeFailed, func(e *factor.Event) { e.Err = errors.New("no database") }),
		`INFO msg="factor wipe-done" user=alice`:                                                                          event(factor.ActionWipeDone, nil),
		`INFO msg="factor recovery-generated" user=alice kind=recovery`:                                                   event(factor.ActionRecoveryGenerated, func(e *factor.Event) { e.Kind = factor.KindRecovery }),
		`INFO msg="factor recovery-removed" user=alice kind=recovery`:                                                     event(factor.ActionRecoveryRemoved, func(e *factor.Event) { e.Kind = factor.KindRecovery }),
		`INFO msg="factor forgotten" user=alice`:                                                                          event(factor.ActionForgotten, nil),
		`INFO msg="factor imported" user=alice kind=totp`:                                                                 event(factor.ActionImported, func(e *factor.Event) { e.Kind = factor.KindTOTP }),
	} {
		var out bytes.Buffer
		log := factor.LogEvents(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})))
		log(t.Context(), e)
		if got := strings.TrimSuffix(out.String(), "\n"); got != front+want {
			t.Errorf("got  %s\nwant %s", got, front+want)
		}
		out.Reset()
		log = factor.LogEvents(slog.New(slog.NewTextHandler(&out, nil)))
		if log(t.Context(), e); (out.Len() == 0) != strings.HasPrefix(want, "DEBUG") {
			t.Errorf("at the level of Info: %q", out.String())
		}
	}
}

func TestLogEventsWithoutALoggerUsesTheDefault(t *testing.T) {
	before := slog.Default()
	defer slog.SetDefault(before)
	var out bytes.Buffer
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	if factor.LogEvents(nil)(t.Context(), factor.Event{Action: factor.ActionForgotten}); out.Len() == 0 {
		t.Fatal("nothing was written")
	}
}

func TestEventLogsItsFields(t *testing.T) {
	var out bytes.Buffer
	e := factor.Event{At: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC), User: "alice", Action: factor.ActionPINSet, Kind: factor.KindPIN}
	slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})).Info("seen", "event", e)
	want := `{"level":"INFO","msg":"seen","event":{"at":"2026-02-03T04:05:06Z","action":"pin-set","user":"alice","kind":"pin"}}`
	if got := strings.TrimSpace(out.String()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// The handler gets the call's context, where hosts keep a trace.
func TestLogEventsPassesTheContext(t *testing.T) {
	type key struct{}
	var seen any
	k := newKit(t, func(o *factor.Options) {
		o.Observe = factor.LogEvents(slog.New(contextHandler{slog.DiscardHandler, func(ctx context.Context) { seen = ctx.Value(key{}) }}))
	})
	k.ok(k.admin.SetPIN(context.WithValue(t.Context(), key{}, "trace"), alice, rightPIN))
	if seen != "trace" {
		t.Fatalf("saw %v", seen)
	}
}

type contextHandler struct {
	slog.Handler
	see func(context.Context)
}

func (contextHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h contextHandler) Handle(ctx context.Context, _ slog.Record) error {
	h.see(ctx)
	return nil
}
