package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/knowhave/factor"
)

// Observe returns a function for Options.Observe. It counts the events in
// factor.events, by action and kind, and adds each to the span of the caller. Alert
// on wipe-failed, and on a rise of refused, locked-out or reset-refused.
func Observe(meters metric.MeterProvider) (func(context.Context, factor.Event), error) {
	events, err := meters.Meter(scope).Int64Counter("factor.events",
		metric.WithUnit("{event}"), metric.WithDescription("Decisions and changes that factor has stored."))
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, e factor.Event) {
		attrs := []attribute.KeyValue{attribute.String("factor.action", string(e.Action))}
		if e.Kind != "" {
			attrs = append(attrs, attribute.String("factor.kind", string(e.Kind)))
		}
		events.Add(ctx, 1, metric.WithAttributes(attrs...))
		trace.SpanFromContext(ctx).AddEvent("factor."+string(e.Action), trace.WithTimestamp(e.At), trace.WithAttributes(attrs...))
	}, nil
}
