package main

import (
	"testing"
	"time"
)

func TestPINIsNotSetAndThenSet(t *testing.T) {
	c := sharedServer(t).newCaller(t, time.Hour)
	c.get("/user/pin").want(t, 404).is(t, "pin-not-set", "")
	c.setPIN("8299")
	if set := c.get("/user/pin").want(t, 200); len(set.body) > 0 {
		t.Fatalf("the answer has a body: %s", set.body)
	}
	c.get("/user/pin?timeout=60").want(t, 200)
	c.s.send(t, request{method: "HEAD", path: "/user/pin", token: c.token}).want(t, 200)
}

// poll has the caller wait for a minute, on a server where nobody else does, and
// returns once the server knows.
func (c *caller) poll() <-chan *answer {
	c.t.Helper()
	polled := make(chan *answer, 1)
	go func() {
		defer close(polled)
		polled <- c.get("/user/pin?timeout=60")
	}()
	c.s.waitForMetric(c.t, `userapi_requests_in_flight{operation="GET /user/pin"} 1`)
	return polled
}

func TestLongPollEndsWhenThePINIsSet(t *testing.T) {
	s := startServer(t)
	c := s.newCaller(t, time.Hour)
	polled := c.poll()
	c.setPIN("8299")
	(<-polled).want(t, 200)
}

func TestLongPollEndsAtItsTimeout(t *testing.T) {
	c := sharedServer(t).newCaller(t, time.Hour)
	c.get("/user/pin?timeout=1").want(t, 404).is(t, "pin-not-set", "")
}

func TestTimeoutIsOneToSixtySeconds(t *testing.T) {
	c := sharedServer(t).newCaller(t, time.Hour)
	for _, timeout := range []string{"", "0", "61", "-1", "%2B5", "1.5", "1s", "65537", "99999999999999999999", "ten"} {
		c.get("/user/pin?timeout="+timeout).want(t, 422).is(t, "malformed", "?timeout")
	}
}

func TestPINIsSetWithACode(t *testing.T) {
	c := sharedServer(t).newCaller(t, time.Hour)
	otp := c.code()
	put := func(body string) *answer { return c.json("PUT", "/user/pin", body) }
	put(`{"otp":"`+otp+`","pin":"1234"}`).want(t, 422).is(t, "weak-pin", "/pin")
	put(`{"otp":"`+otp+`","pin":"12a4"}`).want(t, 422).is(t, "malformed", "/pin")
	put(`{"otp":"12345","pin":"8299"}`).want(t, 422).is(t, "malformed", "/otp")
	put(`{"pin":"8299"}`).want(t, 403).is(t, "no-credential", "")
	put(`{"otp":"`+otherThan(otp)+`","pin":"8299"}`).want(t, 403).is(t, "mismatch", "")
	put(`{"otp":"`+otp+`","pin":"8299"}`).want(t, 204)

	_, secret := c.device(`{"pin":"8299"}`)
	put(`{"otp":"`+deviceCode(t, secret)+`","pin":"5173"}`).want(t, 204)
	c.json("POST", "/user/otp", `{"pin":"5173"}`).want(t, 201)
}

// otherThan returns a code that is wrong where otp is right.
func otherThan(otp string) string {
	last := otp[len(otp)-1]
	return otp[:len(otp)-1] + string('0'+(last-'0'+1)%10)
}

func TestTimeoutStandsOnceAndIsWellFormed(t *testing.T) {
	c := sharedServer(t).withPIN(t)
	for _, query := range []string{"timeout=1&timeout=1", "timeout=1&timeout=", "timeout=5;x=1", "timeout=%zz", "%zz=1", "timeout", "timeout=0x5", "timeout=1e1", "timeout=1_0", "timeout=%D9%A5"} {
		c.get("/user/pin?"+query).want(t, 422).is(t, "malformed", "?timeout")
	}
	c.get("/user/pin?timeout=05").want(t, 200)
	c.get("/user/pin?other=1").want(t, 200)
}
