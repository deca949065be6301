package account

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// A Purpose is what an issued code is for: all its parts together. The zero value
// is no purpose.
type Purpose struct{ parts []string }

// NewPurpose returns the purpose of these parts, in this order. It copies them.
func NewPurpose(parts []string) Purpose { return Purpose{slices.Clone(parts)} }

// IsSet reports whether p is not zero.
func (p Purpose) IsSet() bool { return len(p.parts) > 0 }

// A Seal binds a code to its purpose. It is zero without one.
type Seal [16]byte

// seal returns the seal of a code. It hashes each text with its length, so that no
// two purposes have the same input.
func (p Purpose) seal(k Kind, digits string) (s Seal) {
	if !p.IsSet() {
		return s
	}
	all := make([]byte, 0, 256)
	add := func(part string) {
		all = binary.BigEndian.AppendUint64(all, uint64(len(part)))
		all = append(all, part...)
	}
	add(string(k))
	add(digits)
	for _, part := range p.parts {
		add(part)
	}
	sum := sha256.Sum256(all)
	return Seal(sum[:len(s)])
}
