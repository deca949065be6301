package dbtest

import (
	"bytes"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/memstore"
)

// A Sealer has the method set of Tink's AEAD, neither more nor less.
var (
	_ factor.Sealer = tink.AEAD(nil)
	_ tink.AEAD     = factor.Sealer(nil)
	_ tink.AEAD     = (*factor.Keyring)(nil)
)

// on returns the views that these tests need, of an engine whose records are
// sealed by s.
func on(t *testing.T, store factor.Store, s factor.Sealer) (*factor.Verifier, *factor.Admin) {
	t.Helper()
	v, err := factor.NewVerifier(store, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	return v, factor.NewAdmin(v)
}

// tinkAEAD returns the primitive of a keyset.
func tinkAEAD(t *testing.T, keys *keyset.Handle) tink.AEAD {
	t.Helper()
	primitive, err := aead.New(keys)
	if err != nil {
		t.Fatal(err)
	}
	return primitive
}

// Any AEAD of Tink's seals the records, binds them to their user and refuses what
// was changed.
func TestTinkSealsTheRecords(t *testing.T) {
	ctx := t.Context()
	for name, template := range map[string]func() *tinkpb.KeyTemplate{
		"XChaCha20-Poly1305": aead.XChaCha20Poly1305KeyTemplate,
		"AES-256-GCM":        aead.AES256GCMKeyTemplate,
		"XAES-256-GCM":       aead.XAES256GCM192BitNonceKeyTemplate,
	} {
		t.Run(name, func(t *testing.T) {
			store := memstore.New()
			v, admin := on(t, store, tinkAEAD(t, newKeyset(t, template)))
			if err := admin.SetPIN(ctx, "alice", "8299"); err != nil {
				t.Fatal(err)
			}
			if err := v.VerifyPIN(ctx, "alice", "8299"); err != nil {
				t.Fatal(err)
			}
			mustBeUnsealed := func(what string, v *factor.Verifier, user string) {
				t.Helper()
				if err := v.VerifyPIN(ctx, user, "8299"); !errors.Is(err, factor.ErrUnsealed) {
					t.Fatalf("%s: %v", what, err)
				}
			}
			record, err := store.Load(ctx, "alice")
			if err != nil {
				t.Fatal(err)
			}
			put := func(user string, old int64, r factor.Record) {
				t.Helper()
				if err := store.CompareAndSwap(ctx, user, old, r); err != nil {
					t.Fatal(err)
				}
			}
			put("mallory", 0, record)
			mustBeUnsealed("a row of another user", v, "mallory")
			other, _ := on(t, store, tinkAEAD(t, newKeyset(t, template)))
			mustBeUnsealed("another key", other, "alice")
			damaged := factor.Record{Data: bytes.Clone(record.Data), Version: 7}
			damaged.Data[len(damaged.Data)-1] ^= 1
			put("alice", record.Version, damaged)
			mustBeUnsealed("a changed byte", v, "alice")
		})
	}
}

// A keyset is rotated as a Keyring is: add a key, make it primary, reseal, drop the
// old one.
func TestTinkKeysetIsRotated(t *testing.T) {
	ctx := t.Context()
	store := memstore.New()
	keys := newKeyset(t, aead.XChaCha20Poly1305KeyTemplate)
	_, admin := on(t, store, tinkAEAD(t, keys))
	users := []string{"alice", "bob", "carol"}
	for _, user := range users {
		if err := admin.SetPIN(ctx, user, "8299"); err != nil {
			t.Fatal(err)
		}
	}

	manager := keyset.NewManagerFromHandle(keys)
	oldID := keys.KeysetInfo().GetPrimaryKeyId()
	newID, err := manager.Add(aead.AES256GCMKeyTemplate())
	both := handle(t, manager, err, manager.SetPrimary(newID))
	_, admin = on(t, store, tinkAEAD(t, both))
	for _, user := range users[:2] {
		if err := admin.Reseal(ctx, user); err != nil {
			t.Fatal(err)
		}
	}

	last := handle(t, manager, manager.Delete(oldID))
	v, _ := on(t, store, tinkAEAD(t, last))
	for i, user := range users {
		err := v.VerifyPIN(ctx, user, "8299")
		if resealed := i < 2; resealed && err != nil || !resealed && !errors.Is(err, factor.ErrUnsealed) {
			t.Fatalf("%s, resealed %v: %v", user, resealed, err)
		}
	}
}

// A KMS envelope asks the KMS at every Encrypt and every Decrypt: two round trips
// for each call of the library. A Keyring whose key the KMS unwraps once asks it
// when the process starts, and no more.
func TestEnvelopeAsksTheKMSEachTime(t *testing.T) {
	kms := &countingKMS{AEAD: tinkAEAD(t, newKeyset(t, aead.AES256GCMKeyTemplate))}
	envelope := aead.NewKMSEnvelopeAEAD2(aead.XChaCha20Poly1305KeyTemplate(), kms)
	asked := func(s factor.Sealer) int64 {
		t.Helper()
		v, admin := on(t, memstore.New(), s)
		if err := admin.SetPIN(t.Context(), "alice", "8299"); err != nil {
			t.Fatal(err)
		}
		before := kms.calls.Load()
		for range 10 {
			if _, err := v.VerifyOTP(t.Context(), "alice", "000000", factor.KindLogin); err == nil {
				t.Fatal("accepted")
			}
			if err := admin.Unlock(t.Context(), "alice", factor.KindLogin); err != nil {
				t.Fatal(err)
			}
		}
		return kms.calls.Load() - before
	}
	if n := asked(envelope); n != 40 {
		t.Fatalf("the envelope asked the KMS %d times in 20 calls, want 40", n)
	}

	wrapped, err := kms.Encrypt(bytes.Repeat([]byte{9}, 32), []byte("factor"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := kms.Decrypt(wrapped, []byte("factor")) // when the process starts
	if err != nil {
		t.Fatal(err)
	}
	keyring, err := factor.NewKeyring(key)
	if err != nil {
		t.Fatal(err)
	}
	if n := asked(keyring); n != 0 {
		t.Fatalf("the Keyring asked the KMS %d times", n)
	}
}

func newKeyset(t *testing.T, template func() *tinkpb.KeyTemplate) *keyset.Handle {
	t.Helper()
	keys, err := keyset.NewHandle(template())
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// handle returns what a Manager has made of a keyset.
func handle(t *testing.T, m *keyset.Manager, changes ...error) *keyset.Handle {
	t.Helper()
	keys, err := m.Handle()
	if err = errors.Join(append(changes, err)...); err != nil {
		t.Fatal(err)
	}
	return keys
}

// countingKMS stands for a key management service, whose keys do not leave it.
type countingKMS struct {
	tink.AEAD
	calls atomic.Int64
}

func (k *countingKMS) Encrypt(plaintext, associatedData []byte) ([]byte, error) {
	k.calls.Add(1)
	return k.AEAD.Encrypt(plaintext, associatedData)
}

func (k *countingKMS) Decrypt(ciphertext, associatedData []byte) ([]byte, error) {
	k.calls.Add(1)
	return k.AEAD.Decrypt(ciphertext, associatedData)
}
