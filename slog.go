package factor

import (
	"context"
	"log/slog"

	"github.com/google/uuid"
)

// LogEvents returns a function for Options.Observe that writes each Event to a
// logger; nil means slog.Default(). No event holds a secret, but each tells what a
// user did and when. That is personal data: decide how long you keep such a log. To
// log a pseudonym, replace the attribute "user" with
// slog.HandlerOptions.ReplaceAttr.
//
// The message is "factor" and the Action, the time is Event.At, and the attributes
// are user, kind, device, remaining, until and err, if set. The levels:
//
//   - Debug: verified, issued, resealed. Ordinary use causes these: a log of them
//     tells when a user was there.
//   - Info: refused, locked, imported, every change to what a user holds, and
//     verified of a recovery code.
//   - Warn: refused if that locks the kind, locked-out, reset-refused,
//     reset-last-chance, wipe-marked.
//   - Error: wipe-failed, which somebody must look at.
func LogEvents(logger *slog.Logger) func(context.Context, Event) {
	if logger == nil {
		logger = slog.Default()
	}
	return func(ctx context.Context, e Event) {
		level := e.level()
		if !logger.Enabled(ctx, level) {
			return
		}
		r := slog.NewRecord(e.At, level, "factor "+string(e.Action), 0)
		r.AddAttrs(e.attrs()...)
		_ = logger.Handler().Handle(ctx, r) // as slog.Logger does
	}
}

// LogValue implements slog.LogValuer: a group of the fields that are set.
func (e Event) LogValue() slog.Value {
	return slog.GroupValue(append([]slog.Attr{
		slog.Time("at", e.At), slog.String("action", string(e.Action)),
	}, e.attrs()...)...)
}

func (e Event) attrs() []slog.Attr {
	attrs := append(make([]slog.Attr, 0, 6), slog.String("user", e.User))
	if e.Kind != "" {
		attrs = append(attrs, slog.String("kind", string(e.Kind)))
	}
	if e.Device != uuid.Nil {
		attrs = append(attrs, slog.String("device", e.Device.String()))
	}
	if e.Action == ActionRefused || e.Action == ActionResetRefused {
		attrs = append(attrs, slog.Int("remaining", e.Remaining))
	}
	if !e.Until.IsZero() {
		attrs = append(attrs, slog.Time("until", e.Until))
	}
	if e.Err != nil {
		attrs = append(attrs, slog.Any("err", e.Err))
	}
	return attrs
}

func (e Event) level() slog.Level {
	switch e.Action {
	case ActionVerified:
		if e.Kind == KindRecovery {
			return slog.LevelInfo // one code fewer is left
		}
		return slog.LevelDebug
	case ActionIssued, ActionResealed:
		return slog.LevelDebug
	case ActionLockedOut, ActionResetRefused, ActionResetLastChance, ActionWipeMarked:
		return slog.LevelWarn
	case ActionWipeFailed:
		return slog.LevelError
	}
	if e.Action == ActionRefused && e.Remaining == 0 {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}
