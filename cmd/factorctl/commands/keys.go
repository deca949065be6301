package commands

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/knowhave/factor"
)

// keySize is the length of a key in bytes.
const keySize = 32

// keyring returns the Keyring that the flags or the environment name.
func (a *app) keyring() (*factor.Keyring, error) {
	keys, err := a.keys()
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		return nil, usage("no key: give --key-file, FACTOR_KEY_FILE or FACTOR_KEY")
	}
	ring, err := factor.NewKeyring(keys[0], keys[1:]...)
	if err != nil {
		return nil, usage("%w", err)
	}
	return ring, nil
}

func (a *app) keys() ([][]byte, error) {
	files := a.flags.keyFiles
	if file := os.Getenv("FACTOR_KEY_FILE"); len(files) == 0 && file != "" {
		if os.Getenv("FACTOR_KEY") != "" {
			return nil, usage("give one of FACTOR_KEY_FILE and FACTOR_KEY")
		}
		files = []string{file}
	}
	if len(files) == 0 {
		a.hidden.add(os.Getenv("FACTOR_KEY"))
		return parseKeys("FACTOR_KEY", os.Getenv("FACTOR_KEY"))
	}
	var keys [][]byte
	for i, file := range files {
		text, err := os.ReadFile(file)
		if err != nil { // leave out the name: it may be a key by mistake
			return nil, usage("key file %d: %w", i+1, errors.Unwrap(err))
		}
		if isRaw(text) {
			keys = append(keys, text)
			continue
		}
		found, err := parseKeys(fmt.Sprintf("key file %d", i+1), string(text))
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, usage("key file %d holds no key", i+1)
		}
		keys = append(keys, found...)
	}
	return keys, nil
}

// isRaw reports whether a file holds a key as raw bytes. Printable text is never a
// raw key.
func isRaw(text []byte) bool {
	printed := func(r rune) bool { return r >= ' ' && r <= '~' || r == '\n' || r == '\r' || r == '\t' }
	return len(text) == keySize && strings.ContainsFunc(string(text), func(r rune) bool { return !printed(r) })
}

// parseKeys reads keys separated by white space or commas. Its error gives a key's
// place, and nothing of the key.
func parseKeys(from, text string) ([][]byte, error) {
	var keys [][]byte
	for i, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r <= ' ' }) {
		key := parseKey(word)
		if key == nil {
			return nil, usage("%s: key %d is not %d bytes in base64 or hex", from, i+1, keySize)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// parseKey reads a key in hex or in base64, of either alphabet, padded or not. It
// returns nil for anything else.
func parseKey(word string) []byte {
	if key, err := hex.DecodeString(word); err == nil && len(key) == keySize {
		return key
	}
	word = strings.TrimRight(word, "=")
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if key, err := encoding.DecodeString(word); err == nil && len(key) == keySize {
			return key
		}
	}
	return nil
}

// sealerMark returns the bytes at the start of everything that a sealer seals now:
// a Keyring and Tink put the ID of their key there. It is empty if those bytes
// differ each time.
func sealerMark(s factor.Sealer) (string, error) {
	var fronts [2]string
	for i := range fronts {
		sealed, err := s.Encrypt([]byte("mark"), nil)
		if err != nil {
			return "", fmt.Errorf("sealing: %w", err)
		}
		fronts[i] = hex.EncodeToString(sealed[:min(len(sealed), 4)])
	}
	if fronts[0] != fronts[1] {
		return "", nil
	}
	return fronts[0], nil
}
