// Package telemetry shows what an operator sees of factor with OpenTelemetry: a
// span and a duration for each call of the store, by the semantic conventions for
// databases, and a count of the decisions, by action and kind.
//
// No attribute names a user: spans are read by many, and kept.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/dbconv"
	"go.opentelemetry.io/otel/trace"

	"github.com/knowhave/factor"
)

const scope = "github.com/knowhave/factor/examples/telemetry"

// A Store traces and times the calls of another one. It is a factor.VersionLister
// like that one, or NewStore refuses it.
type Store struct {
	inner interface {
		factor.Store
		factor.VersionLister
	}
	tracer   trace.Tracer
	duration dbconv.ClientOperationDuration
	system   dbconv.SystemNameAttr
	table    string
}

// NewStore returns a store that passes every call on to inner, which works on a
// table of a system such as dbconv.SystemNamePostgreSQL.
func NewStore(inner factor.Store, tracers trace.TracerProvider, meters metric.MeterProvider, system dbconv.SystemNameAttr, table string) (*Store, error) {
	s := &Store{tracer: tracers.Tracer(scope), system: system, table: table}
	var ok bool
	if s.inner, ok = inner.(interface {
		factor.Store
		factor.VersionLister
	}); !ok {
		return nil, fmt.Errorf("the store %T is no factor.VersionLister, which this one would hide", inner)
	}
	var err error
	s.duration, err = dbconv.NewClientOperationDuration(meters.Meter(scope))
	return s, err
}

// Load implements factor.Store.
func (s *Store) Load(ctx context.Context, user string) (r factor.Record, err error) {
	err = s.call(ctx, "load", func(ctx context.Context) error {
		r, err = s.inner.Load(ctx, user)
		return err
	})
	return r, err
}

// CompareAndSwap implements factor.Store.
func (s *Store) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	return s.call(ctx, "compare_and_swap", func(ctx context.Context) error {
		return s.inner.CompareAndSwap(ctx, user, old, next)
	})
}

// List implements factor.Store.
func (s *Store) List(ctx context.Context, after string, due time.Time, limit int) (users []string, err error) {
	err = s.call(ctx, "list", func(ctx context.Context) error {
		users, err = s.inner.List(ctx, after, due, limit)
		return err
	})
	return users, err
}

// Versions implements factor.VersionLister.
func (s *Store) Versions(ctx context.Context, users []string) (versions []int64, err error) {
	err = s.call(ctx, "versions", func(ctx context.Context) error {
		versions, err = s.inner.Versions(ctx, users)
		return err
	})
	return versions, err
}

// call runs one call of the store. A conflict is an answer and not an error of the
// span: it says that another process was first. The text of an error is left out,
// because a driver's may hold values.
func (s *Store) call(ctx context.Context, operation string, do func(context.Context) error) error {
	attrs := []attribute.KeyValue{semconv.DBOperationName(operation), semconv.DBCollectionName(s.table)}
	ctx, span := s.tracer.Start(ctx, operation+" "+s.table, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attrs...),
		trace.WithAttributes(attribute.String("db.system.name", string(s.system))))
	defer span.End()
	start := time.Now()
	err := do(ctx)
	switch {
	case errors.Is(err, factor.ErrConflict):
		attrs = append(attrs, attribute.Bool("factor.conflict", true))
		span.SetAttributes(attrs[len(attrs)-1])
	case err != nil:
		attrs = append(attrs, semconv.ErrorType(err))
		span.SetAttributes(attrs[len(attrs)-1])
		span.SetStatus(codes.Error, "")
	}
	s.duration.Record(ctx, time.Since(start).Seconds(), s.system, attrs...)
	return err
}
