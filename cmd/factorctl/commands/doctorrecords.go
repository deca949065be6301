package commands

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/knowhave/factor"
)

// A formatSealer counts the formats of the records it opens. The first byte of a
// record is its format number, in every format.
type formatSealer struct {
	factor.Sealer
	mu      sync.Mutex
	formats map[int]int
}

func (f *formatSealer) Decrypt(ciphertext, associatedData []byte) ([]byte, error) {
	plain, err := f.Sealer.Decrypt(ciphertext, associatedData)
	if err == nil && len(plain) > 0 {
		f.mu.Lock()
		f.formats[int(plain[0])]++
		f.mu.Unlock()
	}
	return plain, err
}

// shownUsers is the most users that doctor names in one finding.
const shownUsers = 5

// examineRecords opens a sample of the records.
func examineRecords(ctx context.Context, s *session, r *report, sample int) {
	users, err := draw(ctx, s, r, sample)
	if err != nil {
		r.add("key", resultFail, "listing the users: %v", err)
		return
	}
	if len(users) == 0 {
		r.add("key", resultOK, "there is no record to open")
		return
	}
	sealer := &formatSealer{Sealer: s.Sealer, formats: r.Formats}
	v, err := factor.NewVerifier(s.Store, sealer, withoutFunctions(s.Options))
	if err != nil {
		r.add("key", resultFail, "%v", err)
		return
	}
	admin := factor.NewAdmin(v)
	results := pace{workers: 8}.each(users, func(i int) error {
		_, err := admin.Status(ctx, users[i])
		return err
	})
	r.opened(users, results)
}

// opened reports which records opened.
func (r *report) opened(users []string, results []error) {
	var closed, newer []string
	var cause, fault error
	for i, err := range results {
		switch {
		case err == nil:
			r.Opened++
		case errors.Is(err, factor.ErrNewerFormat):
			newer = append(newer, show(users[i]))
		case errors.Is(err, factor.ErrUnsealed):
			closed, cause = append(closed, show(users[i])), err
		default:
			fault = err
		}
	}
	of := fmt.Sprintf("opened %d of %d records, %d in all", r.Opened, len(users), r.Users)
	switch {
	case fault != nil:
		r.add("key", resultFail, "%s: %v", of, fault)
	case len(closed) > 0:
		r.add("key", resultFail, "%s\n%d do not open, such as %s\n%v", of, len(closed), some(closed), cause)
	default:
		r.add("key", resultOK, "%s", of)
	}
	if len(newer) > 0 {
		r.add("formats", resultFail, "%s\n%d were written by a newer release, such as %s: update this program", counted(r.Formats), len(newer), some(newer))
		return
	}
	if r.Opened == 0 {
		r.add("formats", resultSkipped, "no record of the sample was opened")
		return
	}
	r.add("formats", resultOK, "%s", counted(r.Formats))
}

// some lists the first few users.
func some(users []string) string {
	return strings.Join(users[:min(len(users), shownUsers)], ", ")
}

// draw counts the users and draws most of them at random, each equally likely, or
// returns all if most is 0.
func draw(ctx context.Context, s *session, r *report, most int) ([]string, error) {
	var drawn []string
	for user, err := range s.admin.Users(ctx, "") {
		if err != nil {
			return nil, err
		}
		r.Users++
		if most == 0 || len(drawn) < most {
			drawn = append(drawn, user)
			continue
		}
		if i := rand.IntN(r.Users); i < most {
			drawn[i] = user
		}
	}
	return drawn, nil
}

// Sweep should run every minute.
const (
	sweepWarn = 5 * time.Minute
	sweepFail = time.Hour
)

// examineSweep finds out how late Sweep is.
func examineSweep(ctx context.Context, s *session, r *report) {
	now := time.Now()
	late, err := lateness(ctx, s.Store, now)
	switch {
	case err != nil:
		r.add("sweep", resultFail, "listing what is due: %v", err)
	case late == 0:
		r.add("sweep", resultOK, "nothing is due")
	case late > sweepFail:
		r.add("sweep", resultFail, "something has been due for %v: Sweep does not run or fails", late)
	case late > sweepWarn:
		r.add("sweep", resultWarn, "something has been due for %v: run Sweep every minute", late)
	default:
		r.add("sweep", resultOK, "the oldest due record has been due for %v", late)
	}
}

// lateness returns how long the oldest record has been due, to the second and at
// most some years, or 0 if none is due. It needs only what any Store can answer.
func lateness(ctx context.Context, store factor.Store, now time.Time) (time.Duration, error) {
	due := func(late time.Duration) (bool, error) {
		users, err := store.List(ctx, "", now.Add(-late), 1)
		return len(users) > 0, err
	}
	is, err := due(0)
	if err != nil || !is {
		return 0, err
	}
	known, more := time.Duration(0), 1<<27*time.Second // due for known, and not for more
	for more-known > time.Second {
		middle := known + (more-known)/2
		is, err := due(middle)
		if err != nil {
			return 0, err
		}
		if is {
			known = middle
		} else {
			more = middle
		}
	}
	return max(known, time.Second).Round(time.Second), nil
}
