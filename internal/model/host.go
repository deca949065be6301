package model

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
	"golang.org/x/crypto/bcrypt"
)

// observed is everything visible from outside during one call.
type observed struct {
	label string
	*translate.Result
	loads, swaps     map[string]int // by user
	touched          map[string]int // store calls, by user
	removed          map[string]bool
	written          map[string]factor.Record
	events           []factor.Event
	wipes            []factor.Wipe
	notices          []factor.Notice
	wipedAfterNotice bool // of whomever
	passwords, asked int  // calls of CheckPassword and RegisteredAt
	complaints       []string
}

func newObserved(label string) *observed {
	return &observed{
		label: label, Result: &translate.Result{},
		loads: map[string]int{}, swaps: map[string]int{}, touched: map[string]int{},
		removed: map[string]bool{}, written: map[string]factor.Record{},
	}
}

// A host is the world around the code under test: its store and the functions in
// its options. It records what it sees.
type host struct {
	factor.Store

	mu       sync.Mutex
	o        *observed
	versions map[int64]bool
	now      time.Time
	zone     *time.Location
	wipeMode string                    // ok, error or panic
	reg      func() (time.Time, error) // the answer of RegisteredAt
	noisy    bool                      // Observe panics
	mail     letterbox
}

// watch records everything seen from now on in o.
func (h *host) watch(o *observed) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.o = o
}

func (h *host) note(f func(o *observed)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f(h.o)
}

func (o *observed) complain(format string, args ...any) {
	o.complaints = append(o.complaints, fmt.Sprintf(format, args...))
}

// Load counts its calls.
func (h *host) Load(ctx context.Context, user string) (factor.Record, error) {
	r, err := h.Store.Load(ctx, user)
	h.note(func(o *observed) {
		o.loads[user]++
		o.touched[user]++
		if err != nil {
			o.complain("Load failed: %v", err)
		}
	})
	return r, err
}

// CompareAndSwap counts its calls and keeps what was written.
func (h *host) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	err := h.Store.CompareAndSwap(ctx, user, old, next)
	h.note(func(o *observed) {
		o.swaps[user]++
		o.touched[user]++
		if err != nil {
			o.complain("CompareAndSwap failed: %v", err)
			return
		}
		o.removed[user] = next.IsZero()
		o.written[user] = next
		if next.IsZero() {
			return
		}
		if next.Version <= 0 || next.Version >= 1<<53 || h.versions[next.Version] || len(next.Data) == 0 {
			o.complain("a record without data, or whose version is out of range or was there before")
		}
		h.versions[next.Version] = true
	})
	return err
}

// The passwords that the host knows, one for each user.
const (
	faultyPassword = "the check fails on this"
	panicPassword  = "the check panics on this"
	// bcryptPassword is refused with bcrypt's error.
	bcryptPassword = "the check says no to this by an error"
)

func passwordOf(user string) string { return "the password of " + user }

// says returns the host's judgement of a password.
func says(user, password string) spec.Says {
	switch password {
	case faultyPassword, panicPassword:
		return spec.Fails
	case passwordOf(user):
		return spec.Yes
	}
	return spec.No
}

// The faults of the host's functions.
var (
	errPassword   = errors.New("model: password backend is down")
	errRegistered = errors.New("model: directory is down")
	errWipe       = errors.New("model: wipe backend is down")
	errPanic      = errors.New("model: a function of the host panics")
)

func (h *host) checkPassword(_ context.Context, user, password string) (bool, error) {
	h.note(func(o *observed) { o.passwords++ })
	switch password {
	case faultyPassword:
		return true, errPassword
	case panicPassword:
		panic(errPanic)
	case bcryptPassword:
		return true, fmt.Errorf("model: %w", bcrypt.ErrMismatchedHashAndPassword)
	}
	return password == passwordOf(user), nil
}

func (h *host) registeredAt(context.Context, string) (time.Time, error) {
	h.note(func(o *observed) { o.asked++ })
	return h.reg()
}

func (h *host) wipe(ctx context.Context, w factor.Wipe) error {
	h.note(func(o *observed) {
		o.wipes = append(o.wipes, w)
		o.wipedAfterNotice = o.wipedAfterNotice || len(o.notices) > 0
		if _, ok := ctx.Deadline(); !ok || ctx.Err() != nil {
			o.complain("Wipe was called without a deadline, or with a context that is over")
		}
	})
	switch h.wipeMode {
	case "error":
		return errWipe
	case "panic":
		panic(errPanic)
	}
	return nil
}

func (h *host) observe(_ context.Context, e factor.Event) {
	h.note(func(o *observed) { o.events = append(o.events, e) })
	if h.noisy {
		panic(errPanic)
	}
}

// clock returns the model's time plus a fraction of a millisecond in some zone.
// Neither may show anywhere.
func (h *host) clock() time.Time {
	return h.now.Add(123456 * time.Nanosecond).In(h.zone)
}

// denies returns what deny does: it refuses one PIN and panics on another.
func denies(pin string) spec.Says {
	switch {
	case strings.HasPrefix(pin, "6661"):
		return spec.Fails
	case strings.HasPrefix(pin, "6660"):
		return spec.Yes
	}
	return spec.No
}

func deny(pin string) bool {
	if denies(pin) == spec.Fails {
		panic(errPanic)
	}
	return denies(pin) == spec.Yes
}

// options returns the options of the run with the host's functions.
func (m *machine) options() *factor.Options {
	o := m.cfg.opts
	o.Now, o.Observe, o.PIN.Deny = m.host.clock, m.host.observe, deny
	if m.cfg.passwords {
		o.CheckPassword = m.host.checkPassword
	}
	if m.cfg.registered {
		o.RegisteredAt = m.host.registeredAt
	}
	if m.cfg.guard {
		o.Wipe = m.host.wipe
	}
	if m.cfg.notify {
		o.Notify = m.host.notify
	}
	return &o
}

// wipes returns what Options.Wipe does.
func (h *host) wipes() spec.Says {
	if h.wipeMode == "ok" {
		return spec.Yes
	}
	return spec.Fails
}
