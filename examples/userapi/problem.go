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

// A problem is an error object of JSON:API, and how to send it.
type problem struct {
	// ID is the request's, as in the log.
	ID     string `json:"id"`
	Status string `json:"status"`
	Links  links  `json:"links"`
	// Code and Title are the same for each problem of a kind; Detail is about this
	// one. None repeats the client's input, except the name of an unknown member.
	Code   string  `json:"code"`
	Title  string  `json:"title"`
	Detail string  `json:"detail"`
	Source *source `json:"source,omitempty"`
	Meta   meta    `json:"meta"`

	status     int
	retryAfter time.Duration // 0: no such header
}

// links leads to the code's entry in the README.
type links struct {
	About string `json:"about"`
}

const documentation = "https://github.com/knowhave/factor/blob/main/examples/userapi/README.md#"

// A source names the bad part of the request: a JSON pointer into the body, where
// "" is the whole, or the name of a query parameter or a header.
type source struct {
	Pointer   *string `json:"pointer,omitempty"`
	Parameter string  `json:"parameter,omitempty"`
	Header    string  `json:"header,omitempty"`
}

// meta holds details of an error for programs.
type meta struct {
	At        string `json:"at"`                  // when it was answered
	Remaining *int   `json:"remaining,omitempty"` // as in factor.MismatchError
	Until     string `json:"until,omitempty"`     // when the next try is judged
}

// titles maps codes to titles.
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

// A refusal is an error of this transport, without a call of factor.
type refusal struct{ problem }

func (r *refusal) Error() string { return "userapi: " + r.Code + ": " + r.Detail }

func refuse(status int, code, detail string) *refusal {
	return &refusal{problem{status: status, Code: code, Detail: detail}}
}

// header sets the bad header.
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

// A badInput is this transport's counterpart of factor.ErrMalformed.
type badInput struct {
	source *source
	reason string
}

// Error leaves the reason out: it may name a member of the body.
func (e *badInput) Error() string { return "userapi: the request is not well-formed" }

// problemOf returns the answer to an error. An error that refusedWith does not
// know, or that the operation does not expect, is a fault.
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

// refusedWith returns the answer to a refusal, and false for a fault. An error may
// match several cases; the first one counts.
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
	// Options.Wipe. A reset must not go on before the wipe is done.
	case errors.Is(err, factor.ErrWipePending):
		return problem{status: http.StatusServiceUnavailable, Code: "wipe-pending", Detail: "Ask again: nothing goes on before it is done.", retryAfter: 10 * time.Second}, true
	case errors.Is(err, factor.ErrWiped):
		return problem{status: http.StatusGone, Code: "wiped", Detail: "Nothing is left to prove."}, true

	// The call is not well-formed.
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

	// factor judged it, or a lock kept it from judging.
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

// aboutHoldings returns the answer to a refusal about what the user holds: nothing,
// another one, or too many.
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

// faultOf returns the answer to a fault, which tells the client nothing about it.
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

// clientGone is the status that nginx logs for a client that hung up.
const clientGone = 499

// untilUnlocked stands for a lock without an end.
const untilUnlocked = 24 * time.Hour

func lockedProblem(until time.Time) problem {
	p := problem{status: http.StatusTooManyRequests, Code: "locked", Detail: "Nothing is judged until support unlocks it.", retryAfter: retryAfter(until)}
	if !until.IsZero() {
		p.Detail = "Nothing is judged until " + instant(until) + "."
		p.Meta.Until = instant(until)
	}
	return p
}

// retryAfter rounds up to whole seconds, so that the next try is judged.
func retryAfter(until time.Time) time.Duration {
	if until.IsZero() {
		return untilUnlocked
	}
	return max(time.Second, (time.Until(until) + time.Second - 1).Truncate(time.Second))
}

// instant formats a time for the clients of this API: UTC, with Z, and at most
// milliseconds.
func instant(t time.Time) string {
	return t.UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano)
}
