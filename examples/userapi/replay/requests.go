package main

import (
	"fmt"
	"slices"
	"strings"
)

// An exchange is a request and its documented answer. ${name} in the token and the
// body stands for a value of the client.
type exchange struct {
	about   string
	request string // method and path
	token   string
	user    string // the User-Id header
	media   string // the Content-Type header
	accept  string
	body    string
	want    want
}

const (
	demo     = "${token}"    // has a password and the PIN 8299
	newcomer = "${newcomer}" // has just registered, and holds nothing
	unlinked = "${unlinked}" // has no linked identity
	provider = "${reset}"    // the identity provider

	password    = "superSecret12345!"
	firstDevice = "738e379f-fe30-45ab-819c-ba88804b6368"
)

// documented returns all exchanges in order.
func documented() []exchange {
	return slices.Concat(pins, codes, checks, nothingToProve, devices(), resets)
}

func getPIN(about, token, query string, w want) exchange {
	return exchange{about: about, request: "GET /user/pin" + query, token: token, want: w}
}

func issue(about, token, body string, w want) exchange {
	return exchange{about: about, request: "POST /user/otp", token: token, media: jsonType, body: body, want: w}
}

func verify(about, token, body string, w want) exchange {
	return exchange{about: about, request: "POST /user/otp/verify", token: token, media: jsonType, body: body, want: w}
}

// enrol returns an exchange that enrols a device with the attributes.
func enrol(about, token, id, attributes string, w want) exchange {
	return enrolAs(about, token, `{"data":{"type":"deviceTOTP","id":"`+id+`","attributes":`+attributes+`}}`, w)
}

func enrolAs(about, token, body string, w want) exchange {
	return exchange{about: about, request: "POST /user/devices/totp", token: token, media: jsonAPI, body: body, want: w}
}

// reset returns the identity provider's request: a plain body sent as JSON:API.
func reset(about, user, body string, w want) exchange {
	return exchange{about: about, request: "POST /callbacks/password-reset", token: provider, user: user, media: jsonAPI, body: body, want: w}
}

// cards returns an exchange of the example's own operation that lists the cards.
func cards(about string, members map[string]string) exchange {
	return exchange{about: about, request: "GET /user/payment-methods", token: demo, want: body(200, jsonType, members)}
}

// as changes the Content-Type of an exchange.
func as(media string, e exchange) exchange {
	e.media = media
	return e
}

// accepting sets the Accept header of an exchange.
func accepting(accept string, e exchange) exchange {
	e.accept = accept
	return e
}

var pins = []exchange{
	getPIN("a PIN is set", demo, "", noBody(200)),
	getPIN("a long poll for a PIN that is set", demo, "?timeout=60", noBody(200)),
	getPIN("no PIN is set", newcomer, "", refused(404, "pin-not-set", "-")),
	getPIN("none is set until the timeout", newcomer, "?timeout=1", refused(404, "pin-not-set", "-")),
	getPIN("a timeout that is too short", demo, "?timeout=0", refused(422, "malformed", "?timeout")),
	getPIN("a timeout that is too long", demo, "?timeout=61", refused(422, "malformed", "?timeout")),
	getPIN("a timeout that is no whole number", demo, "?timeout=1.5", refused(422, "malformed", "?timeout")),
	getPIN("two timeouts", demo, "?timeout=1&timeout=2", refused(422, "malformed", "?timeout")),
	getPIN("no token", "", "", refused(401, "unauthorized", "Authorization")),
	getPIN("a token that is not valid", "nobody's", "", refused(401, "unauthorized", "Authorization")),
	getPIN("no linked identity", unlinked, "", refused(401, "missing-linked-identity", "Authorization")),
	accepting("text/html", getPIN("another media type is wanted", demo, "", refused(406, "not-acceptable", "Accept"))),
	{about: "no such method", request: "DELETE /user/pin", token: demo, want: refused(405, "method-not-allowed", "-")},
	{about: "no such path", request: "GET /user/pins", token: demo, want: refused(404, "not-found", "-")},
}

var issued = body(201, jsonType, map[string]string{"otp": `^[0-9]{6}$`, "expiresAt": instant})

