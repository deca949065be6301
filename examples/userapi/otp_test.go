package main

import (
	"regexp"
	"strconv"
	"testing"
	"time"
)

func TestOTPIsIssuedForThePasswordOrThePIN(t *testing.T) {
	c := sharedServer(t).withPIN(t)
	for _, body := range []string{
		`{"pin":"8299"}`,
		`{"password":"` + callerPassword + `"}`,
		`{"password":"wrong","pin":"8299"}`,
		`{"password":"` + callerPassword + `","pin":"1111"}`,
	} {
		a := c.json("POST", "/user/otp", body).want(t, 201)
		var issued issuedOTP
		a.decode(t, &issued)
		if a.header.Get("Content-Type") != jsonType || !regexp.MustCompile(`^[0-9]{6}$`).MatchString(issued.OTP) {
			t.Fatalf("%s: %v %s", body, a.header, a.body)
		}
	}
}

// TestExpiresAtIsAsTheClientsParseIt: UTC with Z, and at most milliseconds.
func TestExpiresAtIsAsTheClientsParseIt(t *testing.T) {
	c := sharedServer(t).withPIN(t)
	var issued issuedOTP
	c.json("POST", "/user/otp", `{"pin":"8299"}`).want(t, 201).decode(t, &issued)
	if !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$`).MatchString(issued.ExpiresAt) {
		t.Fatalf("expiresAt is %s", issued.ExpiresAt)
	}
	ends, err := time.Parse(time.RFC3339, issued.ExpiresAt)
	if err != nil || !ends.After(time.Now()) || ends.After(time.Now().Add(5*time.Minute)) {
		t.Fatalf("expiresAt is %s, %v; want 5 minutes from the issuing", issued.ExpiresAt, err)
	}
	for at, want := range map[time.Time]string{
		time.Date(2021, 4, 12, 23, 20, 50, 520e6, time.UTC):                       "2021-04-12T23:20:50.52Z",
		time.Date(2021, 4, 12, 23, 20, 50, 520999999, time.FixedZone("", 2*3600)): "2021-04-12T21:20:50.52Z",
		time.Date(2021, 4, 12, 23, 20, 50, 0, time.UTC):                           "2021-04-12T23:20:50Z",
	} {
		if got := instant(at); got != want {
			t.Errorf("instant(%v) = %s, want %s", at, got, want)
		}
	}
}

func TestOTPIsRefused(t *testing.T) {
	c := sharedServer(t).withPIN(t)
	post := func(body string) *answer { return c.json("POST", "/user/otp", body) }
	post(`{"pin":"1111"}`).want(t, 404).is(t, "mismatch", "")
	post(`{"password":"wrong"}`).want(t, 404).is(t, "mismatch", "")
	post(`{}`).want(t, 422).is(t, "no-credential", "")
	post(`null`).want(t, 422).is(t, "no-credential", "")
	post(`{"pin":"829"}`).want(t, 422).is(t, "malformed", "/pin")
	post(`{"pin":"82 9"}`).want(t, 422).is(t, "malformed", "/pin")
	post(`{"pin":8299}`).want(t, 422).is(t, "malformed", "/pin")
}

func TestOTPIsLockedAfterThreeWrongPINs(t *testing.T) {
	c := sharedServer(t).withPIN(t)
	for range 3 {
		c.json("POST", "/user/otp", `{"pin":"1111"}`).want(t, 404)
	}
	locked := c.json("POST", "/user/otp", `{"pin":"8299"}`).want(t, 429).is(t, "locked", "")
	if after, err := strconv.Atoi(locked.header.Get("Retry-After")); err != nil || after < 1 || after > 60 {
		t.Fatalf("Retry-After is %q, want 1 to 60 seconds", locked.header.Get("Retry-After"))
	}
	c.json("POST", "/user/otp", `{"password":"`+callerPassword+`"}`).want(t, 201)
}

func TestCodeIsVerifiedOnce(t *testing.T) {
	c := sharedServer(t).withPIN(t)
	body := `{"otp":"` + c.code() + `","types":["device-totp","account"]}`
	c.json("POST", "/user/otp/verify", body).want(t, 204)
	c.json("POST", "/user/otp/verify", body).want(t, 404).is(t, "mismatch", "")
}

func TestVerifyTakesTheTypesThatAreAsked(t *testing.T) {
	c := sharedServer(t).withPIN(t)
	_, secret := c.device(`{"pin":"8299"}`)
	account, device := c.code(), deviceCode(t, secret)
	verify := func(body string) *answer { return c.json("POST", "/user/otp/verify", body) }
	verify(`{"otp":"`+account+`","types":["device-totp"]}`).want(t, 404)
	verify(`{"otp":"`+account+`","types":["login","totp"]}`).want(t, 404)
	verify(`{"otp":"`+device+`"}`).want(t, 204)
	verify(`{"otp":"`+account+`","types":[]}`).want(t, 204)
}

func TestVerifyIsRefused(t *testing.T) {
	c := sharedServer(t).withPIN(t)
	verify := func(body string) *answer { return c.json("POST", "/user/otp/verify", body) }
	otp := c.code()
	verify(`{"otp":"`+otherThan(otp)+`"}`).want(t, 404).is(t, "mismatch", "")
	verify(`{"otp":"`+otp+`","types":["password"]}`).want(t, 422).is(t, "malformed", "/types")
	verify(`{"otp":"`+otp+`","types":["sms"]}`).want(t, 422).is(t, "malformed", "/types")
	verify(`{"otp":"`+otp+`","types":[7]}`).want(t, 422).is(t, "malformed", "/types")
	verify(`{"otp":""}`).want(t, 422).is(t, "malformed", "/otp")
	verify(`{}`).want(t, 422).is(t, "malformed", "/otp")
	verify(`{"otp":"12345x"}`).want(t, 422).is(t, "malformed", "/otp")
	verify(`{"otp":" `+otp+`"}`).want(t, 422)
	verify(`{"otp":"`+otp+`"}`).want(t, 204)
}

func TestVerifyIsLockedAfterFiveWrongCodes(t *testing.T) {
	c := sharedServer(t).withPIN(t)
	otp := c.code()
	for range 5 {
		c.json("POST", "/user/otp/verify", `{"otp":"`+otherThan(otp)+`"}`).want(t, 404)
	}
	c.json("POST", "/user/otp/verify", `{"otp":"`+otp+`"}`).want(t, 429).is(t, "locked", "")
}

func TestCodeIsMailed(t *testing.T) {
	c := sharedServer(t).newCaller(t, time.Hour)
	c.s.send(t, request{method: "POST", path: "/user/otp/sendmail", token: c.token}).want(t, 204)
	c.json("POST", "/user/otp/verify", `{"otp":"`+c.mailedCode()+`"}`).want(t, 204)
}

// mailedCode returns the code in the caller's last mail.
func (c *caller) mailedCode() string {
	c.t.Helper()
	mails := c.mails()
	if len(mails) == 0 {
		c.t.Fatal("no mail was sent")
	}
	found := regexp.MustCompile(`Your code is ([0-9]{6})\n`).FindStringSubmatch(mails[len(mails)-1])
	if found == nil {
		c.t.Fatalf("the last mail holds no code:\n%s", mails[len(mails)-1])
	}
	return found[1]
}
