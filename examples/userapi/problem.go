package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/knowhave/factor"
)

// A problem is an error object of JSON:API, and how it is sent.
type problem struct {
	// ID is that of the request: the log holds it too.
	ID     string `json:"id"`
	Status string `json:"status"`
	Links  links  `json:"links"`
	// Code and Title are the same each time that the problem occurs; Detail is
	// about this time. None of them repeats what the client sent, but for the name
	// of a member that is not known.
	Code   string  `json:"code"`
	Title  string  `json:"title"`
	Detail string  `json:"detail"`
	Source *source `json:"source,omitempty"`
	Meta   meta    `json:"meta"`

	status     int
	retryAfter time.Duration // 0: no such header
}

// links leads to what the README says of the code.
type links struct {
	About string `json:"about"`
}

const documentation = "https://github.com/knowhave/factor/blob/main/examples/userapi/README.md#"

// A source says which part of the request is at fault: a JSON pointer into the
// body, of which "" is the whole, or the name of a query parameter or a header.
type source struct {
	Pointer   *string `json:"pointer,omitempty"`
	Parameter string  `json:"parameter,omitempty"`
	Header    string  `json:"header,omitempty"`
}

// meta is what a program may want of an error.
type meta struct {
	At        string `json:"at"`                  // when it was answered
	Remaining *int   `json:"remaining,omitempty"` // as in factor.MismatchError
	Until     string `json:"until,omitempty"`     // when the next try is judged
}

// titles holds the title of each code.
var titles = map[string]string{
	"malformed":               "The request is not well-formed",
	"no-credential":           "A credential is needed",
	"weak-pin":                "The PIN is too easy to guess",
	"mismatch":                "No credential matches",
	"locked":                  "Too many attempts",
	"pin-not-set":             "No PIN is set",
	"not-enrolled":            "Nothing is set up that could be proven",
	"already-enrolled":        "It is set up already",
	"unknown-device":          "The device is not known",
	"device-limit":            "Too many devices",
	"wiped":                   "The payment data was deleted",
	"wipe-pending":            "The payment data is being deleted",
	"skip-forbidden":          "The proof cannot be skipped",
	"unauthorized":            "A valid token is needed",
	"missing-linked-identity": "The user has no linked identity",
	"unknown-user":            "The user is not known",
	"not-found":               "There is nothing at this path",
	"method-not-allowed":      "The method is not allowed at this path",
	"not-acceptable":          "The answer has another media type",
	"unsupported-media":       "The body has the wrong media type",
	"too-large":               "The body is too large",
	"too-slow":                "The body took too long to arrive",
	"client-gone":             "The client hung up",
	"timeout":                 "The request took too long",
	"busy":                    "Too many requests at the same time",
	"stopping":                "The server is stopping",
	"record-unreadable":       "The user's record cannot be read",
	"internal":                "Something went wrong",
}

// A refusal is an error of this transport: factor was not asked.
type refusal struct{ problem }

func (r *refusal) Error() string { return "userapi: " + r.Code + ": " + r.Detail }

func refuse(status int, code, detail string) *refusal {
	return &refusal{problem{status: status, Code: code, Detail: detail}}
}

// header names the header that is at fault.
func (r *refusal) header(name string) *refusal {
	r.Source = &source{Header: name}
	return r
}

var (
	errNoToken       = refuse(http.StatusUnauthorized, "unauthorized", "Send Authorization: Bearer and a token that is valid here.").header("Authorization")
	errUnlinkedToken = refuse(http.StatusUnauthorized, "missing-linked-identity", "The token is valid, but no identity is linked to its user.").header("Authorization")
	errUnlinkedUser  = refuse(http.StatusUnauthorized, "missing-linked-identity", "No identity is linked to the user in the User-Id header.").header("User-Id")
	errUnknownUser   = refuse(http.StatusNotFound, "unknown-user", "No user has the ID in the User-Id header.").header("User-Id")
	errNoPIN         = refuse(http.StatusNotFound, "pin-not-set", "The user has not set a PIN.")
	errSkipForbidden = refuse(http.StatusForbidden, "skip-forbidden", "This service does not let the proof be skipped.")
	errNotFound      = refuse(http.StatusNotFound, "not-found", "See the operations in the README.")
	errMethod        = refuse(http.StatusMethodNotAllowed, "method-not-allowed", "The Allow header says which methods are.")
	errTooLarge      = refuse(http.StatusRequestEntityTooLarge, "too-large", fmt.Sprintf("A body has at most %d bytes.", maxBody))
	errTooSlow       = refuse(http.StatusRequestTimeout, "too-slow", "Send the body at once.")
	errStopping      = &refusal{problem{status: http.StatusServiceUnavailable, Code: "stopping", Detail: "Ask again.", retryAfter: time.Second}}
)

// badInput is what factor.ErrMalformed is, for what this transport parses.
type badInput struct {
	source *source
	reason string
}

// Error leaves the reason out, which may name a member of the body.
func (e *badInput) Error() string { return "userapi: the request is not well-formed" }