var codes = []exchange{
	issue("for the password", demo, `{"password":"`+password+`"}`, issued),
	issue("for the PIN", demo, `{"pin":"8299"}`, issued),
	issue("the password is judged first", demo, `{"password":"`+password+`","pin":"1111"}`, issued),
	issue("one right one is enough", demo, `{"password":"wrong","pin":"8299"}`, issued),
	issue("null is not given", demo, `{"password":null,"pin":"8299"}`, issued),
	issue("members of a JSON:API document", demo, `{"jsonapi":{"version":"1.1"},"meta":{"a":1},"pin":"8299"}`, issued),
	as(jsonType+"; charset=utf-8", issue("with the charset", demo, `{"pin":"8299"}`, issued)),
	issue("a wrong PIN", demo, `{"pin":"1111"}`, refused(404, "mismatch", "-")),
	issue("a wrong password", demo, `{"password":"wrong"}`, refused(404, "mismatch", "-")),
	issue("nothing is given", demo, `{}`, refused(422, "no-credential", "-")),
	issue("a PIN of another length", demo, `{"pin":"82999"}`, refused(422, "malformed", "/pin")),
	issue("a PIN that is no string", demo, `{"pin":8299}`, refused(422, "malformed", "/pin")),
	issue("a member twice", demo, `{"pin":"1111","pin":"8299"}`, refused(422, "malformed", "/pin")),
	issue("a member in other letters", demo, `{"PIN":"8299"}`, refused(422, "malformed", "/PIN")),
	issue("a member that is not known", demo, `{"pin":"8299","otp":"123456"}`, refused(422, "malformed", "/otp")),
	issue("no object", demo, `[]`, refused(422, "malformed", "")),
	issue("no JSON", demo, `pin=8299`, refused(422, "malformed", "-")),
	issue("more than one value", demo, `{"pin":"8299"}{}`, refused(422, "malformed", "-")),
	issue("a large body", demo, `{"pin":"`+strings.Repeat("8", 17<<10)+`"}`, refused(413, "too-large", "-")),
	as(jsonAPI, issue("another media type", demo, `{"pin":"8299"}`, refused(415, "unsupported-media", "Content-Type"))),
	as("", issue("no media type", demo, `{"pin":"8299"}`, refused(415, "unsupported-media", "Content-Type"))),
	accepting(jsonAPI, issue("another media type is wanted", demo, `{"pin":"8299"}`, refused(406, "not-acceptable", "Accept"))),
	issue("no token", "", `{"pin":"8299"}`, refused(401, "unauthorized", "Authorization")),
	issue("no linked identity", unlinked, `{"pin":"8299"}`, refused(401, "missing-linked-identity", "Authorization")),
	issue("the first wrong PIN", newcomer, `{"pin":"1111"}`, refused(404, "mismatch", "-")),
	issue("the second", newcomer, `{"pin":"1111"}`, refused(404, "mismatch", "-")),
	issue("the third", newcomer, `{"pin":"1111"}`, refused(404, "mismatch", "-")),
	issue("locked after three", newcomer, `{"pin":"1111"}`, refused(429, "locked", "-")),
	enrol("locked here too", newcomer, firstDevice, `{"pin":"1111"}`, refused(429, "locked", "-")),
}

var checks = []exchange{
	issue("a code", demo, `{"pin":"8299"}`, issued),
	verify("a wrong code", demo, `{"otp":"${wrongCode}","types":["device-totp","account"]}`, refused(404, "mismatch", "-")),
	verify("of another type", demo, `{"otp":"${otp}","types":["login","totp","device-totp"]}`, refused(404, "mismatch", "-")),
	verify("the right code", demo, `{"otp":"${otp}","types":["device-totp","account"]}`, noBody(204)),
	verify("the same again", demo, `{"otp":"${otp}","types":["device-totp","account"]}`, refused(404, "mismatch", "-")),
	issue("a code", demo, `{"pin":"8299"}`, issued),
	verify("types by default", demo, `{"otp":"${otp}"}`, noBody(204)),
	issue("a code", demo, `{"pin":"8299"}`, issued),
	verify("no types", demo, `{"otp":"${otp}","types":[]}`, noBody(204)),
	issue("a code", demo, `{"pin":"8299"}`, issued),
	verify("types of null", demo, `{"otp":"${otp}","types":null}`, noBody(204)),
	issue("a code", demo, `{"pin":"8299"}`, issued),
	verify("all four types", demo, `{"otp":"${otp}","types":["login","account","totp","device-totp"]}`, noBody(204)),
	verify("an unknown type", demo, `{"otp":"123456","types":["sms"]}`, refused(422, "malformed", "/types")),
	verify("a kind that is no type", demo, `{"otp":"123456","types":["pin"]}`, refused(422, "malformed", "/types")),
	verify("an empty code", demo, `{"otp":""}`, refused(422, "malformed", "/otp")),
	verify("no code", demo, `{}`, refused(422, "malformed", "/otp")),
	verify("a code of other than digits", demo, `{"otp":"12345x"}`, refused(422, "malformed", "/otp")),
	verify("a code of another length", demo, `{"otp":"1234567"}`, refused(422, "malformed", "/otp")),
	verify("a member twice", demo, `{"otp":"123456","otp":"123457"}`, refused(422, "malformed", "/otp")),
	as("text/plain", verify("another media type", demo, `{"otp":"123456"}`, refused(415, "unsupported-media", "Content-Type"))),
	verify("no token", "", `{"otp":"123456"}`, refused(401, "unauthorized", "Authorization")),
	verify("no linked identity", unlinked, `{"otp":"123456"}`, refused(401, "missing-linked-identity", "Authorization")),
	verify("the first wrong code", newcomer, `{"otp":"123456","types":["login"]}`, refused(404, "mismatch", "-")),
	verify("the second", newcomer, `{"otp":"123456","types":["login"]}`, refused(404, "mismatch", "-")),
	verify("the third", newcomer, `{"otp":"123456","types":["login"]}`, refused(404, "mismatch", "-")),
	verify("the fourth", newcomer, `{"otp":"123456","types":["login"]}`, refused(404, "mismatch", "-")),
	verify("the fifth", newcomer, `{"otp":"123456","types":["login"]}`, refused(404, "mismatch", "-")),
	verify("locked after five", newcomer, `{"otp":"123456","types":["login"]}`, refused(429, "locked", "-")),
}

