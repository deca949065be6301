package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
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
		refused := s.send(t, q).want(t, 401).is(t, "unauthorized", "Authorization")
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
		if len(op.takes) == 0 {
			t.Skip("it takes no body")
		}
		takesJSON, takesAPI := slices.Contains(op.takes, jsonType), slices.Contains(op.takes, jsonAPI)
		for contentType, taken := range map[string]bool{
			jsonType: takesJSON, "Application/JSON": takesJSON, jsonType + `; charset="UTF-8"`: takesJSON,
			jsonAPI: takesAPI, "APPLICATION/VND.API+JSON": takesAPI, jsonAPI + `; profile="a b"`: takesAPI,
			jsonType + "; charset=latin1": false, jsonType + "; charset=utf-8; charset=latin1": false, jsonType + "; ext=x": false, jsonType + ", " + jsonAPI: false,
			jsonAPI + "; charset=utf-8": false, jsonAPI + "; ext=x": false,
			"": false, ";": false, "text/plain": false, "application/x-www-form-urlencoded": false, "application/json-seq": false,
		} {
			q.contentType = contentType
			got := s.send(t, q)
			if (got.status != 415) != taken {
				t.Errorf("%s is answered %d", contentType, got.status)
			}
			if got.status == 415 {
				got.is(t, "unsupported-media", "Content-Type")
			}
		}
		q.contentType, q.header = op.takes[0], maps.Clone(q.header)
		if q.header == nil {
			q.header = map[string]string{}
		}
		q.header["Content-Encoding"] = "gzip"
		s.send(t, q).want(t, 415).is(t, "unsupported-media", "Content-Encoding")
	})
}

func TestEachAnswerHasToBeAccepted(t *testing.T) {
	each(t, func(t *testing.T, s *running, op *operation, q request) {
		for _, accept := range []string{"text/html", op.gives[0] + ";q=0", "*/*;q=0", "image/*, text/*", "nonsense"} {
			q.accept = accept
			s.send(t, q).want(t, 406).is(t, "not-acceptable", "Accept")
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
		if len(op.takes) == 0 {
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
		if len(op.takes) == 0 {
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
		"/user/pin": "GET, HEAD, PUT", "/user/otp": "POST", "/user/otp/verify": "POST", "/user/devices/totp": "POST", "/callbacks/password-reset": "POST",
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
	c.get("/user/pin").want(t, 501).is(t, "record-unreadable", "")
	c.json("POST", "/user/otp", `{"pin":"8299"}`).want(t, 500).is(t, "record-unreadable", "")
	c.json("POST", "/user/otp/verify", `{"otp":"123456"}`).want(t, 500).is(t, "record-unreadable", "")
	c.enroll("738e379f-fe30-45ab-819c-ba88804b6368", `{"pin":"8299"}`).want(t, 500).is(t, "record-unreadable", "")
	c.reset(`{"pin":"8299"}`).want(t, 501).is(t, "record-unreadable", "")
	c.reset(`{"skip":true}`).want(t, 501).is(t, "record-unreadable", "")
	c.json("PUT", "/user/pin", `{"otp":"123456","pin":"8299"}`).want(t, 500).is(t, "record-unreadable", "")
}

// TestUserWithoutALinkedIdentity is refused by every operation, whatever it holds.
func TestUserWithoutALinkedIdentity(t *testing.T) {
	s := sharedServer(t)
	c := s.withPIN(t)
	c.card("Visa")
	s.exec(t, `DELETE FROM userapi_identities WHERE user_id = '`+c.id+`'`)
	for name, q := range valid(c) {
		from := "Authorization"
		if q.token == s.resetToken {
			from = "User-Id"
		}
		refused := s.send(t, q).want(t, 401).is(t, "missing-linked-identity", from)
		if refused.header.Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%s: WWW-Authenticate is missing: %v", name, refused.header)
		}
	}
	if err := s.users.link(t.Context(), c.id, "another-"+c.id); err != nil {
		t.Fatal(err)
	}
	c.wantCards("Visa")
	c.reset(`{"pin":"8299"}`).want(t, 204)
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
	(&answer{w.Code, w.Header(), w.Body.Bytes()}).want(t, 501).is(t, "internal", "")
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

// asNobody serves an operation for a user, without asking whose token it is.
func asNobody(serve func(http.ResponseWriter, *http.Request, string) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error { return serve(w, r, "nobody") }
}

// TestHeaderThatStandsTwiceIsRefused: a proxy and the server behind it may each
// go by another one of the two.
func TestHeaderThatStandsTwiceIsRefused(t *testing.T) {
	c := sharedServer(t).withPIN(t)
	other := c.s.withPIN(t)
	for _, s := range []struct {
		name, extra string
		status      int
		code        string
	}{
		{"User-Id", other.id, 400, "malformed"},
		{"Authorization", "Bearer " + other.token, 401, "unauthorized"},
		{"Content-Type", jsonAPI, 415, "unsupported-media"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), "POST", c.s.base+"/callbacks/password-reset", strings.NewReader(`{"pin":"8299"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = http.Header{"User-Id": {c.id}, "Authorization": {"Bearer " + c.s.resetToken}, "Content-Type": {jsonType}}
		r.Header.Add(s.name, s.extra)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		var body bytes.Buffer
		if _, err := body.ReadFrom(response.Body); err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		a := (&answer{response.StatusCode, response.Header, body.Bytes()}).want(t, s.status)
		if p := a.problem(t); p.Code != s.code || !strings.Contains(string(a.body), `"header":"`+s.name+`"`) {
			t.Errorf("%s twice: %s", s.name, a.body)
		}
	}
}

// TestEveryPathIsAnsweredWithAnErrorObject: net/http would redirect those that
// are not clean, with a page of HTML.
func TestEveryPathIsAnsweredWithAnErrorObject(t *testing.T) {
	s := sharedServer(t)
	for _, path := range []string{"//user/pin", "/user//pin", "/user/./pin", "/user/../user/pin", "/user/pin/..", "/USER/PIN", "/user%2Fpin/"} {
		s.send(t, request{method: "GET", path: path, token: s.token}).want(t, 404).is(t, "not-found", "")
	}
	for _, path := range []string{"/user/otp", "/nowhere"} {
		a := s.send(t, request{method: "HEAD", path: path, token: s.token})
		if len(a.body) > 0 || a.status < 404 || a.header.Get("Content-Type") != jsonAPI {
			t.Errorf("HEAD %s: %d %v %s", path, a.status, a.header, a.body)
		}
	}
}
