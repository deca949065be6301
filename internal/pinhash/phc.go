package pinhash

import (
	"crypto/pbkdf2"
	"crypto/sha1" // #nosec G505 -- PBKDF2 with HMAC-SHA-1 is what many systems used.
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"hash"
	"regexp"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/scrypt"
)

// phc is a parsed PHC string.
type phc struct {
	id, version, parameters string
	salt, sum               []byte
}

// A phcReader returns the key derivation of a PHC string, or the reason why it
// cannot be taken.
type phcReader func(p phc) (derive func(pin string) []byte, reason string)

var phcReaders = map[string]phcReader{
	"argon2i":       func(p phc) (func(string) []byte, string) { return p.argon2(argon2.Key) },
	"argon2id":      func(p phc) (func(string) []byte, string) { return p.argon2(argon2.IDKey) },
	"scrypt":        phc.scrypt,
	"pbkdf2":        func(p phc) (func(string) []byte, string) { return p.pbkdf2(sha1.New) },
	"pbkdf2-sha1":   func(p phc) (func(string) []byte, string) { return p.pbkdf2(sha1.New) },
	"pbkdf2-sha256": func(p phc) (func(string) []byte, string) { return p.pbkdf2(sha256.New) },
	"pbkdf2-sha512": func(p phc) (func(string) []byte, string) { return p.pbkdf2(sha512.New) },
}

// phcHash reads a PHC string: $id$v=version$parameters$salt$hash, without a version
// for all but Argon2.
func phcHash(text string) (matches func(pin string) bool, reason string) {
	fields := strings.Split(text, "$")
	var p phc
	if len(fields) == 6 && strings.HasPrefix(fields[2], "v=") {
		p.version = fields[2]
		fields = append(fields[:2:2], fields[3:]...)
	}
	if len(fields) != 5 || fields[0] != "" || phcReaders[fields[1]] == nil {
		return nil, refusal(text)
	}
	if reason := p.readBytes(fields[3], fields[4]); reason != "" {
		return nil, reason
	}
	p.id, p.parameters = fields[1], fields[2]
	derive, reason := phcReaders[p.id](p)
	if reason != "" {
		return nil, reason
	}
	return func(pin string) bool { return subtle.ConstantTimeCompare(derive(pin), p.sum) == 1 }, ""
}

// readBytes reads the salt and the hash. Base64 whose last character has bits that
// belong to no byte is one of several texts of the same bytes, and is refused.
func (p *phc) readBytes(salt, sum string) (reason string) {
	strict := base64.RawStdEncoding.Strict()
	var saltErr, sumErr error
	p.salt, saltErr = strict.DecodeString(salt)
	p.sum, sumErr = strict.DecodeString(sum)
	switch {
	case saltErr != nil, sumErr != nil, strings.ContainsAny(salt+sum, "\r\n"): // which the decoder skips
		return "must have its salt and its hash whole and in base64 (RFC 4648 §4), in a PHC string without padding"
	case len(p.salt) < 1 || len(p.salt) > 64 || len(p.sum) < 16 || len(p.sum) > 64:
		return "must have 1 to 64 bytes of salt and 16 to 64 bytes of hash: one that was cut cannot be checked"
	}
	return ""
}

var phcParameter = regexp.MustCompile(`^([a-z]+)=([0-9]{1,9})$`)

// numbers returns the parameters, name=number in any order, or nil where one is
// missing, given twice or neither required nor optional.
func (p phc) numbers(required []string, optional string) map[string]int {
	found := map[string]int{}
	for pair := range strings.SplitSeq(p.parameters, ",") {
		parts := phcParameter.FindStringSubmatch(pair)
		if parts == nil {
			return nil
		}
		if _, twice := found[parts[1]]; twice {
			return nil
		}
		found[parts[1]] = decimal(parts[2])
	}
	delete(found, optional)
	for _, name := range required {
		if _, is := found[name]; !is {
			return nil
		}
	}
	if len(found) != len(required) {
		return nil
	}
	return found
}

func (p phc) argon2(key func(password, salt []byte, time, memory uint32, threads uint8, keyLen uint32) []byte) (derive func(pin string) []byte, reason string) {
	if p.version != "v=19" {
		return nil, "must be of Argon2 version 19: older ones cannot be checked, so have the user set a new PIN"
	}
	n := p.numbers([]string{"m", "t", "p"}, "")
	if n == nil {
		return nil, "must have the Argon2 parameters m, t and p, each once and with a number, and no other: one that needs a key or data cannot be checked"
	}
	memory, passes, threads := n["m"], n["t"], n["p"]
	if passes < 1 || passes > maxImportedTime || threads < 1 || threads > maxImportedThreads || memory < 8*threads || memory > maxImportedMemory {
		return nil, fmt.Sprintf("must have Argon2 parameters of m up to %d and at least 8 for each of p, t 1 to %d and p 1 to %d: have the user set a new PIN",
			maxImportedMemory, maxImportedTime, maxImportedThreads)
	}
	if len(p.salt) < 8 {
		return nil, "must have an Argon2 salt of at least 8 bytes"
	}
	return func(pin string) []byte {
		return key([]byte(pin), p.salt, uint32(passes), uint32(memory), uint8(threads), uint32(len(p.sum)))
	}, ""
}

func (p phc) scrypt() (derive func(pin string) []byte, reason string) {
	n := p.numbers([]string{"ln", "r", "p"}, "")
	if n == nil || p.version != "" {
		return nil, "must have the scrypt parameters ln, r and p, each once and with a number, and no other: ln is the logarithm of N to base 2"
	}
	log, block, parallel := n["ln"], n["r"], n["p"]
	const most = "must have scrypt parameters of at most %d MiB (128·N·r bytes), r 1 to %d, p 1 to %d and N·r·p up to %d, " +
		"where ln is the logarithm of N to base 2: have the user set a new PIN"
	if log < 1 || log > 20 || block < 1 || block > maxScryptBlock || parallel < 1 || parallel > maxImportedThreads ||
		block<<log > maxImportedMemory<<10/128 || block*parallel<<log > maxScryptWork {
		return nil, fmt.Sprintf(most, maxImportedMemory>>10, maxScryptBlock, maxImportedThreads, maxScryptWork)
	}
	return func(pin string) []byte {
		return derived(scrypt.Key([]byte(pin), p.salt, 1<<log, block, parallel, len(p.sum)))
	}, ""
}

func (p phc) pbkdf2(digest func() hash.Hash) (derive func(pin string) []byte, reason string) {
	n := p.numbers([]string{"i"}, "l") // l is the length of the hash, which it has anyway
	if n == nil || p.version != "" {
		return nil, "must have the parameter i of PBKDF2, the iterations, once and with a number, and no other but l"
	}
	size := digest().Size()
	blocks := (len(p.sum) + size - 1) / size
	if n["i"] < 1 || n["i"] > maxPBKDF2Iterations/blocks {
		return nil, fmt.Sprintf("must have 1 to %d iterations of PBKDF2, times the blocks of its hash: have the user set a new PIN", maxPBKDF2Iterations)
	}
	return func(pin string) []byte {
		return derived(pbkdf2.Key(digest, pin, p.salt, n["i"], len(p.sum)))
	}, ""
}

// derived returns the key. Within the bounds above, an error means that the process
// must not use the algorithm (GODEBUG=fips140=only). The panic turns the check into
// a fault, so that nobody is charged for a wrong PIN.
func derived(key []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return key
}
