package cut

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/rfc6238"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
)

const (
	user      = "ann"
	password  = "correct horse"
	wrongCode = "000000"
	wrongPIN  = "1111"
	rightPIN  = "4071"
	newPIN    = "8299"
	// deviceSecret is that of oldDevice.
	deviceSecret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
)

var (
	oldDevice = uuid.UUID{0: 0xdd, 15: 1}
	newDevice = uuid.UUID{0: 0xdd, 15: 2}
	codeKinds = translate.Kinds(spec.CodeKinds)
	// issuedKinds are those whose codes the library draws.
	issuedKinds = translate.Kinds(spec.IssuedKinds)
)

// now is when every operation runs: the clock stands still.
var now = time.Date(2031, 3, 5, 7, 11, 2, 0, time.UTC)

// errHost is what the host answers where it cannot wipe.
var errHost = errors.New("the host cannot wipe now")

// host is the service around the library.
type host struct {
	now       time.Time
	wipeFails bool
	asked     []factor.Wipe
	wiped     []uuid.UUID
}

func (h *host) wipe(_ context.Context, w factor.Wipe) error {
	h.asked = append(h.asked, w)
	if h.wipeFails {
		return errHost
	}
	h.wiped = append(h.wiped, w.ID)
	return nil
}

// newViews makes a Verifier on a store, with all that works on it. The limits are small, so that the states that
// matter are few answers apart.
func newViews(store factor.Store, h *host) *translate.Views {
	limit := factor.Limit{Tries: 3, Delay: time.Minute, MaxDelay: time.Hour, Final: 5}
	v, err := factor.NewVerifier(store, glass{}, &factor.Options{
		Now:           func() time.Time { return h.now },
		CheckPassword: func(_ context.Context, _, given string) (bool, error) { return given == password, nil },
		RegisteredAt:  func(context.Context, string) (time.Time, error) { return h.now, nil },
		Wipe:          h.wipe,
		Password:      limit,
		PIN:           factor.PINOptions{Limit: limit, Hash: factor.HashOptions{MemoryKiB: 7168, Time: 5}},
		OTP:           factor.OTPOptions{Limit: limit},
		TOTP:          factor.TOTPOptions{Limit: limit},
	})
	if err != nil {
		panic(err) // the options are right
	}
	return translate.NewViews(v)
}

// glass is a Sealer that hides nothing. Sealing is tested elsewhere.
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

// totp is the code of a secret now, computed without the library.
func totp(secret string) string { return rfc6238.Secret{Base32: secret}.At(now) }
