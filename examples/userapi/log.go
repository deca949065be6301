package main

import (
	"context"
	"io"
	"log/slog"
)

// newLogger returns a logger of JSON lines. Lines of a request, including factor's
// events, have the request's ID.
func newLogger(w io.Writer) *slog.Logger {
	return slog.New(requestIDs{slog.NewJSONHandler(w, nil)})
}

type requestIDKey struct{}

// withRequestID returns a context whose log lines have the ID.
func withRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// requestIDs adds the ID in a line's context. factor passes the caller's context
// values to Options.Observe, Options.Wipe and the like.
type requestIDs struct{ slog.Handler }

func (h requestIDs) Handle(ctx context.Context, r slog.Record) error {
	if id, ok := ctx.Value(requestIDKey{}).(string); ok {
		r.AddAttrs(slog.String("id", id))
	}
	return h.Handler.Handle(ctx, r)
}

func (h requestIDs) WithAttrs(attrs []slog.Attr) slog.Handler {
	return requestIDs{h.Handler.WithAttrs(attrs)}
}

func (h requestIDs) WithGroup(name string) slog.Handler {
	return requestIDs{h.Handler.WithGroup(name)}
}
