package factor

import "github.com/knowhave/factor/internal/pinhash"

// pinHash is a hash as a record keeps it. It has the fields of pinhash.Hash, to
// which it is converted.
type pinHash struct {
	Memory  uint32 // KiB
	Time    uint32
	Threads uint8 // 0: another system made the hash, and Sum is its text
	Salt    []byte
	Sum     []byte
}

// imported reports whether another system made the hash.
func (h pinHash) imported() bool { return h.Threads == 0 }

// valid reports whether a PIN can be compared with the hash.
func (h pinHash) valid() bool { return pinhash.Hash(h).Valid() }
