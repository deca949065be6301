package factor

import (
	"bytes"
	"encoding/binary"
	"errors"
	"time"
)

// The encoding of an account: a version byte, then the fields in a fixed order,
// then zeros up to a multiple of padTo bytes, because the length of what is
// sealed would tell what a user holds. Numbers are varints; a list is its length
// and its elements; what may be missing is a list of none or one.
//
// Version 2 adds what was imported, and a PIN's hash of another system. It is
// written only where there is such a thing.
const (
	encodingVersion = 1
	importedVersion = 2
	padTo           = 64
)

var errEncoding = errors.New("unknown or damaged encoding")

func (a *account) encode() []byte {
	w := writer{buf: make([]byte, 0, 256)}
	w.buf = append(w.buf, a.encodingVersion())
	if w.has(a.pin != nil) {
		w.number(int64(a.pin.memory))
		w.number(int64(a.pin.time))
		w.number(int64(a.pin.threads))
		w.bytes(a.pin.salt)
		w.bytes(a.pin.sum)
		w.time(a.pin.setAt)
	}
	w.number(int64(len(a.devices)))
	for i := range a.devices {
		d := &a.devices[i]
		w.buf = append(w.buf, d.id[:]...)
		w.secret(&d.secret)
		w.time(d.enrolledAt)
		w.time(d.usedAt)
	}
	if w.has(a.authenticator != nil) {
		w.secret(a.authenticator)
	}
	if w.has(a.pending != nil) {
		w.secret(&a.pending.secret)
		w.time(a.pending.expiresAt)
		w.number(int64(a.pending.wrong))
	}
	w.codes(&a.loginCodes)
	w.codes(&a.accountCodes)
	for _, b := range a.budgets {
		w.number(int64(b.wrong))
		w.time(b.until)
	}
	w.number(int64(a.reset.strikes))
	w.time(a.reset.hold)
	w.bytes(a.reset.last)
	if wipe := a.reset.wipe; w.has(wipe != nil) {
		w.buf = append(w.buf, wipe.id[:]...)
		w.time(wipe.at)
		w.has(wipe.reason == ReasonForfeited)
		w.has(wipe.done)
		w.number(int64(wipe.tries))
		w.time(wipe.retryAt)
	}
	w.time(a.emptied)
	if len(a.imported) > 0 {
		w.number(int64(len(a.imported)))
		for _, id := range a.imported {
			w.buf = append(w.buf, id[:]...)
		}
	}
	var zeros [padTo]byte
	return append(w.buf, zeros[:-len(w.buf)&(padTo-1)]...)
}

func (a *account) encodingVersion() byte {
	if len(a.imported) > 0 {
		return importedVersion
	}
	return encodingVersion
}

func decode(data []byte) (*account, error) {
	r := reader{buf: data}
	version := r.byte()
	if version != encodingVersion && version != importedVersion {
		return nil, errEncoding
	}
	a := &account{}
	if r.has() {
		a.pin = &pin{pinHash: pinHash{
			memory: uint32(r.number(maxHashMemory)), time: uint32(r.number(maxHashTime)), threads: uint8(r.number(255)),
			salt: r.bytes(), sum: r.bytes(),
		}, setAt: r.time()}
		if !a.pin.valid() || a.pin.foreign() && version != importedVersion {
			r.failed = true
		}
	}
	if n := r.number(maxDevices); n > 0 {
		a.devices = make([]device, n)
	}
	for i := range a.devices {
		d := &a.devices[i]
		copy(d.id[:], r.take(len(d.id)))
		d.secret, d.enrolledAt, d.usedAt = r.secret(), r.time(), r.time()
	}
	if r.has() {
		s := r.secret()
		a.authenticator = &s
	}
	if r.has() {
		a.pending = &pending{secret: r.secret(), expiresAt: r.time(), wrong: int(r.number(pendingTries))}
	}
	a.loginCodes, a.accountCodes = r.codes(), r.codes()
	if !r.skipZeros(2 * len(a.budgets)) {
		for i := range a.budgets {
			a.budgets[i] = budget{wrong: int(r.number(maxFailures)), until: r.time()}
		}
	}
	a.reset.strikes, a.reset.hold, a.reset.last = int(r.number(maxFailures)), r.time(), r.bytes()
	if r.has() {
		w := &wipe{reason: ReasonStrikes}
		copy(w.id[:], r.take(len(w.id)))
		w.at = r.time()
		if r.has() {
			w.reason = ReasonForfeited
		}
		w.done, w.tries, w.retryAt = r.has(), int(r.number(maxNumber)), r.time()
		a.reset.wipe = w
	}
	a.emptied = r.time()
	if version == importedVersion {
		a.imported = r.importIDs()
	}
	if r.failed || len(data)%padTo != 0 || len(r.buf) >= padTo {
		return nil, errEncoding
	}
	if !r.skipZeros(len(r.buf)) {
		return nil, errEncoding
	}
	return a, nil
}

