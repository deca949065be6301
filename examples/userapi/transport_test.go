package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// valid holds, for each operation, a request that is taken.
func valid(c *caller) map[string]request {
	json := func(method, path, body string) request {
		return request{method: method, path: path, token: c.token, contentType: jsonType, body: body}
	}
	reset := json("POST", "/callbacks/password-reset", `{"pin":"8299"}`)
	reset.token, reset.header = c.s.resetToken, map[string]string{"User-Id": c.id}
	device := json("POST", "/user/devices/totp",
		`{"data":{"type":"deviceTOTP","id":"738e379f-fe30-45ab-819c-ba88804b6368","attributes":{"pin":"8299"}}}`)
	device.contentType = jsonAPI
	requests := []request{
		json("GET", "/user/pin", ""), json("POST", "/user/otp", `{"pin":"8299"}`), json("POST", "/user/otp/verify", `{"otp":"000000"}`),
		device, reset,
		json("PUT", "/user/pin", `{"otp":"000000","pin":"8299"}`), json("POST", "/user/otp/sendmail", ""), json("GET", "/user/payment-methods", ""),
	}
	byName := map[string]request{}
	for _, q := range requests {
		byName[q.method+" "+q.path] = q
	}
	return byName
}

// each runs a test for each operation.
func each(t *testing.T, test func(t *testing.T, s *running, op *operation, q request)) {
	c := sharedServer(t).withPIN(t)
	for _, op := range append(described, ours...) {
		q, ok := valid(c)[op.name()]
		if !ok {
			t.Fatalf("no request for %s", op.name())
		}
		t.Run(op.name(), func(t *testing.T) { test(t, c.s, op, q) })
	}
}

func TestEachOperationNeedsAToken(t *testing.T) {
	each(t, func(t *testing.T, s *running, _ *operation, q request) {
		q.token = ""
		refused := s.send(t, q).want(t, 401).is(t, "unauthorized", "")
		if refused.header.Get("WWW-Authenticate") != "Bearer" {
			t.Fatalf("WWW-Authenticate is missing: %v", refused.header)
		}
		for _, authorization := range []string{"Bearer", "Bearer ", "Bearer AAAAAAAAAAAAAAAAAAAAAAAAAA", "Basic " + s.token, s.token} {
			q.header = map[string]string{"Authorization": authorization, "User-Id": q.header["User-Id"]}
			s.send(t, q).want(t, 401)
		}
	})
}

func TestEachBodyHasItsMediaType(t *testing.T) {
	each(t, func(t *testing.T, s *running, op *operation, q request) {
		if op.takes == "" {
			t.Skip("it takes no body")
		}
		wrong := map[string]string{jsonType: jsonAPI, jsonAPI: jsonType}[op.takes]
		for _, contentType := range []string{
			"", wrong, "text/plain", "application/x-www-form-urlencoded", "application/json-seq", op.takes + "; charset=latin1", op.takes + "; ext=x", ";",
		} {
			q.contentType = contentType
			s.send(t, q).want(t, 415).is(t, "unsupported-media", "")
		}
		for contentType, taken := range map[string]bool{
			strings.ToUpper(op.takes):      true,
			op.takes + "; charset=utf-8":   op.takes == jsonType,
			op.takes + "; profile=\"a b\"": op.takes == jsonAPI,
		} {
			q.contentType = contentType
			if got := s.send(t, q).status; (got != 415) != taken {
				t.Errorf("%s is answered %d", contentType, got)
			}
		}
	})
}

func TestEachAnswerHasToBeAccepted(t *testing.T) {
	each(t, func(t *testing.T, s *running, op *operation, q request) {
		for _, accept := range []string{"text/html", op.gives[0] + ";q=0", "*/*;q=0", "image/*, text/*", "nonsense"} {
			q.accept = accept
			s.send(t, q).want(t, 406).is(t, "not-acceptable", "")
		}
		for _, accept := range []string{op.gives[0], "*/*", "application/*", "text/html, " + op.gives[0] + ";q=0.1"} {
			q.accept = accept
			if got := s.send(t, q).status; got == 406 {
				t.Errorf("%s is answered 406", accept)
			}
		}
	})
}

func TestEachBodyIsLimited(t *testing.T) {
	each(t, func(t *testing.T, s *running, op *operation, q request) {
		if op.takes == "" {
			t.Skip("it takes no body")
		}
		q.body = `{"pin":"` + strings.Repeat("1", maxBody) + `"}`
		if strings.HasPrefix(op.path, "/user/devices") {
			q.body = `{"data":` + q.body + `}`
		}
		s.send(t, q).want(t, 413).is(t, "too-large", "")
		q.body = strings.Repeat(" ", maxBody+1)
		s.send(t, q).want(t, 413)
	})
}

