package factor_test

import (
	"context"
	"encoding/base32"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/model"
	"github.com/knowhave/factor/internal/pinhash"
	"github.com/knowhave/factor/memstore"
	"github.com/pquerna/otp"
)

// FuzzModel has the fuzzer choose the calls, their arguments and the options that
// TestModel draws at random, and compares each answer with the model's.
func FuzzModel(f *testing.F) {
	for seed := range uint64(24) {
		r, choices := rand.New(rand.NewPCG(seed, 0)), make([]byte, 4096<<(seed%4))
		for i := range choices {
			choices[i] = byte(r.Uint32())
		}
		f.Add(choices)
	}
	f.Fuzz(model.Fuzz(model.Env{
		NewStore: func() factor.Store { return memstore.New() },
		NewVerifier: func(store factor.Store, sealer factor.Sealer, opts *factor.Options) (*factor.Verifier, error) {
			v, err := factor.NewVerifier(store, sealer, opts)
			if err == nil {
				pinhash.Cheapen(v, nil)
			}
			return v, err
		},
	}))
}

// FuzzEnrollment reads the URL of an enrolment with another library, for
// arbitrary names of issuers and users: nothing of it is lost or mistaken.
func FuzzEnrollment(f *testing.F) {
	for _, seed := range []string{"ann", "ann@example.org", "a:b", " a ", "a+b", "a%20b", "é 👩‍💻", "a/b?c#d&e=f", "%", ":", "a\nb", "&secret=AAAA"} {
		f.Add("", seed, uint8(0))
		f.Add("Example & Co", seed, uint8(1))
		f.Add(seed, "ann", uint8(5))
	}
	f.Fuzz(func(t *testing.T, issuer, user string, choice uint8) {
		if !utf8.ValidString(issuer) {
			return // no host names itself so
		}
		algorithm := []string{"SHA1", "SHA256", "SHA512"}[choice%3]
		o := &factor.Options{
			TOTP:         factor.TOTPOptions{Issuer: issuer, Algorithm: algorithm, Digits: 6 + int(choice/3%3), Period: time.Duration(1+choice%120) * time.Second},
			RegisteredAt: func(context.Context, string) (time.Time, error) { return time.Now(), nil },
		}
		v, err := factor.NewVerifier(memstore.New(), fuzzKeys, o)
		if (err != nil) != (strings.Contains(issuer, ":") || len(issuer) > 128) {
			t.Fatalf("issuer %q: %v", issuer, err)
		}
		if err != nil {
			return
		}
		e, err := factor.NewDeviceTOTPEnroller(v).Enroll(t.Context(), user, uuid.UUID{1}, factor.Credentials{})
		if err != nil {
			return // FuzzUser says which users are none
		}
		key, err := otp.NewKeyFromURL(e.URL)
		if err != nil {
			t.Fatalf("%s: %v", e.URL, err)
		}
		account, byIssuer := key.AccountName(), key.Issuer()
		if account != strings.TrimPrefix(user, "/") && account != user || byIssuer != issuer {
			t.Fatalf("%s names %q of %q, want %q of %q", e.URL, account, byIssuer, user, issuer)
		}
		if key.Type() != "totp" || key.Secret() != e.Secret || key.Digits().Length() != e.Digits || key.Algorithm().String() != e.Algorithm ||
			key.Period() != uint64(e.Period/time.Second) || e.Algorithm != algorithm {
			t.Fatalf("%s does not say what %d digits, %s, %v say", e.URL, e.Digits, e.Algorithm, e.Period)
		}
		if raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(e.Secret); err != nil || len(raw) != 20 {
			t.Fatalf("the secret is %d bytes, %v", len(raw), err)
		}
	})
}

var fuzzKeys = func() *factor.Keyring {
	ring, err := factor.NewKeyring([]byte("an example key of 32 bytes, fixed"[:32]))
	if err != nil {
		panic(err)
	}
	return ring
}()
