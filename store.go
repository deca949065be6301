package factor

import (
	"context"
	"time"
)

// A Record is what a Store keeps for one user.
type Record struct {
	// Data is sealed and opaque to the store. Neither side changes it once it is
	// handed over. It is never empty unless Version is 0.
	Data []byte
	// Version is a random number that this package chooses anew for each write,
	// greater than 0 and less than 1<<53. It is 0 only in the zero Record.
	Version int64
	// Due is when Admin.Sweep wants to see the user; zero means never. Milliseconds
	// are precise enough. Load need not return it.
	Due time.Time
}

// IsZero reports whether r is the zero Record, which stands for "no record".
func (r Record) IsZero() bool {
	return r.Version == 0 && len(r.Data) == 0 && r.Due.IsZero()
}

// A Store keeps one Record for each user. Its one duty is the atomic
// compare-and-swap: a swap that returned nil is durable, and of several swaps from
// one version at most one succeeds. Package storetest checks everything this
// interface asks for.
//
// A user is 1 to 255 bytes of UTF-8 without NUL. Stores compare users byte by byte:
// "A" is not "a", and a trailing space counts. Many goroutines call the methods at
// once. Methods honour the context and must not call this package.
//
// The record depends on the user alone. Calls on one user may share a load and a
// swap, made with the context values of one of them. Use such a value for tracing,
// never to tell tenants apart. A swap has 5 to 6 s, even if the caller's context
// ends, and its context may outlive the call: a store that derives a context from
// it must cancel that.
type Store interface {
	// Load returns the user's record, or the zero Record and no error if there is
	// none. It may return an older record than the newest: the swap that follows
	// finds out before anything is accepted. Refusals without a swap, and calls
	// that only read, are as old as that record.
	Load(ctx context.Context, user string) (Record, error)

	// CompareAndSwap replaces the user's record by next if the stored version is
	// old. An old of 0 expects no record, and a zero next removes the record.
	//
	// It returns an error that matches ErrConflict only if it knows that nothing
	// was written and never will be. Any other error leaves the outcome open,
	// including a write that lands later; the caller loads again to find out.
	CompareAndSwap(ctx context.Context, user string, old int64, next Record) error

	// List returns up to limit users after the given one in byte order, and
	// fewer only where no more are left. With due not zero, it returns at least
	// those whose Due is set and not after due, and may return others. A List with
	// due may lag like Load, by seconds: it may leave out a user whose Due was just
	// written, because Admin.Sweep comes again. A List without must not lag.
	List(ctx context.Context, after string, due time.Time, limit int) ([]string, error)
}

// A VersionLister is a Store that can return the versions of many users at once.
// This is optional. With it, the callers of PINs.Wait cost one call per 1,000 users
// and interval instead of one Load each.
type VersionLister interface {
	// Versions returns the version of each user's record, in the order of the
	// users, and 0 for a user without a record. A call names at most 1,000 users,
	// none of them twice. Like Load, it may return older versions, and they need not
	// be of one moment.
	Versions(ctx context.Context, users []string) ([]int64, error)
}