// writer appends values to buf.
type writer struct{ buf []byte }

func (w *writer) has(is bool) bool {
	if is {
		w.buf = append(w.buf, 1)
	} else {
		w.buf = append(w.buf, 0)
	}
	return is
}

func (w *writer) number(n int64) { w.buf = binary.AppendUvarint(w.buf, uint64(n)) }

func (w *writer) bytes(b []byte) {
	w.number(int64(len(b)))
	w.buf = append(w.buf, b...)
}

// time writes 0 for the zero time, else one more than the zigzag milliseconds.
func (w *writer) time(t time.Time) {
	if t.IsZero() {
		w.number(0)
		return
	}
	ms := t.UnixMilli()
	w.number((ms<<1 ^ ms>>63) + 1)
}

func (w *writer) secret(s *secret) {
	w.bytes(s.key)
	w.number(int64(s.algorithm))
	w.number(int64(s.digits))
	w.number(int64(s.period / time.Second))
	w.number(s.step + 1)
}

func (w *writer) codes(c *codes) {
	if w.has(c.live != nil) {
		w.code(*c.live)
	}
	w.number(int64(len(c.spent)))
	for _, s := range c.spent {
		w.code(s)
	}
	w.time(c.hold)
}

func (w *writer) code(c code) {
	w.bytes([]byte(c.digits))
	w.time(c.expiresAt)
}

// maxNumber bounds the numbers that have no bound of their own.
const maxNumber = 1<<62 - 1

// reader takes values from the front of buf. After the first that is not there
// or out of bounds it has failed and returns zero values.
type reader struct {
	buf    []byte
	failed bool
}

func (r *reader) take(n int) []byte {
	if r.failed || n > len(r.buf) {
		r.failed = true
		return nil
	}
	b := r.buf[:n:n]
	r.buf = r.buf[n:]
	return b
}

// skipZeros skips so many bytes if all of them are zero, as where there is
// nothing to be read: most of most records is.
func (r *reader) skipZeros(n int) bool {
	var zeros [padTo]byte
	if r.failed || !bytes.HasPrefix(r.buf, zeros[:n]) {
		return false
	}
	r.buf = r.buf[n:]
	return true
}

func (r *reader) byte() byte {
	b := r.take(1)
	if r.failed {
		return 0
	}
	return b[0]
}

func (r *reader) has() bool {
	b := r.byte()
	r.failed = r.failed || b > 1
	return b == 1
}

func (r *reader) number(bound int64) int64 {
	if !r.failed && len(r.buf) > 0 && r.buf[0] == 0 { // most are
		r.buf = r.buf[1:]
		return 0
	}
	n, size := binary.Uvarint(r.buf)
	if r.failed || size <= 0 || n > uint64(bound) {
		r.failed = true
		return 0
	}
	r.buf = r.buf[size:]
	return int64(n)
}

// bytes returns a part of the buffer, nil for an empty one.
func (r *reader) bytes() []byte {
	n := r.number(int64(len(r.buf)))
	if n == 0 {
		return nil
	}
	return r.take(int(n))
}

func (r *reader) time() time.Time {
	n := r.number(maxNumber)
	if n == 0 {
		return time.Time{}
	}
	n--
	return time.UnixMilli(n>>1 ^ -(n & 1)).UTC()
}

func (r *reader) secret() secret {
	s := secret{
		key: r.bytes(), algorithm: algorithm(r.number(int64(len(algorithms) - 1))), digits: int(r.number(maxDigits)),
		period: time.Duration(r.number(int64(maxPeriod/time.Second))) * time.Second, step: r.number(maxNumber) - 1,
	}
	if len(s.key) == 0 || s.digits < minDigits || s.period <= 0 {
		r.failed = true
	}
	return s
}

// importIDs returns one or more.
func (r *reader) importIDs() []importID {
	n := r.number(int64(len(r.buf) / len(importID{})))
	if n == 0 {
		r.failed = true
		return nil
	}
	ids := make([]importID, n)
	for i := range ids {
		copy(ids[i][:], r.take(len(ids[i])))
	}
	return ids
}

func (r *reader) codes() codes {
	var c codes
	if r.skipZeros(3) {
		return c
	}
	if r.has() {
		live := r.code()
		c.live = &live
	}
	if n := r.number(spentKept); n > 0 {
		c.spent = make([]code, n)
	}
	for i := range c.spent {
		c.spent[i] = r.code()
	}
	c.hold = r.time()
	return c
}

func (r *reader) code() code {
	c := code{digits: string(r.bytes()), expiresAt: r.time()}
	if len(c.digits) < minDigits || len(c.digits) > maxDigits {
		r.failed = true
	}
	return c
}