// nothingToProve must run before the newcomer enrols a device.
var nothingToProve = []exchange{
	reset("nothing to prove", "newcomer", `{"pin":"8299"}`, refused(404, "not-enrolled", "-")),
	reset("an unknown user", "nobody", `{"pin":"8299"}`, refused(404, "unknown-user", "User-Id")),
}

func devices() []exchange {
	const first = firstDevice
	all := []exchange{
		enrol("after registration, without a proof", newcomer, first, `{}`, enrolled(first)),
		verify("a code of the device", newcomer, `{"otp":"${deviceCode}","types":["device-totp"]}`, noBody(204)),
		enrol("the same id, without a proof", newcomer, first, `{}`, refused(403, "no-credential", "-")),
		enrol("for the PIN", demo, first, `{"pin":"8299"}`, enrolled(first)),
		enrol("for the password", demo, first, `{"otp":null,"password":"`+password+`","pin":"1111"}`, enrolled(first)),
		issue("a code", demo, `{"pin":"8299"}`, issued),
		enrol("for the code", demo, first, `{"otp":"${otp}","password":"wrong","pin":"1111"}`, enrolled(first)),
		enrol("an id in upper case", demo, strings.ToUpper(first), `{"pin":"8299"}`, enrolled(strings.ToUpper(first))),
		enrol("a wrong PIN", demo, first, `{"pin":"1111"}`, refused(403, "mismatch", "-")),
		enrol("a PIN of another length", demo, first, `{"pin":"829"}`, refused(422, "malformed", "/data/attributes/pin")),
		enrol("a code of another length", demo, first, `{"otp":"12345"}`, refused(422, "malformed", "/data/attributes/otp")),
		enrol("a long password", demo, first, `{"password":"`+strings.Repeat("x", 1025)+`"}`, refused(422, "malformed", "/data/attributes/password")),
		enrol("a member twice", demo, first, `{"pin":"1111","pin":"8299"}`, refused(422, "malformed", "/data/attributes/pin")),
		enrol("an id that is no UUID", demo, "phone", `{"pin":"8299"}`, refused(422, "malformed", "/data/id")),
		enrolAs("another type", demo, `{"data":{"type":"device","id":"`+first+`"}}`, refused(422, "malformed", "/data/type")),
		enrolAs("members of a JSON:API document", demo,
			`{"jsonapi":{"version":"1.1"},"meta":{},"data":{"type":"deviceTOTP","id":"`+first+`","attributes":{"pin":"8299"}}}`, enrolled(first)),
		enrolAs("a member that is not known", demo, `{"data":{"type":"deviceTOTP","id":"`+first+`"},"included":[]}`, refused(422, "malformed", "/included")),
		as(jsonType, enrol("another media type", demo, first, `{"pin":"8299"}`, refused(415, "unsupported-media", "Content-Type"))),
		enrol("no token", "", first, `{}`, refused(401, "unauthorized", "Authorization")),
		enrol("no linked identity", unlinked, first, `{}`, refused(401, "missing-linked-identity", "Authorization")),
	}
	for i := range 9 {
		id := fmt.Sprintf("738e379f-fe30-45ab-819c-%012d", i)
		all = append(all, enrol("another device", demo, id, `{"password":"`+password+`"}`, enrolled(id)))
	}
	return append(all, enrol("too many devices", demo, "738e379f-fe30-45ab-819c-ba8880000000", `{"pin":"8299"}`, refused(403, "device-limit", "-")))
}

