package account

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// A Purpose is what an issued code is for: all of its parts together. The zero value
// is none.
type Purpose struct{ parts []string }

// NewPurpose returns the purpose of these parts, in this order. It keeps a copy of them.
func NewPurpose(parts []string) Purpose { return Purpose{slices.Clone(parts)} }

// IsSet reports whether it is a purpose.
func (p Purpose) IsSet() bool { return len(p.parts) > 0 }

// A Seal is what is kept of the purpose of one code. It is zero for none.
type Seal [16]byte

// seal returns what is kept of the purpose of a code. Everything is hashed with its
// length, so that no two purposes look alike.
func (p Purpose) seal(k Kind, digits string) (s Seal) {
	if !p.IsSet() {
		return s
	}
	h := sha256.New()
	write := func(part string) {
		_ = binary.Write(h, binary.BigEndian, int64(len(part)))
		h.Write([]byte(part))
	}
	write(string(k))
	write(digits)
	for _, part := range p.parts {
		write(part)
	}
	copy(s[:], h.Sum(nil))
	return s
}