// problemOf says what an error is answered with. What refusedWith does not know is a
// fault, and so is an error that the operation was not expected to see.
func problemOf(err error, op *operation) problem {
	p, ok := refusedWith(err, op)
	if !ok {
		p = faultOf(err)
	}
	if p.status == 0 {
		p.status = cmp.Or(op.fault, http.StatusInternalServerError)
	}
	return p
}

// refusedWith says what a refusal is answered with, and false of a fault. An
// error may match several cases; the first one counts.
func refusedWith(err error, op *operation) (problem, bool) {
	var (
		refused   *refusal
		input     *badInput
		malformed *factor.MalformedError
		weak      *factor.WeakPINError
		mismatch  *factor.MismatchError
		locked    *factor.LockedError
	)
	switch {
	// The wipe comes first, whatever else the error matches: it wraps the fault of
	// Options.Wipe, and may match ErrWiped as well. A reset must not go on before
	// the wipe is done.
	case errors.Is(err, factor.ErrWipePending):
		return problem{status: http.StatusServiceUnavailable, Code: "wipe-pending", Detail: "Ask again: nothing goes on before it is done.", retryAfter: 10 * time.Second}, true
	case errors.Is(err, factor.ErrWiped):
		return problem{status: http.StatusGone, Code: "wiped", Detail: "Nothing is left to prove."}, true

	// The call cannot be taken as it stands.
	case errors.As(err, &refused):
		return refused.problem, true
	case errors.As(err, &input):
		return problem{status: op.malformed, Code: "malformed", Detail: input.reason, Source: input.source}, true
	case errors.As(err, &malformed):
		return problem{status: op.malformed, Code: "malformed", Detail: "The value " + malformed.Reason + ".", Source: op.source(malformed.Field)}, true
	case errors.Is(err, factor.ErrNoCredential):
		return problem{status: op.noCredential, Code: "no-credential", Detail: op.needs}, true
	case errors.As(err, &weak):
		return problem{status: http.StatusUnprocessableEntity, Code: "weak-pin", Detail: "The PIN " + weak.Reason + ".", Source: op.source("pin")}, true

	// It was judged, or is not judged now.
	case errors.As(err, &mismatch):
		return problem{
			status: op.mismatch, Code: "mismatch", Detail: fmt.Sprintf("%s: %d.", op.left, mismatch.Remaining),
			Meta: meta{Remaining: &mismatch.Remaining},
		}, true
	case errors.As(err, &locked):
		return lockedProblem(locked.Until), true
	}
	return aboutHoldings(err, op)
}

// aboutHoldings says what a refusal is answered with that is about what the user
// holds: nothing, another one, or too many.
func aboutHoldings(err error, op *operation) (problem, bool) {
	switch {
	case errors.Is(err, factor.ErrNotEnrolled):
		return problem{status: http.StatusNotFound, Code: "not-enrolled", Detail: "The user has neither a PIN nor a device."}, true
	case errors.Is(err, factor.ErrAlreadyEnrolled):
		return problem{status: http.StatusConflict, Code: "already-enrolled", Detail: "The user holds another one already."}, true
	case errors.Is(err, factor.ErrUnknownDevice):
		return problem{status: http.StatusNotFound, Code: "unknown-device", Detail: "No device of the user has this ID.", Source: op.source("device")}, true
	case errors.Is(err, factor.ErrDeviceLimit):
		return problem{status: http.StatusForbidden, Code: "device-limit", Detail: "The user has as many devices as one may have."}, true
	}
	return problem{}, false
}

// faultOf says what a fault is answered with, of which the client is told
// nothing.
func faultOf(err error) problem {
	switch {
	case errors.Is(err, factor.ErrConflict):
		return problem{status: http.StatusServiceUnavailable, Code: "busy", Detail: "Ask again.", retryAfter: time.Second}
	case errors.Is(err, factor.ErrUnsealed):
		return problem{Code: "record-unreadable", Detail: "The operators are told."}
	case errors.Is(err, context.Canceled):
		return problem{status: clientGone, Code: "client-gone", Detail: "Nobody reads this."}
	case errors.Is(err, context.DeadlineExceeded):
		return problem{status: http.StatusServiceUnavailable, Code: "timeout", Detail: "Ask again.", retryAfter: time.Second}
	default:
		return problem{Code: "internal", Detail: "The operators are told."}
	}
}

// clientGone is what nginx logs for a client that hung up.
const clientGone = 499

// untilUnlocked stands for a lock without an end: somebody has to unlock it.
const untilUnlocked = 24 * time.Hour

func lockedProblem(until time.Time) problem {
	p := problem{status: http.StatusTooManyRequests, Code: "locked", Detail: "Nothing is judged until support unlocks it.", retryAfter: retryAfter(until)}
	if !until.IsZero() {
		p.Detail = "Nothing is judged until " + instant(until) + "."
		p.Meta.Until = instant(until)
	}
	return p
}

// retryAfter is rounded up to whole seconds, so that the next try is judged.
func retryAfter(until time.Time) time.Duration {
	if until.IsZero() {
		return untilUnlocked
	}
	return max(time.Second, (time.Until(until) + time.Second - 1).Truncate(time.Second))
}

// instant is a time as the clients of this API read it: UTC, with Z, and no more
// than milliseconds.
func instant(t time.Time) string {
	return t.UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano)
}
