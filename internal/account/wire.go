package account

import (
	"bytes"
	"encoding/binary"
	"time"
)

// zeros is written and compared with, and never changed.
var zeros [padTo]byte

// writer appends values to buf.
type writer struct{ buf []byte }

func (w *writer) bool(is bool) bool {
	if is {
		w.buf = append(w.buf, 1)
	} else {
		w.buf = append(w.buf, 0)
	}
	return is
}

// uvarint writes the varint of binary.AppendUvarint, and is small enough to be
// inlined where that is a call: most of what is written are numbers of one byte.
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

// time writes 0 for the zero time, else one more than the zigzag milliseconds.
func (w *writer) time(t time.Time) {
	if t.IsZero() {
		w.uvarint(0)
		return
	}
	ms := t.UnixMilli()
	w.uvarint((ms<<1 ^ ms>>63) + 1)
}

// room writes a byte that counts what comes, and returns its place.
func (w *writer) room() int {
	w.buf = append(w.buf, 0)
	return len(w.buf) - 1
}

// zeros writes so many bytes.
func (w *writer) zeros(n int) { w.buf = append(w.buf, zeros[:n]...) }

// maxNumber bounds the numbers that have no bound of their own.
const maxNumber = 1<<62 - 1

// reader takes values from buf. After the first that is not there or out of
// bounds it has failed: nothing is left, and it returns zero values.
type reader struct {
	buf    []byte
	at     int // so many bytes are taken; an index costs less to move than buf
	failed bool
	newer  bool // a newer release wrote what was read last
}

func (r *reader) fail() { r.at, r.failed = len(r.buf), true }

// must fails unless what was read can be.
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

// onlyZeros reports whether what is left is zeros.
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

// uvarint reads a number in its shortest form, of at most bound.
func (r *reader) uvarint(bound int64) int64 {
	n, size := uint64(r.byte()), 0
	if n >= 0x80 { // few have more bytes than one
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

// bytes returns a part of the buffer, nil for an empty one.
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
