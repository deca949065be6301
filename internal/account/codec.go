package account

import (
	"errors"
	"time"

	"github.com/knowhave/factor/internal/totp"
)

// The encoding of an account: a version byte; the fields in a fixed order; optional
// parts, each behind a byte that names it; zeros up to a multiple of padTo bytes,
// because the length of the sealed record would tell what a user holds. Numbers are
// varints; a list is its length and its elements; an optional value is a list of
// none or one.
//
// Versions 1 and 2 are those of 0.1.0, and only read: see codec_old.go.
const (
	encodingVersion = 3
	padTo           = 256
	// blockSize divides the length of every encoding, so that a release may change
	// padTo.
	blockSize = 64
)

// The names of the parts, in the order of writing. 0 names no part.
const (
	partHold     = 1
	partMarks    = 2
	partPassword = 3
	partRecovery = 4
	partNotices  = 5
)

// Errors of Decode.
var (
	// ErrDamaged reports bytes that are no account, or one of an unknown version.
	ErrDamaged = errors.New("unknown or damaged encoding")
	// ErrNewer reports that a newer release encoded the account.
	ErrNewer = errors.New("encoding of a newer release")
)

func (a *Account) Encode() []byte {
	w := writer{buf: make([]byte, 0, padTo)}
	w.buf = append(w.buf, encodingVersion)
	if w.bool(a.PIN != nil) {
		w.pin(a.PIN)
	}
	w.uvarint(int64(len(a.Devices)))
	for i := range a.Devices {
		w.device(&a.Devices[i])
	}
	if w.bool(a.Authenticator != nil) {
		w.totp(&a.Authenticator.TOTP)
		w.time(a.Authenticator.ConfirmedAt)
	}
	if w.bool(a.Pending != nil) {
		w.pending(a.Pending)
	}
	w.issued(a)
	w.budgets(a)
	w.guard(&a.Guard)
	w.time(a.Emptied)
	w.parts(a)
	w.zeros(-len(w.buf) & (padTo - 1))
	return w.buf
}

// Decode fills an empty account. It reuses the capacity of Devices and keeps parts
// of data. It does not check the text of an imported hash. It returns ErrDamaged or
// ErrNewer; the account is then useless.
func (a *Account) Decode(data []byte) error {
	r := reader{buf: data}
	switch version := r.byte(); {
	case version > encodingVersion:
		return ErrNewer
	case version < oldestVersion:
		return ErrDamaged
	case version < encodingVersion:
		r.oldAccount(a, version)
	default:
		r.account(a)
	}
	switch {
	case r.newer:
		return ErrNewer
	case r.failed || len(data)%blockSize != 0 || !r.onlyZeros():
		return ErrDamaged
	}
	return nil
}

func (r *reader) account(a *Account) {
	if r.bool() {
		a.PIN = r.pin()
	}
	a.Devices = r.devices(a.Devices)
	if r.bool() {
		a.Authenticator = &Authenticator{}
		r.totp(&a.Authenticator.TOTP)
		a.Authenticator.ConfirmedAt = r.time()
	}
	if r.bool() {
		a.Pending = r.pending()
	}
	r.issued(a)
	r.budgets(a)
	r.guard(&a.Guard)
	a.Emptied = r.time()
	r.parts(a)
}

func (w *writer) parts(a *Account) {
	if hold := a.Guard.HoldUntil; !hold.IsZero() {
		w.buf = append(w.buf, partHold)
		w.time(hold)
	}
	if len(a.Marks) > 0 {
		w.buf = append(w.buf, partMarks)
		w.uvarint(int64(len(a.Marks)))
		for _, m := range a.Marks {
			w.buf = append(w.buf, m[:]...)
		}
	}
	if a.PasswordChanges > 0 {
		w.buf = append(w.buf, partPassword)
		w.uvarint(a.PasswordChanges)
	}
	if a.Recovery != nil {
		w.buf = append(w.buf, partRecovery)
		w.recovery(a.Recovery)
	}
	if !a.Notices.empty() {
		w.buf = append(w.buf, partNotices)
		w.notices(&a.Notices)
	}
}

// parts reads the optional parts up to the zeros. An unknown part comes from a
// newer release.
func (r *reader) parts(a *Account) {
	for last := byte(0); r.left() > 0 && r.buf[r.at] != 0; {
		part := r.byte()
		switch {
		case part <= last:
			r.fail()
		case part == partHold:
			a.Guard.HoldUntil = r.hold()
		case part == partMarks:
			a.Marks = r.marks()
		case part == partPassword:
			a.PasswordChanges = r.uvarint(maxNumber)
			r.must(a.PasswordChanges > 0)
		case part == partRecovery:
			a.Recovery = r.recovery()
		case part == partNotices:
			r.notices(&a.Notices)
		default:
			r.newer = true
			return
		}
		last = part
	}
}

func (w *writer) pin(p *PIN) {
	w.uvarint(int64(p.Memory))
	w.uvarint(int64(p.Time))
	w.uvarint(int64(p.Threads))
	w.bytes(p.Salt)
	w.bytes(p.Sum)
	w.time(p.SetAt)
}

