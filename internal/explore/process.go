package explore

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/translate"
)

// user is the only user, and password the right password.
const (
	user         = "ann"
	password     = "correct horse"
	faultyPasswd = "the host's check fails on this one"
)

// now is the time of every schedule: the clock stands still.
var now = time.Date(2031, 3, 5, 7, 11, 2, 0, time.UTC)

// Faults of the host's functions. Unlike errFault they are part of the scene: an
// operation returns them in a sequential run too.
var (
	errHost = errors.New("the host's check failed")
	errWipe = errors.New("the host's wipe failed")
)

// A process is one Verifier with all its views.
type process = translate.Views

// A host is the service around one process.
type host struct {
	now        time.Time
	registered time.Time
	wipeFails  bool
	wiping     func(w factor.Wipe, err error)            // told of each call of Wipe
	seeing     func(ctx context.Context, e factor.Event) // told of each event
	checking   func(ctx context.Context)                 // told of each password that is checked
	telling    func(n factor.Notice)                     // told of each notice; nil: there is no Notify
}

// newProcess starts a process on a store. The limits are small, so that interesting
// states are few answers apart.
func newProcess(newVerifier NewVerifier, store factor.Store, h *host, change func(*factor.Options)) (*process, error) {
	limit := factor.Limit{Tries: 3, Delay: time.Minute, MaxDelay: time.Hour, Final: 5}
	opts := factor.Options{
		Now: func() time.Time { return h.now },
		CheckPassword: func(ctx context.Context, _, given string) (bool, error) {
			if h.checking != nil {
				h.checking(ctx)
			}
			if given == faultyPasswd {
				return false, errHost
			}
			return given == password, nil
		},
		RegisteredAt: func(context.Context, string) (time.Time, error) { return h.registered, nil },
		Wipe: func(_ context.Context, w factor.Wipe) error {
			var err error
			if h.wipeFails {
				err = errWipe
			}
			if h.wiping != nil {
				h.wiping(w, err)
			}
			return err
		},
		Observe: func(ctx context.Context, e factor.Event) {
			if h.seeing != nil {
				h.seeing(ctx, e)
			}
		},
		Password: limit,
		PIN:      factor.PINOptions{Limit: limit, Poll: 700 * time.Millisecond},
		OTP:      factor.OTPOptions{Limit: limit},
		TOTP:     factor.TOTPOptions{Limit: limit},
		Device:   factor.DeviceOptions{Max: 2},
	}
	if h.telling != nil {
		opts.Notify = func(_ context.Context, n factor.Notice) error {
			h.telling(n)
			return nil
		}
	}
	if change != nil {
		change(&opts)
	}
	v, err := newVerifier(store, glass{}, &opts)
	if err != nil {
		return nil, err
	}
	return translate.NewViews(v), nil
}

// A glass is a Sealer that hides nothing, so that equal accounts are equal bytes
// and a wipe's ID can be found in stored data. Other tests cover sealing.
type glass struct{}

func (glass) Encrypt(plain, associated []byte) ([]byte, error) {
	return append(bytes.Clone(associated), plain...), nil
}

func (glass) Decrypt(sealed, associated []byte) ([]byte, error) {
	plain, ok := bytes.CutPrefix(sealed, associated)
	if !ok {
		return nil, errors.New("not sealed under this key")
	}
	return plain, nil
}

// holds reports whether a stored account mentions a wipe.
func holds(data []byte, id uuid.UUID) bool { return bytes.Contains(data, id[:]) }

// A stream replaces the random generator for one operation, so that a schedule
// gives the same codes, secrets, salts and versions each time.
type stream struct{ rand.PCG }

func newStream(seed uint64) *stream { return &stream{*rand.NewPCG(seed, 1)} }

func (s *stream) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(s.Uint64() >> 56)
	}
	return len(b), nil
}

// source is what crypto/rand reads while the explorer runs: the stream of the
// current operation.
type source struct{ current *stream }

func (s *source) Read(b []byte) (int, error) {
	if s.current == nil {
		return 0, errors.New("explore: somebody draws out of turn")
	}
	return s.current.Read(b)
}