func enrolled(id string) want {
	return body(201, jsonAPI, map[string]string{
		"data.type": `^deviceTOTP$`, "data.id": exactly(id), "data.attributes.secret": `^[A-Z2-7]{32}$`,
		"data.attributes.period": `^30$`, "data.attributes.digits": `^6$`, "data.attributes.algorithm": `^SHA1$`,
	})
}

var (
	kept = map[string]string{"paymentMethods.0": `.`}
	gone = map[string]string{}
)

var resets = []exchange{
	reset("the PIN", "demo", `{"pin":"8299","skip":false}`, noBody(204)),
	as(jsonType, reset("as application/json", "demo", `{"pin":"8299"}`, noBody(204))),
	reset("a device code, for which skip is ignored", "demo", `{"pin":"${deviceCode}","skip":true}`, noBody(204)),
	reset("the same again", "demo", `{"pin":"${usedCode}","skip":true}`, refused(422, "mismatch", "-")),
	reset("a wrong PIN, for which skip is ignored", "demo", `{"pin":"5621","skip":true}`, refused(422, "mismatch", "-")),
	reset("the right one again", "demo", `{"pin":"8299","skip":true}`, noBody(204)),
	cards("204 to a proof: the data is kept", kept),
	reset("nothing is given", "demo", `{}`, refused(400, "no-credential", "-")),
	reset("nor skipped", "demo", `{"pin":null,"skip":false}`, refused(400, "no-credential", "-")),
	reset("an empty proof, which is none to skip", "demo", `{"pin":"","skip":true}`, refused(400, "no-credential", "-")),
	reset("of a length that no PIN has", "demo", `{"pin":"82999","skip":true}`, refused(400, "malformed", "/pin")),
	reset("of other than digits", "demo", `{"pin":"829x","skip":true}`, refused(400, "malformed", "/pin")),
	reset("a member twice", "demo", `{"pin":"8299","pin":null,"skip":true}`, refused(400, "malformed", "/pin")),
	reset("a member in other letters", "demo", `{"Pin":"8299","skip":true}`, refused(400, "malformed", "/Pin")),
	reset("a member that is not known", "demo", `{"pim":"8299","skip":true}`, refused(400, "malformed", "/pim")),
	reset("no object", "demo", `[]`, refused(400, "malformed", "")),
	as("text/plain", reset("another media type", "demo", `{"skip":true}`, refused(415, "unsupported-media", "Content-Type"))),
	reset("no user", "", `{"skip":true}`, refused(400, "malformed", "User-Id")),
	reset("no linked identity", "unlinked", `{"skip":true}`, refused(401, "missing-linked-identity", "User-Id")),
	{
		about: "a user's token", request: "POST /callbacks/password-reset", token: demo, user: "demo", media: jsonAPI, body: `{"skip":true}`,
		want: refused(401, "unauthorized", "Authorization"),
	},
	cards("the data is still kept", kept),
	reset("the first wrong proof", "demo", `{"pin":"5621"}`, refused(422, "mismatch", "-")),
	reset("the second", "demo", `{"pin":"5621"}`, refused(422, "mismatch", "-")),
	reset("the third", "demo", `{"pin":"5621"}`, refused(422, "mismatch", "-")),
	cards("the data is kept until the fourth", kept),
	reset("the fourth", "demo", `{"pin":"5621","skip":true}`, refused(410, "wiped", "-")),
	cards("the data is gone", gone),
	reset("the right PIN, too late", "demo", `{"pin":"8299"}`, refused(410, "wiped", "-")),
	reset("skip, which has nothing left to delete", "demo", `{"skip":true}`, noBody(204)),
	reset("skip alone, which deletes", "newcomer", `{"skip":true}`, noBody(204)),
	reset("after it", "newcomer", `{"pin":"123456"}`, refused(410, "wiped", "-")),
}

// withoutSkip is for a service started with -forbid-skip.
var withoutSkip = []exchange{
	reset("skip is forbidden", "demo", `{"skip":true}`, refused(403, "skip-forbidden", "-")),
	reset("a proof beside it is judged", "demo", `{"pin":"8299","skip":true}`, noBody(204)),
	cards("the data is kept", kept),
}