func (r *reader) pin() *PIN {
	p := &PIN{Hash: Hash{
		Memory: uint32(r.uvarint(MaxHashMemory)), Time: uint32(r.uvarint(MaxHashTime)), Threads: uint8(r.uvarint(255)),
		Salt: r.bytes(), Sum: r.bytes(),
	}, SetAt: r.time()}
	r.must(p.wellFormed())
	return p
}

func (w *writer) device(d *Device) {
	w.buf = append(w.buf, d.ID[:]...)
	w.totp(&d.TOTP)
	w.time(d.EnrolledAt)
	w.time(d.UsedAt)
}

// devices returns the devices, in room if it has the capacity, or nil for none.
func (r *reader) devices(room []Device) []Device {
	n := int(r.uvarint(MaxDevices))
	if n == 0 {
		return nil
	}
	if n > cap(room) {
		room = make([]Device, n)
	}
	devices := room[:n]
	for i := range devices {
		d := &devices[i]
		copy(d.ID[:], r.take(len(d.ID)))
		r.totp(&d.TOTP)
		d.EnrolledAt, d.UsedAt = r.time(), r.time()
	}
	return devices
}

func (w *writer) totp(s *TOTP) {
	w.bytes(s.Secret)
	w.uvarint(int64(s.Algorithm))
	w.uvarint(int64(s.Digits))
	w.uvarint(int64(s.Period / time.Second))
	w.uvarint(s.LastStep + 1)
}

func (r *reader) totp(s *TOTP) {
	s.Secret = r.bytes()
	s.Algorithm = totp.Algorithm(r.uvarint(int64(totp.LastAlgorithm)))
	s.Digits = int(r.uvarint(totp.MaxDigits))
	s.Period = time.Duration(r.uvarint(int64(totp.MaxPeriod/time.Second))) * time.Second
	s.LastStep = r.uvarint(maxNumber) - 1
	r.must(len(s.Secret) > 0 && s.Digits >= totp.MinDigits && s.Period > 0)
}

func (w *writer) pending(p *Pending) {
	w.totp(&p.TOTP)
	w.time(p.ExpiresAt)
	w.uvarint(int64(p.Wrong))
	if w.bool(p.Replaced != nil) {
		w.totp(&p.Replaced.TOTP)
		w.time(p.Replaced.ExpiresAt)
	}
}

func (r *reader) pending() *Pending {
	p := &Pending{}
	r.totp(&p.TOTP)
	p.ExpiresAt, p.Wrong = r.time(), int(r.uvarint(pendingTries))
	if r.bool() {
		p.Replaced = &Replaced{}
		r.totp(&p.Replaced.TOTP)
		p.Replaced.ExpiresAt = r.time()
	}
	return p
}

func (w *writer) guard(s *Guard) {
	w.uvarint(int64(s.Strikes))
	w.time(s.NotBefore)
	w.bytes(s.LastWrong)
	if wipe := s.Wipe; w.bool(wipe != nil) {
		w.buf = append(w.buf, wipe.ID[:]...)
		w.time(wipe.At)
		w.bool(wipe.Reason == ReasonForfeited)
		w.bool(wipe.Done)
		w.uvarint(int64(wipe.Tries))
		w.time(wipe.RetryAt)
	}
}

func (r *reader) guard(s *Guard) {
	s.Strikes, s.NotBefore, s.LastWrong = int(r.uvarint(MaxFailures)), r.time(), r.bytes()
	if r.bool() {
		w := &Wipe{Reason: ReasonStrikes}
		copy(w.ID[:], r.take(len(w.ID)))
		w.At = r.time()
		if r.bool() {
			w.Reason = ReasonForfeited
		}
		w.Done, w.Tries, w.RetryAt = r.bool(), int(r.uvarint(maxNumber)), r.time()
		s.Wipe = w
	}
}

// hold returns a time that is not zero.
func (r *reader) hold() time.Time {
	t := r.time()
	r.must(!t.IsZero())
	return t
}

// marks returns one or more marks.
func (r *reader) marks() []Mark {
	n := r.uvarint(int64(r.left() / len(Mark{})))
	if n == 0 {
		r.fail()
		return nil
	}
	marks := make([]Mark, n)
	for i := range marks {
		copy(marks[i][:], r.take(len(marks[i])))
	}
	return marks
}

func (w *writer) recovery(s *Recovery) {
	w.buf = append(w.buf, s.Salt[:]...)
	w.uvarint(int64(s.Used))
	for _, hash := range s.Hashes {
		w.buf = append(w.buf, hash[:]...)
	}
}

func (r *reader) recovery() *Recovery {
	s := &Recovery{}
	copy(s.Salt[:], r.take(len(s.Salt)))
	s.Used = uint16(r.uvarint(1<<RecoveryCodes - 1))
	for i := range s.Hashes {
		copy(s.Hashes[i][:], r.take(len(s.Hashes[i])))
	}
	return s
}
