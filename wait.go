package factor

import (
	"context"
	"fmt"
	"time"

	"github.com/knowhave/factor/internal/poll"
)

// pollTimeout bounds each store call of the poll behind PINs.Wait, however many
// wait.
const pollTimeout = 5 * time.Second

// newWaiters returns the poll that all callers of PINs.Wait share.
func (v *Verifier) newWaiters() *poll.Poll {
	o := poll.Options{Look: v.lookForPIN, Interval: v.opts.PIN.Poll, Timeout: pollTimeout}
	if lister, ok := v.store.(VersionLister); ok {
		o.Versions = func(ctx context.Context, users []string) ([]int64, error) {
			return versionsOf(ctx, lister, users)
		}
	}
	return poll.New(o)
}

// lookForPIN looks at one user's record.
func (v *Verifier) lookForPIN(ctx context.Context, user string) (poll.Seen, error) {
	a, version, err := v.readVersion(ctx, user)
	if err != nil {
		return poll.Seen{}, err
	}
	return poll.Seen{Done: a.PIN != nil, Version: version}, nil
}

func versionsOf(ctx context.Context, lister VersionLister, users []string) (versions []int64, err error) {
	err = callHost("Store.Versions", func() (err error) {
		versions, err = lister.Versions(ctx, users)
		return err
	})
	if err == nil && len(versions) != len(users) {
		err = fmt.Errorf("factor: Store.Versions returned %d versions for %d users", len(versions), len(users))
	}
	return versions, err
}
