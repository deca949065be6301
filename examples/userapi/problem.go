package main

import (
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
	// Code and Title are the same each time that the problem occurs; Detail is
	// about this time. None of them repeats what the client sent.
	Code   string  `json:"code"`
	Title  string  `json:"title"`
	Detail string  `json:"detail"`
	Source *source `json:"source,omitempty"`

	status     int
	retryAfter time.Duration // 0: no such header
}

// A source says which part of the request is at fault: a JSON pointer into the
// body, or the name of a query parameter.
type source struct {
	Pointer   string `json:"pointer,omitempty"`
	Parameter string `json:"parameter,omitempty"`
}

// titles holds the title of each code.
var titles = map[string]string{
	"malformed":          "The request is not well-formed",
	"no-credential":      "A credential is needed",
	"weak-pin":           "The PIN is too easy to guess",
	"mismatch":           "No credential matches",
	"locked":             "Too many attempts",
	"pin-not-set":        "No PIN is set",
	"not-enrolled":       "Nothing is set up that could be proven",
	"already-enrolled":   "It is set up already",
	"unknown-device":     "The device is not known",
	"device-limit":       "Too many devices",
	"wiped":              "The payment data was deleted",
	"wipe-pending":       "The payment data is being deleted",
	"skip-forbidden":     "The proof cannot be skipped",
	"unauthorized":       "A valid token is needed",
	"unknown-user":       "The user is not known",
	"not-found":          "There is nothing at this path",
	"method-not-allowed": "The method is not allowed at this path",
	"not-acceptable":     "The answer has another media type",
	"unsupported-media":  "The body has the wrong media type",
	"too-large":          "The body is too large",
	"too-slow":           "The body took too long to arrive",
	"client-gone":        "The client hung up",
	"timeout":            "The request took too long",
	"busy":               "Too many requests at the same time",
	"stopping":           "The server is stopping",
	"record-unreadable":  "The user's record cannot be read",
	"internal":           "Something went wrong",
}

// A refusal is an error of this transport: factor was not asked.
type refusal struct{ problem }

func (r *refusal) Error() string { return "userapi: " + r.Code + ": " + r.Detail }

func refuse(status int, code, detail string) *refusal {
	return &refusal{problem{status: status, Code: code, Detail: detail}}
}

var (
	errNoToken       = refuse(http.StatusUnauthorized, "unauthorized", "Send Authorization: Bearer and a token that is valid here.")
	errUnknownUser   = refuse(http.StatusNotFound, "unknown-user", "No user has the ID in the User-Id header.")
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

func (e *badInput) Error() string { return "userapi: bad input: " + e.reason }

// problemOf says what an error is answered with. This is the only place that
// does: what it does not know is a fault, of which the client is told nothing.
// An error may match several cases; the first one counts.
func problemOf(err error, op *operation) problem {
	var (
		refused   *refusal
		input     *badInput
		malformed *factor.MalformedError
		weak      *factor.WeakPINError
		mismatch  *factor.MismatchError
		locked    *factor.LockedError
	)
	switch {
	case errors.As(err, &refused):
		return refused.problem

	// The call cannot be taken as it stands.
	case errors.As(err, &input):
		return problem{status: op.malformed, Code: "malformed", Detail: input.reason, Source: input.source}
	case errors.As(err, &malformed):
		return problem{status: op.malformed, Code: "malformed", Detail: "The value " + malformed.Reason + ".", Source: op.source(malformed.Field)}
	case errors.Is(err, factor.ErrNoCredential):
		return problem{status: op.noCredential, Code: "no-credential", Detail: op.needs}
	case errors.As(err, &weak):
		return problem{status: http.StatusUnprocessableEntity, Code: "weak-pin", Detail: "The PIN " + weak.Reason + ".", Source: op.source("pin")}

	// The wipe comes first: an error of the reset guard matches ErrWiped as well,
	// and a reset must not go on before the wipe is done.
	case errors.Is(err, factor.ErrWipePending):
		return problem{status: http.StatusServiceUnavailable, Code: "wipe-pending", Detail: "Ask again: nothing goes on before it is done.", retryAfter: 10 * time.Second}
	case errors.Is(err, factor.ErrWiped):
		return problem{status: http.StatusGone, Code: "wiped", Detail: "Nothing is left to prove."}

	// It was judged, or is not judged now.
	case errors.As(err, &mismatch):
		return problem{status: op.mismatch, Code: "mismatch", Detail: fmt.Sprintf("%s: %d.", op.left, mismatch.Remaining)}
	case errors.As(err, &locked):
		return problem{status: http.StatusTooManyRequests, Code: "locked", Detail: lockedUntil(locked.Until), retryAfter: retryAfter(locked.Until)}

	// The user does not hold it, or too many.
	case errors.Is(err, factor.ErrNotEnrolled):
		return problem{status: http.StatusNotFound, Code: "not-enrolled", Detail: "The user has neither a PIN nor a device."}
	case errors.Is(err, factor.ErrAlreadyEnrolled):
		return problem{status: http.StatusConflict, Code: "already-enrolled", Detail: "The user holds another one already."}
	case errors.Is(err, factor.ErrUnknownDevice):
		return problem{status: http.StatusNotFound, Code: "unknown-device", Detail: "No device of the user has this ID.", Source: op.source("device")}
	case errors.Is(err, factor.ErrDeviceLimit):
		return problem{status: http.StatusForbidden, Code: "device-limit", Detail: "The user has as many devices as one may have."}

	// A fault.
	case errors.Is(err, factor.ErrConflict):
		return problem{status: http.StatusServiceUnavailable, Code: "busy", Detail: "Ask again.", retryAfter: time.Second}
	case errors.Is(err, factor.ErrUnsealed):
		return problem{status: http.StatusInternalServerError, Code: "record-unreadable", Detail: "The operators are told."}
	case errors.Is(err, context.Canceled):
		return problem{status: clientGone, Code: "client-gone", Detail: "Nobody reads this."}
	case errors.Is(err, context.DeadlineExceeded):
		return problem{status: http.StatusServiceUnavailable, Code: "timeout", Detail: "Ask again.", retryAfter: time.Second}
	default:
		return problem{status: http.StatusInternalServerError, Code: "internal", Detail: "The operators are told."}
	}
}

// clientGone is what nginx logs for a client that hung up.
const clientGone = 499

// untilUnlocked stands for a lock without an end: somebody has to unlock it.
const untilUnlocked = 24 * time.Hour

func lockedUntil(until time.Time) string {
	if until.IsZero() {
		return "Nothing is judged until support unlocks it."
	}
	return "Nothing is judged until " + instant(until) + "."
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
