package main

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestNoMemberStandsTwice: of {"pin":"8299","pin":null,"skip":true} a lenient
// decoder leaves the skip alone, which deletes the data.
func TestNoMemberStandsTwice(t *testing.T) {
	c := sharedServer(t).withPIN(t)
	c.card("Visa")
	for body, pointer := range map[string]string{
		`{"pin":"8299","pin":null,"skip":true}`:               "/pin",
		`{"pin":null,"pin":"8299","skip":true}`:               "/pin",
		`{"pin":"8299","p\u0069n":null,"skip":true}`:          "/pin",
		`{"pin":"8299","PIN":null,"skip":true}`:               "/PIN",
		`{"pin":"8299","ſkip":true}`:                          "/ſkip", // folds to skip
		`{"PIN":"8299","skip":true}`:                          "/PIN",
		`{"Skip":true}`:                                       "/Skip",
		`{"skip":false,"skip":true}`:                          "/skip",
		`{"skip":true,"meta":{"a":1,"a":2}}`:                  "/meta/a",
		`{"skip":true,"meta":{"a":[{"b~/c":1,"b~/c":2}]}}`:    "/meta/a/0/b~0~1c",
		`{"skip":true,"jsonapi":{"version":1,"version":"1"}}`: "/jsonapi/version",
	} {
		for _, contentType := range []string{jsonType, jsonAPI} {
			c.resetAs(contentType, body).want(t, 400).is(t, "malformed", pointer)
		}
	}
	c.wantCards("Visa")
	c.reset(`{"pin":"8299"}`).want(t, 204)
}

// TestEachMemberStandsOnceInEachBody does the same to the members of each
// operation, at each level.
func TestEachMemberStandsOnceInEachBody(t *testing.T) {
	each(t, func(t *testing.T, s *running, op *operation, q request) {
		if q.body == "" {
			t.Skip("it takes no body")
		}
		for _, member := range []string{"data", "type", "id", "attributes", "otp", "password", "pin", "types", "skip"} {
			quoted := `"` + member + `":`
			if !strings.Contains(q.body, quoted) {
				continue
			}
			for _, spoilt := range []string{
				strings.Replace(q.body, quoted, quoted+"null,"+quoted, 1),
				strings.Replace(q.body, quoted, `"`+strings.ToUpper(member)+`":null,`+quoted, 1),
				strings.Replace(q.body, quoted, `"`+strings.ToUpper(member)+`":`, 1),
			} {
				p := s.send(t, request{q.method, q.path, q.token, q.contentType, q.accept, spoilt, q.header}).want(t, op.malformed).problem(t)
				if p.Code != "malformed" || !strings.Contains(strings.ToLower(p.Detail), `"`+member+`"`) {
					t.Errorf("%s: %+v", spoilt, p)
				}
			}
		}
	})
}

// TestUnknownMembersAreNamed and those of a JSON:API document are passed over.
func TestUnknownMembersAreNamed(t *testing.T) {
	each(t, func(t *testing.T, s *running, op *operation, q request) {
		if q.body == "" {
			t.Skip("it takes no body")
		}
		body := q.body
		q.body = `{"jsonapi":{"version":"1.1"},"meta":{"n":1e999,"deep":[[{}]]},` + body[1:]
		if got := s.send(t, q).status; got == op.malformed || got >= 500 {
			t.Errorf("%s is answered %d", q.body, got)
		}
		for _, member := range []string{"pim", "links", "included", "data2", "__proto__", ""} {
			q.body = `{"` + member + `":1,` + body[1:]
			p := s.send(t, q).want(t, op.malformed).is(t, "malformed", "/"+member).problem(t)
			if !strings.Contains(p.Detail, `"`+member+`"`) {
				t.Errorf("%s: the detail does not name the member: %s", q.body, p.Detail)
			}
		}
		for _, member := range []string{"jsonapi", "meta"} {
			q.body = `{"` + member + `":1,` + body[1:]
			s.send(t, q).want(t, op.malformed).is(t, "malformed", "/"+member)
		}
		q.body = `{"` + strings.Repeat("x", 9000) + `":1,` + body[1:]
		if a := s.send(t, q).want(t, op.malformed); len(a.body) > 2000 {
			t.Errorf("a long name is sent back: %d bytes", len(a.body))
		}
	})
}

