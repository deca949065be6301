package main

import (
	"net/http"
	"time"
)

const (
	// jsonType is the media type of most bodies, jsonAPI that of devices and all
	// errors.
	jsonType = "application/json"
	jsonAPI  = "application/vnd.api+json"

	// pinDigits and codeDigits are the lengths of all PINs and codes of this
	// service. Any other length is malformed and costs no try and no strike. If you
	// change pinDigits, keep accepting the old length: factor's PINOptions.Length
	// applies to new PINs only.
	pinDigits, codeDigits = 4, 6

	maxBody  = 16 << 10
	patience = 10 * time.Second            // for an operation
	pollWait = time.Minute + 5*time.Second // for one that waits up to a minute
	slowest  = pollWait + 5*time.Second    // for writing an answer
)

// An operation is a method on a path, with its particulars.
type operation struct {
	method, path string
	// caller returns the user whom the call is about, or an error if the caller may
	// not make it.
	caller func(*api, *http.Request) (user string, err error)
	// takes holds the allowed media types of the body, none if there is no body.
	// gives holds those of which the client must accept one.
	takes  []string
	gives  []string
	within time.Duration

	// The statuses of errors that the described API answers differently from one
	// operation to the next, the credentials that ErrNoCredential asks for, and
	// what factor.MismatchError.Remaining counts. A fault of 0 means 500.
	malformed, noCredential, mismatch, fault int
	needs, left                              string
	// pointers maps the fields of factor.MalformedError to places in the body,
	// unless a member has the field's name.
	pointers map[string]string

	serve func(a *api, w http.ResponseWriter, r *http.Request, user string) error
}

const lockLeft = "Tries left before a lock"

// described holds the five operations of the described API, with its paths, bodies
// and statuses.
var described = []*operation{
	{
		method: "GET", path: "/user/pin", caller: (*api).bearer,
		gives: []string{jsonType, jsonAPI}, within: pollWait, serve: (*api).pinIsSet,
		malformed: 422, fault: 501,
	},
	{
		method: "POST", path: "/user/otp", caller: (*api).bearer,
		takes: []string{jsonType}, gives: []string{jsonType}, within: patience, serve: (*api).issueOTP,
		malformed: 422, noCredential: 422, mismatch: 404, needs: "Give the password or the PIN.", left: lockLeft,
	},
	{
		method: "POST", path: "/user/otp/verify", caller: (*api).bearer,
		takes: []string{jsonType}, gives: []string{jsonType, jsonAPI}, within: patience, serve: (*api).verifyOTP,
		malformed: 422, mismatch: 404, left: lockLeft,
		pointers: map[string]string{"kinds": "/types"},
	},
	{
		method: "POST", path: "/user/devices/totp", caller: (*api).bearer,
		takes: []string{jsonAPI}, gives: []string{jsonAPI}, within: patience, serve: (*api).enrollDevice,
		malformed: 422, noCredential: 403, mismatch: 403, needs: "Give an OTP, the password or the PIN.", left: lockLeft,
		pointers: map[string]string{
			"device": "/data/id", "otp": "/data/attributes/otp",
			"password": "/data/attributes/password", "pin": "/data/attributes/pin",
		},
	},
	{
		method: "POST", path: "/callbacks/password-reset", caller: (*api).identityProvider,
		takes: []string{jsonType, jsonAPI}, gives: []string{jsonType, jsonAPI}, within: patience, serve: (*api).resetPassword,
		malformed: 400, noCredential: 400, mismatch: 422, fault: 501, needs: "Give the PIN or a device code as pin, or skip.",
		left:     "Wrong proofs left before the one that deletes the payment data",
		pointers: map[string]string{"otp": "/pin"},
	},
}

// ours holds the operations that this example adds for the demo.
var ours = []*operation{
	{
		method: "PUT", path: "/user/pin", caller: (*api).bearer,
		takes: []string{jsonType}, gives: []string{jsonType, jsonAPI}, within: patience, serve: (*api).setPIN,
		malformed: 422, noCredential: 403, mismatch: 403, needs: "Give an OTP.", left: lockLeft,
	},
	{
		method: "POST", path: "/user/otp/sendmail", caller: (*api).bearer,
		gives: []string{jsonType, jsonAPI}, within: patience, serve: (*api).mailOTP,
		malformed: 422,
	},
	{
		method: "GET", path: "/user/payment-methods", caller: (*api).bearer,
		gives: []string{jsonType}, within: patience, serve: (*api).paymentMethods,
		malformed: 422,
	},
}

// nowhere is the operation of requests that match no other.
var nowhere = &operation{method: "any", path: "other", within: patience, malformed: 400}

// name names the operation in metrics and logs. It never comes from a request.
func (o *operation) name() string { return o.method + " " + o.path }

// source returns the part of a request that a field of factor's errors comes from.
func (o *operation) source(field string) *source {
	if field == "timeout" {
		return &source{Parameter: field}
	}
	where, ok := o.pointers[field]
	if !ok {
		where = "/" + field
	}
	return &source{Pointer: &where}
}
