package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/knowhave/factor"
)

// An answer is a transport's answer to an error.
type answer struct {
	Status     int
	Text       string        // for the reader of the page
	RetryAfter time.Duration // 0: no such header
}

// answerOf maps each error of factor to an answer. Copy it, with your own statuses
// and words. Keep the order, since an error may match several cases, and treat an
// unknown error as a fault: nothing was accepted.
func answerOf(err error, now time.Time) answer {
	var (
		malformed *factor.MalformedError
		weak      *factor.WeakPINError
		mismatch  *factor.MismatchError
		locked    *factor.LockedError
	)
	switch {
	case errors.Is(err, factor.ErrWipePending): // first: a reset must not go on
		return answer{http.StatusServiceUnavailable, "Your cards are still being deleted. Try again soon.", 10 * time.Second}
	case errors.As(err, &malformed):
		return answer{http.StatusUnprocessableEntity, "The " + malformed.Field + " " + malformed.Reason + ".", 0}
	case errors.As(err, &weak):
		return answer{http.StatusUnprocessableEntity, "This PIN " + weak.Reason + ".", 0}
	case errors.Is(err, factor.ErrNoCredential):
		return answer{http.StatusUnprocessableEntity, "Fill in the form.", 0}
	case errors.As(err, &mismatch):
		return answer{http.StatusForbidden, mismatchText(mismatch), 0}
	case errors.As(err, &locked):
		return lockedAnswer(locked, now)
	}
	return answerAboutHoldings(err)
}

func mismatchText(m *factor.MismatchError) string {
	switch {
	case m.Stale:
		return "This code was used or replaced, or has expired. Take the newest one."
	case m.Remaining == 0:
		return "This is not right, and it was the last try for now."
	}
	return fmt.Sprintf("This is not right. Tries left: %d.", m.Remaining)
}

// lockedAnswer rounds the remaining time up to whole seconds, so that the next try
// is judged.
func lockedAnswer(l *factor.LockedError, now time.Time) answer {
	if l.Until.IsZero() {
		return answer{http.StatusTooManyRequests, "Locked after too many tries. Write to us to unlock it.", 24 * time.Hour}
	}
	left := max(time.Second, (l.Until.Sub(now) + time.Second - 1).Truncate(time.Second))
	text := fmt.Sprintf("Locked after too many tries. Time left: %s.", left)
	if l.TooSoon {
		text = fmt.Sprintf("This is too soon. Time left: %s.", left)
	}
	return answer{http.StatusTooManyRequests, text, left}
}

func answerAboutHoldings(err error) answer {
	switch {
	case errors.Is(err, factor.ErrWiped):
		return answer{http.StatusGone, "Your cards were deleted.", 0}
	case errors.Is(err, factor.ErrNotEnrolled):
		return answer{http.StatusNotFound, "There is none, or it has waited too long.", 0}
	case errors.Is(err, factor.ErrUnknownDevice):
		return answer{http.StatusNotFound, "There is no such device.", 0}
	case errors.Is(err, factor.ErrAlreadyEnrolled):
		return answer{http.StatusConflict, "There is one already.", 0}
	case errors.Is(err, factor.ErrDeviceLimit):
		return answer{http.StatusConflict, "You have as many devices as one may have.", 0}
	case errors.Is(err, factor.ErrConflict), errors.Is(err, context.DeadlineExceeded):
		return answer{http.StatusServiceUnavailable, "The server is busy. Try again.", time.Second}
	}
	return answer{http.StatusInternalServerError, "Something went wrong on our side. Look whether it was done before you try again.", 0}
}
