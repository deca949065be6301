package account

import (
	"bytes"
	"encoding/binary"
	"time"
)

// zeros is read-only.
var zeros [padTo]byte

// A writer appends values to buf.
type writer struct{ buf []byte }

func (w *writer) bool(is bool) bool {
	if is {
		w.buf = append(w.buf, 1)
	} else {
		w.buf = append(w.buf, 0)
	}
	return is
}

// uvarint writes a varint as binary.AppendUvarint does, but is small enough to be
// inlined: most numbers take one byte.
func (w *writer) uvarint(n int64) {
	u := uint64(n)
	for ; u >= 0x80; u >>= 7 {
		w.buf = append(w.buf, byte(u)|0x80)
	}
	w.buf = append(w.buf, byte(u))
}

func (w *writer) bytes(b []byte) {
	w.uvarint(int64(len(b)))
	w.buf = append(w.buf, b...)
}

// time writes 0 for the zero time, else the zigzag milliseconds plus one.
func (w *writer) time(t time.Time) {
	if t.IsZero() {
		w.uvarint(0)
		return
	}
	ms := t.UnixMilli()
	w.uvarint((ms<<1 ^ ms>>63) + 1)
}

// room writes a byte for a count, and returns its place.
func (w *writer) room() int {
	w.buf = append(w.buf, 0)
	return len(w.buf) - 1
}

// zeros writes n zeros.
func (w *writer) zeros(n int) { w.buf = append(w.buf, zeros[:n]...) }

// maxNumber bounds numbers without a bound of their own.
const maxNumber = 1<<62 - 1

// A reader takes values from buf. After a value that is missing or out of bounds it
// has failed: nothing is left, and it returns zero values.
type reader struct {
	buf    []byte
	at     int // bytes taken so far; an index is cheaper to move than buf
	failed bool
	newer  bool // a newer release wrote what was read last
}

func (r *reader) fail() { r.at, r.failed = len(r.buf), true }

// must fails unless ok.
func (r *reader) must(ok bool) {
	if !ok {
		r.fail()
	}
}

func (r *reader) left() int { return len(r.buf) - r.at }

func (r *reader) take(n int) []byte {
	if n > r.left() {
		r.fail()
		return nil
	}
	from := r.at
	r.at += n
	return r.buf[from:r.at:r.at]
}

// onlyZeros reports whether the rest is zeros.
func (r *reader) onlyZeros() bool {
	for left := r.buf[r.at:]; len(left) > 0; {
		n := min(len(left), len(zeros))
		if !bytes.Equal(left[:n], zeros[:n]) {
			return false
		}
		left = left[n:]
	}
	return true
}

func (r *reader) byte() byte {
	if r.left() == 0 {
		r.fail()
		return 0
	}
	r.at++
	return r.buf[r.at-1]
}

func (r *reader) bool() bool {
	b := r.byte()
	if b > 1 {
		r.fail()
	}
	return b == 1
}

// uvarint reads a number of at most bound, in its shortest form.
func (r *reader) uvarint(bound int64) int64 {
	n, size := uint64(r.byte()), 0
	if n >= 0x80 { // few numbers have more than one byte
		r.at--
		n, size = binary.Uvarint(r.buf[r.at:])
		if size <= 0 || r.buf[r.at+size-1] == 0 {
			r.fail()
			return 0
		}
		r.at += size
	}
	if n > uint64(bound) {
		r.fail()
		return 0
	}
	return int64(n)
}

// bytes returns a part of the buffer, or nil for an empty one.
func (r *reader) bytes() []byte {
	n := r.uvarint(int64(r.left()))
	if n == 0 {
		return nil
	}
	return r.take(int(n))
}

func (r *reader) time() time.Time {
	n := r.uvarint(maxNumber)
	if n == 0 {
		return time.Time{}
	}
	n--
	t := time.UnixMilli(n>>1 ^ -(n & 1)).UTC()
	if t.IsZero() {
		r.fail() // it is written as 0
	}
	return t
}
