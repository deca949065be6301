package account

import (
	"errors"
	"time"

	"github.com/knowhave/factor/internal/totp"
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

// Errors of Decode.
var (
	// ErrDamaged says that the bytes are no account, or one of an unknown version.
	ErrDamaged = errors.New("unknown or damaged encoding")
	// ErrNewer says that a newer release encoded the account.
	ErrNewer = errors.New("encoding of a newer release")
)

// storedBudgets holds the kinds whose budgets versions 1 and 2 have, in their
// order, which is frozen. A new Kind needs a new version to keep its budget: the
// array below does not compile until Encode writes one.
var (
	storedBudgets = [6]Kind{KindPassword, KindPIN, KindLogin, KindAccount, KindTOTP, KindDeviceTOTP}
	_             = [1]struct{}{}[len(Kinds)-len(storedBudgets)]
)

// Encode returns the account as bytes, in the oldest version that has room for it.
func (a *Account) Encode() []byte {
	w := writer{buf: make([]byte, 0, a.roomToEncode())}
	w.buf = append(w.buf, a.encodingVersion())
	if w.bool(a.PIN != nil) {
		w.pin(a.PIN)
	}
	w.uvarint(int64(len(a.Devices)))
	for i := range a.Devices {
		d := &a.Devices[i]
		w.buf = append(w.buf, d.ID[:]...)
		w.totp(&d.TOTP)
		w.time(d.EnrolledAt)
		w.time(d.UsedAt)
	}
	if w.bool(a.Authenticator != nil) {
		w.totp(a.Authenticator)
	}
	if w.bool(a.Pending != nil) {
		w.totp(&a.Pending.TOTP)
		w.time(a.Pending.ExpiresAt)
		w.uvarint(int64(a.Pending.Wrong))
	}
	w.codes(&a.LoginCodes)
	w.codes(&a.AccountCodes)
	w.budgets(a)
	w.guard(&a.Guard)
	w.time(a.Emptied)
	if len(a.Imported) > 0 {
		w.uvarint(int64(len(a.Imported)))
		for _, id := range a.Imported {
			w.buf = append(w.buf, id[:]...)
		}
	}
	w.zeros(-len(w.buf) & (padTo - 1))
	return w.buf
}

// roomToEncode is a guess that fits most accounts exactly, so that nothing is
// copied to make room: padTo bytes for each device, for the PIN and for the rest.
func (a *Account) roomToEncode() int {
	parts := 1 + len(a.Devices)
	if a.PIN != nil {
		parts++
	}
	return parts * padTo
}

func (a *Account) encodingVersion() byte {
	if len(a.Imported) > 0 {
		return importedVersion
	}
	return encodingVersion
}

// Decode fills an empty account. It puts the devices into Devices if that has the
// capacity. It keeps parts of data, and does not look at the text of an imported
// hash. After an error, which is ErrDamaged or ErrNewer, the account is of no use.
func (a *Account) Decode(data []byte) error {
	r := reader{buf: data}
	version := r.byte()
	switch {
	case version > newestVersion:
		return ErrNewer
	case version < encodingVersion:
		return ErrDamaged
	}
	if r.bool() {
		a.PIN = r.pin()
		if a.PIN.Imported() && version != importedVersion {
			r.fail()
		}
	}
	a.Devices = r.devices(a.Devices)
	if r.bool() {
		a.Authenticator = &TOTP{}
		r.totp(a.Authenticator)
	}
	if r.bool() {
		a.Pending = &Pending{}
		r.totp(&a.Pending.TOTP)
		a.Pending.ExpiresAt, a.Pending.Wrong = r.time(), int(r.uvarint(pendingTries))
	}
	r.codes(&a.LoginCodes)
	r.codes(&a.AccountCodes)
	r.budgets(a)
	r.guard(&a.Guard)
	a.Emptied = r.time()
	if version == importedVersion {
		a.Imported = r.importMarks()
	}
	left := r.left()
	if r.failed || len(data)%padTo != 0 || left >= padTo || !r.skipZeros(left) {
		return ErrDamaged
	}
	return nil
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
	if !p.wellFormed() {
		r.fail()
	}
	return p
}

// devices returns the devices, nil for none, in room if it has the capacity.
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
	if len(s.Secret) == 0 || s.Digits < totp.MinDigits || s.Period <= 0 {
		r.fail()
	}
}

func (w *writer) codes(c *Codes) {
	if w.bool(c.Live != nil) {
		w.code(c.Live)
	}
	w.uvarint(int64(len(c.Spent)))
	for i := range c.Spent {
		w.code(&c.Spent[i])
	}
	w.time(c.NotBefore)
}

func (r *reader) codes(c *Codes) {
	if r.skipZeros(3) {
		return
	}
	if r.bool() {
		c.Live = &Code{}
		r.code(c.Live)
	}
	if n := r.uvarint(spentKept); n > 0 {
		c.Spent = make([]Code, n)
	}
	for i := range c.Spent {
		r.code(&c.Spent[i])
	}
	c.NotBefore = r.time()
}

func (w *writer) code(c *Code) {
	w.uvarint(int64(len(c.Digits)))
	w.buf = append(w.buf, c.Digits...)
	w.time(c.ExpiresAt)
}

func (r *reader) code(c *Code) {
	c.Digits, c.ExpiresAt = string(r.bytes()), r.time()
	if len(c.Digits) < totp.MinDigits || len(c.Digits) > totp.MaxDigits {
		r.fail()
	}
}

func (w *writer) budgets(a *Account) {
	if a.Budgets == [len(Kinds)]Budget{} {
		w.zeros(2 * len(storedBudgets))
		return
	}
	for _, k := range storedBudgets {
		b := a.Budget(k)
		w.uvarint(int64(b.Wrong))
		w.time(b.Until)
	}
}

func (r *reader) budgets(a *Account) {
	if r.skipZeros(2 * len(storedBudgets)) {
		return
	}
	for _, k := range storedBudgets {
		*a.Budget(k) = Budget{int(r.uvarint(MaxFailures)), r.time()}
	}
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
	if r.skipZeros(4) {
		return
	}
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

// importMarks returns one or more marks.
func (r *reader) importMarks() []ImportMark {
	n := r.uvarint(int64(r.left() / len(ImportMark{})))
	if n == 0 {
		r.fail()
		return nil
	}
	ids := make([]ImportMark, n)
	for i := range ids {
		copy(ids[i][:], r.take(len(ids[i])))
	}
	return ids
}