func TestEachBodyIsOneKnownJSONValue(t *testing.T) {
	each(t, func(t *testing.T, s *running, op *operation, q request) {
		if op.takes == "" {
			t.Skip("it takes no body")
		}
		for _, body := range []string{"", "{", "pin=8299", `{"unknown":1}`, `[]`, `"8299"`, q.body + q.body, q.body + "x"} {
			q.body = body
			if p := s.send(t, q).want(t, op.malformed).problem(t); p.Code != "malformed" {
				t.Errorf("%s: %+v", body, p)
			}
		}
	})
}

func TestPathsAndMethods(t *testing.T) {
	s := sharedServer(t)
	for _, path := range []string{"/", "/user", "/user/", "/user/pin/", "/metrics", "/user/otp/verify/x"} {
		s.send(t, request{method: "GET", path: path, token: s.token}).want(t, 404).is(t, "not-found", "")
	}
	for path, allow := range map[string]string{
		"/user/pin": "GET, PUT", "/user/otp": "POST", "/user/otp/verify": "POST", "/user/devices/totp": "POST", "/callbacks/password-reset": "POST",
	} {
		for _, method := range []string{"DELETE", "PATCH", "OPTIONS", "BREW"} {
			refused := s.send(t, request{method: method, path: path}).want(t, 405).is(t, "method-not-allowed", "")
			if got := refused.header.Get("Allow"); got != allow {
				t.Errorf("%s allows %q, want %q", path, got, allow)
			}
		}
	}
	s.send(t, request{method: "GET", path: "/user/otp"}).want(t, 405)
}

func TestRecordThatDoesNotOpenIsAFault(t *testing.T) {
	c := sharedServer(t).withPIN(t)
	c.s.exec(t, `UPDATE factor_records SET data = x'0102030405060708' WHERE user_id = ?`, c.id)
	c.get("/user/pin").want(t, 500).is(t, "record-unreadable", "")
	c.json("POST", "/user/otp", `{"pin":"8299"}`).want(t, 500).is(t, "record-unreadable", "")
}

// bare is an api without anything behind it.
func bare(log *buffer) *api {
	return &api{metrics: newMetrics(), log: slog.New(slog.NewJSONHandler(log, nil))}
}

func TestPanicIsAFaultAndItsTextIsKeptBack(t *testing.T) {
	var log buffer
	w := httptest.NewRecorder()
	bare(&log).run(w, httptest.NewRequest("GET", "/user/pin", nil), described[0],
		func(http.ResponseWriter, *http.Request) error { panic("the PIN is 8299") })
	(&answer{w.Code, w.Header(), w.Body.Bytes()}).want(t, 500).is(t, "internal", "")
	if strings.Contains(log.String(), "8299") || !strings.Contains(log.String(), "transport_test.go") {
		t.Fatalf("the log has the text, or lacks the place:\n%s", log.String())
	}
}

func TestRequestIsGivenUpAtItsTimeLimit(t *testing.T) {
	var log buffer
	op := *described[1]
	op.within = time.Millisecond
	w := httptest.NewRecorder()
	bare(&log).run(w, httptest.NewRequest("POST", "/user/otp", nil), &op, func(_ http.ResponseWriter, r *http.Request) error {
		<-r.Context().Done() // as a store does that hangs
		return r.Context().Err()
	})
	timedOut := (&answer{w.Code, w.Header(), w.Body.Bytes()}).want(t, 503).is(t, "timeout", "")
	if timedOut.header.Get("Retry-After") == "" {
		t.Fatal("there is no Retry-After")
	}
}

func TestBodyThatDoesNotArriveIsGivenUp(t *testing.T) {
	var log buffer
	a := bare(&log)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.run(w, r, described[1], func(w http.ResponseWriter, r *http.Request) error { return a.issueOTP(w, r, "nobody") })
	}))
	server.Config.ReadHeaderTimeout = time.Minute // however late a busy client is
	server.Config.ReadTimeout = 50 * time.Millisecond
	server.Start()
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "POST /user/otp HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\n\r\n{\"pin\":")
	var got bytes.Buffer
	if _, err := got.ReadFrom(conn); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(got.String(), "HTTP/1.1 408 ") || !strings.Contains(got.String(), `"too-slow"`) {
		t.Fatalf("answered %s", got.String())
	}
}