// TestBodyOfAnotherFormSaysWhere: the pointer "" means the whole body.
func TestBodyOfAnotherFormSaysWhere(t *testing.T) {
	each(t, func(t *testing.T, s *running, op *operation, q request) {
		if q.body == "" {
			t.Skip("it takes no body")
		}
		for _, q.body = range []string{`[]`, `"8299"`, `8299`, `true`} {
			a := s.send(t, q).want(t, op.malformed)
			if !strings.Contains(string(a.body), `"source":{"pointer":""}`) {
				t.Errorf("%s: %s", q.body, a.body)
			}
		}
		for _, q.body = range []string{
			"", " ", "{", `{"pin":"8299"} x`, `{"pin":"8299"},`, `{"pin":"8299",}`, `{'pin':'8299'}`, "\ufeff" + q.body, q.body + "\x00",
			strings.Repeat(`{"meta":`, 1000) + "1" + strings.Repeat("}", 1000), `{"meta":` + strings.Repeat("[", 7000) + strings.Repeat("]", 7000) + "}",
		} {
			a := s.send(t, q).want(t, op.malformed)
			if strings.Contains(string(a.body), `"source"`) {
				t.Errorf("%.50q: %s", q.body, a.body)
			}
		}
	})
}

// TestTextIsUTF8: encoding/json puts the same U+FFFD in the place of all that is
// not, so that one password would be as good as another.
func TestTextIsUTF8(t *testing.T) {
	c := sharedServer(t).withPIN(t)
	for _, password := range []string{"\xff", "caf\xe9", `\ud800`, `\udc00\ud800`, "\ufffd"} {
		c.json("POST", "/user/otp", `{"password":"`+password+`"}`).want(t, 422).is(t, "malformed", sourceOfText(password))
	}
	c.json("POST", "/user/otp", `{"password":"\ud83d\ude00"}`).want(t, 404).is(t, "mismatch", "")
}

// sourceOfText: a body that is not UTF-8 is no JSON, and has no pointers.
func sourceOfText(password string) string {
	if strings.ToValidUTF8(password, "") != password {
		return ""
	}
	return "/password"
}

// TestResetRequestAsItIsSent: the identity provider sends a plain body as
// application/vnd.api+json.
func TestResetRequestAsItIsSent(t *testing.T) {
	c := sharedServer(t).withPIN(t)
	c.card("Visa")
	c.resetAs(jsonAPI, `{"pin":"8299","skip":false}`).want(t, 204)
	c.resetAs(jsonType, `{"pin":"8299","skip":true}`).want(t, 204)
	c.resetAs(jsonAPI, `{"pin":"5621","skip":true}`).want(t, 422).is(t, "mismatch", "")
	c.wantCards("Visa")
	c.resetAs(jsonAPI, `{"skip":true}`).want(t, 204)
	c.wantCards()
}

// TestLengthThatNothingHereHasIsNoStrike, nor a wrong try.
func TestLengthThatNothingHereHasIsNoStrike(t *testing.T) {
	c := sharedServer(t).withPIN(t)
	c.card("Visa")
	for _, pin := range []string{"8", "82", "829", "82999", "8299999", "82999999", "829999999999", "8299999999999", "８２９９", " 8299", "8299 "} {
		for range 2 {
			c.reset(`{"pin":"`+pin+`","skip":true}`).want(t, 400).is(t, "malformed", "/pin")
			c.json("POST", "/user/otp", `{"pin":"`+pin+`"}`).want(t, 422).is(t, "malformed", "/pin")
			c.enroll("738e379f-fe30-45ab-819c-ba88804b6368", `{"pin":"`+pin+`"}`).want(t, 422).is(t, "malformed", "/data/attributes/pin")
		}
	}
	for _, otp := range []string{"12345", "1234567", "12345678", "１２３４５６"} {
		for range 3 {
			c.json("POST", "/user/otp/verify", `{"otp":"`+otp+`"}`).want(t, 422).is(t, "malformed", "/otp")
			c.enroll("738e379f-fe30-45ab-819c-ba88804b6368", `{"otp":"`+otp+`"}`).want(t, 422).is(t, "malformed", "/data/attributes/otp")
		}
	}
	c.wantCards("Visa")
	c.wantMails()
	c.json("POST", "/user/otp/verify", `{"otp":"`+c.code()+`"}`).want(t, 204)
	left := c.reset(`{"pin":"5621"}`).want(t, 422)
	if !strings.Contains(left.problem(t).Detail, ": 2.") {
		t.Fatalf("not the first strike: %s", left.body)
	}
}

