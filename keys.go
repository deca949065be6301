package factor

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

// A Sealer encrypts and authenticates the records. It has the method set of Tink's
// AEAD interface, so any Tink primitive, including KMS envelope keys, is a Sealer.
// If Decrypt returns an error, the caller of this package gets ErrUnsealed. Many
// goroutines call the methods at once. The methods must not change their arguments
// or earlier results, and must not call this package.
type Sealer interface {
	Encrypt(plaintext, associatedData []byte) ([]byte, error)
	Decrypt(ciphertext, associatedData []byte) ([]byte, error)
}

// keyIDSize is the length of the key ID at the start of sealed data.
const keyIDSize = 4

// A Keyring is a Sealer over the host's own keys. It seals with XChaCha20-Poly1305
// under its primary key and opens under any of its keys.
//
// To rotate, make a Keyring with a new primary key and the old one behind it, run
// Admin.Reseal over Admin.Users, and drop the old key once that is done. A record
// that you did not reseal is then ErrUnsealed.
type Keyring struct {
	keys []sealingKey // the first one seals
}

type sealingKey struct {
	id   []byte
	aead cipher.AEAD
}

// NewKeyring returns a Keyring that seals under primary and opens under primary and
// old. Each key is 32 bytes from a cryptographic random generator; keep it outside
// the database. A key of another length, or of zeros only, is an error.
func NewKeyring(primary []byte, old ...[]byte) (*Keyring, error) {
	ring := &Keyring{}
	for i, key := range append([][]byte{primary}, old...) {
		aead, err := chacha20poly1305.NewX(key)
		if err != nil || bytes.Count(key, []byte{0}) == len(key) {
			name := "primary"
			if i > 0 {
				name = fmt.Sprintf("old[%d]", i-1)
			}
			return nil, fmt.Errorf("factor: NewKeyring: %s must be %d random bytes", name, chacha20poly1305.KeySize)
		}
		id := sha256.Sum256(append([]byte("factor key id "), key...))
		ring.keys = append(ring.keys, sealingKey{id[:keyIDSize], aead})
	}
	return ring, nil
}

// Encrypt seals plaintext under the primary key and binds it to associatedData. The
// result is the key's ID (4 bytes), a random nonce (24 bytes) and the ciphertext
// with its tag.
func (k *Keyring) Encrypt(plaintext, associatedData []byte) ([]byte, error) {
	if k == nil || len(k.keys) == 0 {
		return nil, errNoKeys
	}
	key := k.keys[0]
	front := keyIDSize + key.aead.NonceSize()
	sealed := make([]byte, front, front+len(plaintext)+key.aead.Overhead())
	copy(sealed, key.id)
	_, _ = rand.Read(sealed[keyIDSize:]) // never fails, says its documentation
	return key.aead.Seal(sealed, sealed[keyIDSize:], plaintext, associatedData), nil
}

// Decrypt opens the output of Encrypt under any of the keys, or returns an error.
func (k *Keyring) Decrypt(ciphertext, associatedData []byte) ([]byte, error) {
	if k == nil || len(k.keys) == 0 {
		return nil, errNoKeys
	}
	for _, key := range k.keys {
		front := keyIDSize + key.aead.NonceSize()
		if len(ciphertext) < front || !bytes.HasPrefix(ciphertext, key.id) {
			continue
		}
		plaintext, err := key.aead.Open(nil, ciphertext[keyIDSize:front], ciphertext[front:], associatedData)
		if err == nil {
			return plaintext, nil
		}
	}
	return nil, errNoKeyOpens
}

var (
	errNoKeys     = errors.New("factor: Keyring holds no key: make it with NewKeyring")
	errNoKeyOpens = errors.New("factor: Keyring: no key opens the data: add the key that sealed it")
)
