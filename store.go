package factor

import (
	"context"
	"time"
)

// A Record is what a Store keeps for one user.
type Record struct {
	// Data is sealed and opaque to the store. It is immutable once handed over,
	// in either direction, and never empty when Version is not 0.
	Data []byte
	// Version is chosen by this package: random, unique to each write, greater
	// than 0 and less than 1<<53. It is 0 only in the zero Record.
	Version int64
	// Due is when Admin.Sweep wants to see the user; zero means never. A
	// precision of milliseconds suffices, and Load need not return it.
	Due time.Time
}

// IsZero reports whether r is the zero Record, which stands for "no record".
func (r Record) IsZero() bool {
	return r.Version == 0 && len(r.Data) == 0 && r.Due.IsZero()
}

// A Store keeps one Record for each user. Its one duty is the atomic
// compare-and-swap: whatever else happens, a swap that was answered with nil is
// durable, and of several swaps from one version at most one succeeds. The
// package storetest checks all that is asked for here.
//
// A user is 1 to 255 bytes of UTF-8 without NUL. Stores compare users byte by
// byte: "A" is not "a", and a trailing space counts. Methods are called from
// many goroutines at once and honour the context. They must not call this package.
//
// Which record it is depends on the user alone. Calls on one user may share a load
// and a swap, which are made with the context values of one of them: a value is
// good for tracing, and not for telling tenants apart. A swap has 5 to 6 s, whatever
// becomes of the caller's context, and its context may last longer than the call:
// a store that derives one from it cancels it.
type Store interface {
	// Load returns the user's record, or the zero Record, and no error, if
	// there is none. It may serve an older record than the newest: nothing is
	// accepted on it, because the swap that follows finds out. What is refused
	// without a swap, or merely looked at, is then as old as the record; for the
	// reset guard's ErrWiped and ErrNotEnrolled that is a reason to load from
	// where the swap writes.
	Load(ctx context.Context, user string) (Record, error)

	// CompareAndSwap replaces the user's record by next if the stored version
	// is old. An old of 0 expects that there is no record, and a zero next
	// removes the record.
	//
	// It returns an error that matches ErrConflict only if it knows that
	// nothing was written and never will be. Any other error leaves the outcome
	// open, a write that lands later included; the caller finds out by loading
	// again.
	CompareAndSwap(ctx context.Context, user string, old int64, next Record) error

	// List returns up to limit users after the given one in byte order, and
	// fewer only where no more are left. With due not zero, it returns at least
	// those whose Due is set and not after due, and may return others. A List with
	// due may lag like Load, by seconds: it may leave out a user whose Due was just
	// written, because Admin.Sweep comes again. A List without must not lag.
	List(ctx context.Context, after string, due time.Time, limit int) ([]string, error)
}

// A VersionLister is a Store that can tell the versions of many users at once.
// It is an ability that a store may have: where it has, those who wait in
// PINs.Wait cost one call for each 1,000 of them and interval, instead of a Load
// each.
type VersionLister interface {
	// Versions returns the version of each user's record, in the order of the
	// users, and 0 for who has none. It is asked about at most 1,000 users at a
	// time, none of them twice, and like Load may answer from an older state. It may
	// ask a database for some at a time: they need not be of one moment.
	Versions(ctx context.Context, users []string) ([]int64, error)
}