// TestTypesAreTheFourDocumentedOnes: a kind that factor gains is none of them,
// so the refusal is this transport's own.
func TestTypesAreTheFourDocumentedOnes(t *testing.T) {
	var log buffer
	a := bare(&log)
	for _, types := range []string{`["recovery"]`, `["password"]`, `["pin"]`, `["sms"]`, `[""]`, `[null]`, `[7]`, `["TOTP"]`, `[["totp"]]`, `["totp","pin"]`, `"totp"`, `{}`, `7`} {
		r := httptest.NewRequest("POST", "/user/otp/verify", strings.NewReader(`{"otp":"123456","types":`+types+`}`))
		w := httptest.NewRecorder()
		a.run(w, r, described[2], asNobody(a.verifyOTP))
		(&answer{w.Code, w.Header(), w.Body.Bytes()}).want(t, 422).is(t, "malformed", "/types")
	}
	c := sharedServer(t).withPIN(t)
	for _, types := range []string{`[]`, `null`, `["account"]`, `["login","totp","device-totp","account"]`, `["account","account"]`} {
		c.json("POST", "/user/otp/verify", `{"otp":"`+c.code()+`","types":`+types+`}`).want(t, 204)
		_, secret := c.device(`{"pin":"8299"}`)
		verified := c.json("POST", "/user/otp/verify", `{"otp":"`+deviceCode(t, secret)+`","types":`+types+`}`)
		if want := !strings.HasPrefix(types, `["account"`); (verified.status == 204) != want {
			t.Errorf("types %s takes a device code: %d", types, verified.status)
		}
	}
}

// TestErrorsHaveTheMembersOfTheDescribedOnes as they come over the wire.
func TestErrorsHaveTheMembersOfTheDescribedOnes(t *testing.T) {
	c := sharedServer(t).withPIN(t)
	type object struct {
		ID, Status, Code, Title, Detail string
		Links                           struct{ About string }
		Source                          map[string]string
		Meta                            map[string]any
	}
	first := func(a *answer) object {
		t.Helper()
		var body struct{ Errors []object }
		a.decode(t, &body)
		if len(body.Errors) != 1 {
			t.Fatalf("no error object: %s", a.body)
		}
		e := body.Errors[0]
		if !strings.HasPrefix(e.Links.About, "https://") || !strings.HasSuffix(e.Links.About, "#"+e.Code) {
			t.Errorf("links.about is %q: %s", e.Links.About, a.body)
		}
		if at, err := time.Parse(time.RFC3339, fmt.Sprint(e.Meta["at"])); err != nil || time.Since(at) > time.Hour {
			t.Errorf("meta.at: %v: %s", err, a.body)
		}
		return e
	}
	if e := first(c.json("POST", "/user/otp", `{"pin":"1111"}`).want(t, 404)); e.Meta["remaining"] != 2.0 {
		t.Errorf("meta is %v, want 2 remaining", e.Meta)
	}
	c.json("POST", "/user/otp", `{"pin":"1111"}`).want(t, 404)
	if e := first(c.json("POST", "/user/otp", `{"pin":"1111"}`).want(t, 404)); e.Meta["remaining"] != 0.0 {
		t.Errorf("meta is %v, want 0 remaining", e.Meta)
	}
	locked := first(c.json("POST", "/user/otp", `{"pin":"8299"}`).want(t, 429))
	if until, err := time.Parse(time.RFC3339, fmt.Sprint(locked.Meta["until"])); err != nil || !until.After(time.Now()) {
		t.Errorf("meta is %v, want the end of the lock", locked.Meta)
	}
	if e := first(c.get("/user/pin?timeout=0").want(t, 422)); e.Source["parameter"] != "timeout" {
		t.Errorf("source is %v", e.Source)
	}
	first(c.get("/nowhere").want(t, 404))
}

// TestEventLinesHaveTheRequestsID so that what a request did can be found.
func TestEventLinesHaveTheRequestsID(t *testing.T) {
	s := startServer(t)
	c := s.withPIN(t)
	c.card("Visa")
	refused := c.json("POST", "/user/otp", `{"pin":"1111"}`).want(t, 404)
	wiped := c.reset(`{"skip":true}`).want(t, 204)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	ids := map[string][]string{}
	for line := range strings.Lines(s.log.String()) {
		var entry struct{ Msg, ID, User string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil || strings.Count(line, `"id":`) > 1 {
			t.Fatalf("%v: %s", err, line)
		}
		if entry.Msg == "request" || entry.User == c.id {
			ids[entry.Msg] = append(ids[entry.Msg], entry.ID)
		}
	}
	for message, of := range map[string]*answer{"factor refused": refused, "factor wipe-marked": wiped, "factor wipe-done": wiped} {
		if got := ids[message]; len(got) != 1 || got[0] != of.header.Get("Request-Id") {
			t.Errorf("%s has the IDs %q, want that of the request, %s", message, got, of.header.Get("Request-Id"))
		}
	}
	if len(ids["factor pin-set"]) != 1 || ids["factor pin-set"][0] == "" || ids["request"][0] == "" {
		t.Errorf("a line lacks its ID: %v", ids)
	}
}
