package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestDeviceEnrolsWithoutAProofAfterRegistration(t *testing.T) {
	c := sharedServer(t).newCaller(t, time.Minute)
	id, secret := c.device(`{}`)
	c.json("POST", "/user/otp/verify", `{"otp":"`+deviceCode(t, secret)+`","types":["device-totp"]}`).want(t, 204)
	c.enroll(id, `{}`).want(t, 403).is(t, "no-credential", "")
}

func TestDeviceIsAnsweredAsAResource(t *testing.T) {
	c := sharedServer(t).newCaller(t, time.Minute)
	id := strings.ToUpper(uuid.NewString()) // as Swift writes it
	a := c.enroll(id, `{}`).want(t, 201)
	var made deviceTOTP
	a.decode(t, &made)
	d := made.Data
	if a.header.Get("Content-Type") != jsonAPI || d.Type != "deviceTOTP" || d.ID != id ||
		len(d.Attributes.Secret) != 32 || d.Attributes.Period != 30 || d.Attributes.Digits != 6 || d.Attributes.Algorithm != "SHA1" {
		t.Fatalf("%v %s", a.header, a.body)
	}
}

// TestDeviceEnrolsWithAMailedCode is how the clients do it: first without, and
// when refused, with a code that is mailed.
func TestDeviceEnrolsWithAMailedCode(t *testing.T) {
	c := sharedServer(t).newCaller(t, 6*time.Minute)
	id := uuid.NewString()
	c.enroll(id, `{}`).want(t, 403).is(t, "no-credential", "")
	c.s.send(t, request{method: "POST", path: "/user/otp/sendmail", token: c.token}).want(t, 204)
	code := c.mailedCode()
	c.enroll(id, `{"otp":"`+code+`"}`).want(t, 201)
	c.enroll(id, `{"otp":"`+code+`"}`).want(t, 403).is(t, "mismatch", "")
}

func TestDeviceProofsAreJudgedInTurn(t *testing.T) {
	c := sharedServer(t).withPIN(t)
	id := uuid.NewString()
	c.enroll(id, `{"pin":"8299","password":"`+callerPassword+`","otp":"526271"}`).want(t, 201)
	c.enroll(id, `{"pin":"8299","password":"wrong"}`).want(t, 201)
	c.enroll(id, `{"pin":"1111","password":"wrong","otp":"526271"}`).want(t, 403).is(t, "mismatch", "")
}

func TestDeviceIsRefusedAsMalformed(t *testing.T) {
	c := sharedServer(t).withPIN(t)
	send := func(body string) *answer {
		return c.s.send(t, request{method: "POST", path: "/user/devices/totp", token: c.token, contentType: jsonAPI, body: body})
	}
	const id = `"738e379f-fe30-45ab-819c-ba88804b6368"`
	for body, pointer := range map[string]string{
		`{"data":{"type":"deviceTOTP","id":"738e379f","attributes":{"pin":"8299"}}}`:                               "/data/id",
		`{"data":{"type":"deviceTOTP","id":"{738e379f-fe30-45ab-819c-ba88804b6368}","attributes":{"pin":"8299"}}}`: "/data/id",
		`{"data":{"type":"deviceTOTP","id":"00000000-0000-0000-0000-000000000000","attributes":{"pin":"8299"}}}`:   "/data/id",
		`{"data":{"type":"deviceTOTP","attributes":{"pin":"8299"}}}`:                                               "/data/id",
		`{"data":{"type":"device","id":` + id + `,"attributes":{"pin":"8299"}}}`:                                   "/data/type",
		`{}`: "/data/type",
		`{"data":{"type":"deviceTOTP","id":` + id + `,"attributes":{"pin":"82"}}}`:                                         "/data/attributes/pin",
		`{"data":{"type":"deviceTOTP","id":` + id + `,"attributes":{"pin":8299}}}`:                                         "/data/attributes/pin",
		`{"data":{"type":"deviceTOTP","id":` + id + `,"attributes":{"otp":"12345"}}}`:                                      "/data/attributes/otp",
		`{"data":{"type":"deviceTOTP","id":` + id + `,"attributes":{"password":"` + strings.Repeat("x", 1025) + `"}}}`:     "/data/attributes/password",
		`{"data":{"type":"deviceTOTP","id":` + id + `,"attributes":{"pin":"8299"}},"registeredAt":"2021-04-12T23:20:50Z"}`: "/registeredAt",
	} {
		send(body).want(t, 422).is(t, "malformed", pointer)
	}
}

func TestDevicesAreLimited(t *testing.T) {
	c := sharedServer(t).newCaller(t, time.Minute)
	for range 10 {
		c.enroll(uuid.NewString(), `{}`).want(t, 201)
	}
	c.enroll(uuid.NewString(), `{"password":"`+callerPassword+`"}`).want(t, 403).is(t, "device-limit", "")
}

func TestDeviceIsLocked(t *testing.T) {
	c := sharedServer(t).withPIN(t)
	for range 3 {
		c.enroll(uuid.NewString(), `{"pin":"1111"}`).want(t, 403)
	}
	c.enroll(uuid.NewString(), `{"pin":"8299"}`).want(t, 429).is(t, "locked", "")
}
