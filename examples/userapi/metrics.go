package main

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/knowhave/factor"
)

// metrics counts requests and events. No label comes from a request, such as a
// user's ID: each new value would be a new time series.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	inFlight *prometheus.GaugeVec
	events   *prometheus.CounterVec
	sweeps   *prometheus.CounterVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "userapi_request_duration_seconds",
			Help: "How long requests took, by operation and status. A long poll takes as long as it was asked to.",
		}, []string{"operation", "status"}),
		inFlight: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "userapi_requests_in_flight",
			Help: "Requests that are being served, long polls included, by operation.",
		}, []string{"operation"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "factor_events_total",
			Help: "Decisions and changes by factor, by action and kind of factor. Alert on wipe-failed, and on a leap of refused or locked.",
		}, []string{"action", "kind"}),
		sweeps: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "factor_sweeps_total",
			Help: "Calls of Admin.Sweep, by result. Alert if none is ok for an hour: wipes that were cut off wait for it.",
		}, []string{"result"}),
	}
	m.registry.MustRegister(m.requests, m.inFlight, m.events, m.sweeps,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	// The alert needs this series from the start, as 0.
	m.events.WithLabelValues(string(factor.ActionWipeFailed), "")
	m.sweeps.WithLabelValues("ok")
	m.sweeps.WithLabelValues("error")
	return m
}

// begin counts a request as running until done is called.
func (m *metrics) begin(op *operation) (done func(status int, took time.Duration)) {
	serving := m.inFlight.WithLabelValues(op.name())
	serving.Inc()
	return func(status int, took time.Duration) {
		serving.Dec()
		m.requests.WithLabelValues(op.name(), strconv.Itoa(status)).Observe(took.Seconds())
	}
}

// observe counts an event of factor.Options.Observe.
func (m *metrics) observe(_ context.Context, e factor.Event) {
	m.events.WithLabelValues(string(e.Action), string(e.Kind)).Inc()
}

func (m *metrics) sweep(err error) {
	result := "ok"
	if err != nil {
		result = "error"
	}
	m.sweeps.WithLabelValues(result).Inc()
}

// handler serves /metrics. Give it a separate listener: it is not for the users of
// the API.
func (m *metrics) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	return mux
}
