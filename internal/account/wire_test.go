package account

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// Every number is a varint as encoding/binary writes it, and is read only up to its
// bound.
func TestNumbersAreVarintsWithinTheirBounds(t *testing.T) {
	for bits := range 62 {
		for n := int64(1)<<bits - 2; n <= 1<<bits+1; n++ {
			if n < 0 {
				continue
			}
			var w writer
			w.uvarint(n)
			if want := binary.AppendUvarint(nil, uint64(n)); !bytes.Equal(w.buf, want) {
				t.Fatalf("%d is written as %x, want %x", n, w.buf, want)
			}
			r := reader{buf: w.buf}
			if got := r.uvarint(n); got != n || r.failed || r.left() != 0 {
				t.Fatalf("%x is read as %d with %d bytes left, want %d", w.buf, got, r.left(), n)
			}
			r = reader{buf: w.buf}
			if got := r.uvarint(n - 1); n > 0 && (got != 0 || !r.failed) {
				t.Fatalf("%d is read as %d where %d is the bound", n, got, n-1)
			}
		}
	}
}

// A cut-off value fails, and so does a varint of more than 64 bits.
func TestReaderFailsWhereANumberDoesNotEnd(t *testing.T) {
	for _, data := range [][]byte{{}, {0x80}, {0xff, 0x80}, append(bytes.Repeat([]byte{0x80}, 9), 2), bytes.Repeat([]byte{0x80}, 11)} {
		r := reader{buf: data}
		if n := r.uvarint(maxNumber); n != 0 || !r.failed {
			t.Errorf("%x is read as %d", data, n)
		}
	}
}

// Nothing is left after a failure.
func TestReaderReturnsNothingOnceItHasFailed(t *testing.T) {
	r := reader{buf: bytes.Repeat([]byte{1}, padTo)}
	r.uvarint(0)
	if !r.failed || r.left() != 0 {
		t.Fatalf("failed: %v, with %d bytes left", r.failed, r.left())
	}
	if r.byte() != 0 || r.bool() || r.uvarint(maxNumber) != 0 || r.bytes() != nil || r.take(1) != nil || !r.time().IsZero() {
		t.Error("something is read after a failure")
	}
}

// The rest can be taken, and appending to it does not overwrite what follows.
func TestReaderTakesUpToTheEnd(t *testing.T) {
	data := []byte{1, 2, 3, 4}
	r := reader{buf: data}
	first := r.take(2)
	_ = append(first, 9)
	if rest := r.take(2); !bytes.Equal(rest, []byte{3, 4}) || r.failed || r.left() != 0 {
		t.Errorf("the rest is %v, failed: %v", rest, r.failed)
	}
}
