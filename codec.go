package factor

import (
	"fmt"
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
	newestVersion   = importedVersion
	padTo           = 64
)

var errEncoding = fmt.Errorf("%w: unknown or damaged encoding", ErrUnsealed)

// storedBudgets holds the kinds whose budgets versions 1 and 2 have, in their
// order, which is frozen. A new Kind needs a new version to keep its budget: the
// array below does not compile until encode writes one.
var (
	storedBudgets = [6]Kind{KindPassword, KindPIN, KindLogin, KindAccount, KindTOTP, KindDeviceTOTP}
	_             = [1]struct{}{}[len(kinds)-len(storedBudgets)]
)

func (a *account) encode() []byte {
	w := writer{buf: make([]byte, 0, a.roomToEncode())}
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
	w.budgets(a)
	w.reset(&a.reset)
	w.time(a.emptied)
	if len(a.imported) > 0 {
		w.number(int64(len(a.imported)))
		for _, id := range a.imported {
			w.buf = append(w.buf, id[:]...)
		}
	}
	w.zeros(-len(w.buf) & (padTo - 1))
	return w.buf
}

// roomToEncode is a guess that fits most accounts exactly, so that nothing is
// copied to make room: padTo bytes for each device, for the PIN and for the rest.
func (a *account) roomToEncode() int {
	parts := 1 + len(a.devices)
	if a.pin != nil {
		parts++
	}
	return parts * padTo
}

func (a *account) encodingVersion() byte {
	if len(a.imported) > 0 {
		return importedVersion
	}
	return encodingVersion
}

// decode fills an empty account. Devices for which a.devices has the capacity go
// there. After an error, which matches ErrUnsealed, the account is of no use.
func (a *account) decode(data []byte) error {
	r := reader{buf: data}
	version := r.byte()
	switch {
	case version > newestVersion:
		return ErrNewerFormat
	case version < encodingVersion:
		return errEncoding
	}
	if r.has() {
		a.pin = &pin{pinHash: pinHash{
			memory: uint32(r.number(maxHashMemory)), time: uint32(r.number(maxHashTime)), threads: uint8(r.number(255)),
			salt: r.bytes(), sum: r.bytes(),
		}, setAt: r.time()}
		if !a.pin.valid() || a.pin.foreign() && version != importedVersion {
			r.fail()
		}
	}
	switch n := int(r.number(maxDevices)); {
	case n == 0:
		a.devices = nil
	case n <= cap(a.devices):
		a.devices = a.devices[:n]
	default:
		a.devices = make([]device, n)
	}
	for i := range a.devices {
		d := &a.devices[i]
		copy(d.id[:], r.take(len(d.id)))
		r.secret(&d.secret)
		d.enrolledAt, d.usedAt = r.time(), r.time()
	}
	if r.has() {
		a.authenticator = &secret{}
		r.secret(a.authenticator)
	}
	if r.has() {
		a.pending = &pending{}
		r.secret(&a.pending.secret)
		a.pending.expiresAt, a.pending.wrong = r.time(), int(r.number(pendingTries))
	}
	r.codes(&a.loginCodes)
	r.codes(&a.accountCodes)
	r.budgets(a)
	r.reset(&a.reset)
	a.emptied = r.time()
	if version == importedVersion {
		a.imported = r.importIDs()
	}
	left := r.left()
	if r.failed || len(data)%padTo != 0 || left >= padTo || !r.skipZeros(left) {
		return errEncoding
	}
	return nil
}

func (w *writer) secret(s *secret) {
	w.bytes(s.key)
	w.number(int64(s.algorithm))
	w.number(int64(s.digits))
	w.number(int64(s.period / time.Second))
	w.number(s.step + 1)
}

func (r *reader) secret(s *secret) {
	s.key = r.bytes()
	s.algorithm = algorithm(r.number(int64(len(algorithms) - 1)))
	s.digits = int(r.number(maxDigits))
	s.period = time.Duration(r.number(int64(maxPeriod/time.Second))) * time.Second
	s.step = r.number(maxNumber) - 1
	if len(s.key) == 0 || s.digits < minDigits || s.period <= 0 {
		r.fail()
	}
}

func (w *writer) codes(c *codes) {
	if w.has(c.live != nil) {
		w.code(c.live)
	}
	w.number(int64(len(c.spent)))
	for i := range c.spent {
		w.code(&c.spent[i])
	}
	w.time(c.hold)
}

func (r *reader) codes(c *codes) {
	if r.skipZeros(3) {
		return
	}
	if r.has() {
		c.live = &code{}
		r.code(c.live)
	}
	if n := r.number(spentKept); n > 0 {
		c.spent = make([]code, n)
	}
	for i := range c.spent {
		r.code(&c.spent[i])
	}
	c.hold = r.time()
}

func (w *writer) code(c *code) {
	w.number(int64(len(c.digits)))
	w.buf = append(w.buf, c.digits...)
	w.time(c.expiresAt)
}

func (r *reader) code(c *code) {
	c.digits, c.expiresAt = string(r.bytes()), r.time()
	if len(c.digits) < minDigits || len(c.digits) > maxDigits {
		r.fail()
	}
}

func (w *writer) budgets(a *account) {
	if a.budgets == [len(kinds)]budget{} {
		w.zeros(2 * len(storedBudgets))
		return
	}
	for _, k := range storedBudgets {
		b := a.budget(k)
		w.number(int64(b.wrong))
		w.time(b.until)
	}
}

func (r *reader) budgets(a *account) {
	if r.skipZeros(2 * len(storedBudgets)) {
		return
	}
	for _, k := range storedBudgets {
		*a.budget(k) = budget{int(r.number(maxFailures)), r.time()}
	}
}

func (w *writer) reset(s *reset) {
	w.number(int64(s.strikes))
	w.time(s.hold)
	w.bytes(s.last)
	if wipe := s.wipe; w.has(wipe != nil) {
		w.buf = append(w.buf, wipe.id[:]...)
		w.time(wipe.at)
		w.has(wipe.reason == ReasonForfeited)
		w.has(wipe.done)
		w.number(int64(wipe.tries))
		w.time(wipe.retryAt)
	}
}

func (r *reader) reset(s *reset) {
	if r.skipZeros(4) {
		return
	}
	s.strikes, s.hold, s.last = int(r.number(maxFailures)), r.time(), r.bytes()
	if r.has() {
		w := &wipe{reason: ReasonStrikes}
		copy(w.id[:], r.take(len(w.id)))
		w.at = r.time()
		if r.has() {
			w.reason = ReasonForfeited
		}
		w.done, w.tries, w.retryAt = r.has(), int(r.number(maxNumber)), r.time()
		s.wipe = w
	}
}

// importIDs returns one or more.
func (r *reader) importIDs() []importID {
	n := r.number(int64(r.left() / len(importID{})))
	if n == 0 {
		r.fail()
		return nil
	}
	ids := make([]importID, n)
	for i := range ids {
		copy(ids[i][:], r.take(len(ids[i])))
	}
	return ids
}
