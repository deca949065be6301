package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// scrape returns the metrics.
func (s *running) scrape(t *testing.T) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.metrics, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != 200 {
		t.Fatalf("%d %v", response.StatusCode, err)
	}
	return string(text)
}

// waitForMetric returns once a line is there. It gives up after what is far too
// long on any machine.
func (s *running) waitForMetric(t *testing.T, line string) {
	t.Helper()
	for late := time.Now().Add(2 * time.Minute); !strings.Contains(s.scrape(t), line+"\n"); {
		if time.Now().After(late) {
			t.Fatalf("%s: not seen", line)
		}
	}
}

func TestMetricsCountDecisionsAndRequests(t *testing.T) {
	s := startServer(t)
	c := s.withPIN(t)
	c.json("POST", "/user/otp", `{"pin":"1111"}`).want(t, 404)
	c.json("POST", "/user/otp", `{"pin":"8299"}`).want(t, 201)
	c.s.send(t, request{method: "BREW", path: "/user/pin"}).want(t, 405)
	c.s.send(t, request{method: "GET", path: "/secret-8299"}).want(t, 404)
	text := s.scrape(t)
	for _, line := range []string{
		`factor_events_total{action="refused",kind="pin"} 1`,
		`factor_events_total{action="verified",kind="pin"} 1`,
		`factor_events_total{action="issued",kind="account"} 2`,
		`factor_events_total{action="pin-set",kind="pin"} 1`,
		`factor_events_total{action="wipe-failed",kind=""} 0`,
		`factor_sweeps_total{result="error"} 0`,
		`userapi_request_duration_seconds_count{operation="POST /user/otp",status="201"} 2`,
		`userapi_request_duration_seconds_count{operation="POST /user/otp",status="404"} 1`,
		`userapi_request_duration_seconds_count{operation="any other",status="405"} 1`,
		`userapi_request_duration_seconds_count{operation="any other",status="404"} 1`,
		`userapi_requests_in_flight{operation="POST /user/otp"} 0`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("the metrics lack %s", line)
		}
	}
	for _, never := range []string{c.id, "BREW", "secret-8299"} {
		if strings.Contains(text, never) {
			t.Errorf("the metrics hold %s, which came from a request", never)
		}
	}
}
