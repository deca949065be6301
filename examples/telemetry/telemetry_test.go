package telemetry_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/semconv/v1.43.0/dbconv"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/examples/telemetry"
	"github.com/knowhave/factor/memstore"
	"github.com/knowhave/factor/storetest"
)

func Example() {
	spans := tracetest.NewSpanRecorder() // in a service: an exporter
	tracers := trace.NewTracerProvider(trace.WithSpanProcessor(spans))
	meters := metric.NewMeterProvider()

	store, err := telemetry.NewStore(memstore.New(), tracers, meters, dbconv.SystemNamePostgreSQL, "factor_records")
	if err != nil {
		log.Fatal(err)
	}
	observe, err := telemetry.Observe(meters)
	if err != nil {
		log.Fatal(err)
	}
	keys, err := factor.NewKeyring(newKey())
	if err != nil {
		log.Fatal(err)
	}
	v, err := factor.NewVerifier(store, keys, &factor.Options{Observe: observe})
	if err != nil {
		log.Fatal(err)
	}

	ctx, request := tracers.Tracer("service").Start(context.Background(), "POST /login")
	_, err = v.VerifyOTP(ctx, "alice", "123456", factor.KindLogin)
	request.End()

	fmt.Println(err)
	for _, s := range spans.Ended() {
		fmt.Println(s.Name())
		for _, e := range s.Events() {
			fmt.Println(" ", e.Name)
		}
	}
	// Output:
	// factor: login code does not match, tries left: 4
	// load factor_records
	// compare_and_swap factor_records
	// POST /login
	//   factor.refused
}

// newKey returns a key for one run. A service reads its own from its secrets.
func newKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	return key
}

func TestStoreKeepsTheContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) factor.Store {
		s, err := telemetry.NewStore(memstore.New(), trace.NewTracerProvider(), metric.NewMeterProvider(), dbconv.SystemNameSQLite, "t")
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

// An unlisted store has no Versions, so the wrapping one would claim what it lacks.
type unlisted struct{ factor.Store }

func TestStoreWithoutVersionsIsRefused(t *testing.T) {
	_, err := telemetry.NewStore(unlisted{memstore.New()}, trace.NewTracerProvider(), metric.NewMeterProvider(), dbconv.SystemNameSQLite, "t")
	if err == nil || !strings.Contains(err.Error(), "VersionLister") {
		t.Errorf("the error is %v", err)
	}
}

// A broken store fails with an error that tells of a user.
type broken struct{ *memstore.Store }

var errBroken = errors.New("no row of alice")

func (broken) Load(context.Context, string) (factor.Record, error) { return factor.Record{}, errBroken }

func TestFaultsAndConflictsAreToldApart(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	reader := metric.NewManualReader()
	meters := metric.NewMeterProvider(metric.WithReader(reader))
	s, err := telemetry.NewStore(broken{memstore.New()}, trace.NewTracerProvider(trace.WithSpanProcessor(spans)), meters, dbconv.SystemNamePostgreSQL, "t")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(t.Context(), "alice"); !errors.Is(err, errBroken) {
		t.Fatalf("Load: %v", err)
	}
	if err := s.CompareAndSwap(t.Context(), "alice", 7, factor.Record{Data: []byte{1}, Version: 8}); !errors.Is(err, factor.ErrConflict) {
		t.Fatalf("CompareAndSwap: %v", err)
	}
	load, swap := spans.Ended()[0], spans.Ended()[1]
	if load.Status().Code != codes.Error || swap.Status().Code != codes.Unset {
		t.Errorf("the status of the fault is %v, of the conflict %v", load.Status(), swap.Status())
	}
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	m := all.ScopeMetrics[0].Metrics[0]
	if points := m.Data.(metricdata.Histogram[float64]).DataPoints; m.Name != "db.client.operation.duration" || len(points) != 2 {
		t.Errorf("%s has %d series", m.Name, len(points))
	}
	for _, text := range []string{fmt.Sprint(load), fmt.Sprint(swap), fmt.Sprintf("%+v", m)} {
		if strings.Contains(text, "alice") {
			t.Errorf("telemetry names the user: %s", text)
		}
	}
}
