package systemtest

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
	"github.com/knowhave/factor/internal/spec"
)

// A recordReader reads records as states of the specification. It gives names to the
// codes, keys and wipes in them, the same name to the same one.
type recordReader struct {
	Codes map[string]spec.Name
	Keys  map[string]spec.Name
	Wipes map[uuid.UUID]spec.Name
	Sets  map[account.Recovery]spec.Name // without what is used

	// Device names a device by its ID.
	Device func(uuid.UUID) spec.Name
	// Purpose is the one purpose that is told from others: a record keeps hashes.
	Purpose []string
	last    spec.Name
	// NoticeNames name notices, in the order in which they were read.
	NoticeNames map[uuid.UUID]spec.Name
}

// newRecordReader returns a reader that has read nothing.
func newRecordReader(device func(uuid.UUID) spec.Name, purpose []string) *recordReader {
	return &recordReader{
		Codes: map[string]spec.Name{}, Keys: map[string]spec.Name{}, Wipes: map[uuid.UUID]spec.Name{}, Sets: map[account.Recovery]spec.Name{},
		Device: device, Purpose: purpose, NoticeNames: map[uuid.UUID]spec.Name{},
	}
}

// usableRecord makes of an arbitrary record one that the specification can hold: its
// devices have the given IDs, and nothing is hashed away. It is false for one that
// has too many devices or a PIN of another system, whose hash is real and slow. What
// does not open stays as it is. Of one purpose, which none is too, it keeps the newest live
// code, and of recovery codes those that are ten.
func usableRecord(data []byte, id func(place int) uuid.UUID, purpose []string) ([]byte, bool) {
	a, err := accounttest.Decode(data)
	if len(data) == 0 || err != nil {
		return data, true
	}
	if len(a.Devices) > spec.MaxDevices || a.PIN != nil && a.PIN.Imported() {
		return nil, false
	}
	for i := range a.Devices {
		a.Devices[i].ID = id(i + 1)
	}
	for _, k := range account.IssuedKinds {
		c := a.Codes(k)
		c.Live = newestLive(k, c.Live, purpose)
	}
	a.Notices.Waiting = distinctNotices(a.Notices.Waiting)
	if r := a.Recovery; r != nil && len(distinctHashes(r)) < account.RecoveryCodes {
		a.Recovery = nil
	}
	a.Guard.LastWrong = nil
	return a.Encode(), true
}

// newestLive returns the last of the live codes of each purpose.
func newestLive(k account.Kind, live []account.Code, purpose []string) (newest []account.Code) {
	of := map[spec.Purpose]int{}
	for i, c := range live {
		of[purposeOf(k, c, purpose)] = i
	}
	for i, c := range live {
		if of[purposeOf(k, c, purpose)] == i {
			newest = append(newest, c)
		}
	}
	return newest
}

func distinctHashes(r *account.Recovery) map[[8]byte]bool {
	seen := map[[8]byte]bool{}
	for _, h := range r.Hashes {
		seen[h] = true
	}
	return seen
}

// purposeOf is what a code is for: nothing, the given purpose, or another one.
func purposeOf(k account.Kind, c account.Code, purpose []string) spec.Purpose {
	switch c.Seal {
	case account.Seal{}:
		return spec.Purpose{}
	case accounttest.Seal(k, c.Digits, purpose...):
		return spec.PurposeOf(purpose...)
	}
	return spec.PurposeOf("another", c.Digits, string(c.Seal[:]))
}

// Read returns the state that a record holds. The record must not be out of bounds.
func (r *recordReader) Read(stored factor.Record) (spec.State, error) {
	if len(stored.Data) == 0 {
		return spec.State{}, nil
	}
	a, err := accounttest.Decode(stored.Data)
	if err != nil {
		return spec.State{}, err
	}
	if bad := accounttest.OutOfBounds(a); bad != "" {
		return spec.State{}, fmt.Errorf("out of bounds: %s", bad)
	}
	s := r.state(a)
	s.DueAt = spec.At(stored.Due)
	return s, nil
}

// dueNow returns the record with a Due of now if a sweep has something to do with it,
// which for a record from anywhere only the rules know.
func dueNow(stored factor.Record, now time.Time) factor.Record {
	if a, err := accounttest.Decode(stored.Data); err == nil && (a.ToSweep(now) != account.SweepNothing || a.Notices.Due(now)) {
		stored.Due = now
	}
	return stored
}

func (r *recordReader) state(a *account.Account) spec.State {
	s := spec.State{Stored: true, Emptied: spec.At(a.Emptied), Protected: spec.At(a.Guard.HoldUntil)}
	s.Login, s.Account = r.codes(account.KindLogin, a), r.codes(account.KindAccount, a)
	if set := a.Recovery; set != nil {
		s.Recovery = spec.Recovery{Set: name(r, unused(*set), r.Sets), Used: set.Used}
	}
	if p := a.PIN; p != nil {
		s.PIN = spec.HeldPIN{Digits: fuzzUnhash(p.Sum), SetAt: spec.At(p.SetAt)}
	}
	for i, d := range a.Devices {
		s.Devices[i] = spec.Device{ID: r.Device(d.ID), Secret: r.secret(&d.TOTP), EnrolledAt: spec.At(d.EnrolledAt), Used: spec.At(d.UsedAt)}
	}
	if a.Authenticator != nil {
		s.Authenticator, s.Confirmed = r.secret(&a.Authenticator.TOTP), spec.At(a.Authenticator.ConfirmedAt)
	}
	if p := a.Pending; p != nil {
		s.Waiting = spec.Waiting{Secret: r.secret(&p.TOTP), Wrong: p.Wrong, Ends: spec.At(p.ExpiresAt)}
		if p.Replaced != nil {
			s.Waiting.Replaced = spec.Begun{Secret: r.secret(&p.Replaced.TOTP), Ends: spec.At(p.Replaced.ExpiresAt)}
		}
	}
	for i, b := range a.Budgets {
		s.Budgets[spec.KindNamed(string(account.Kinds[i]))] = spec.Budget{Wrong: b.Wrong, Until: spec.At(b.Until)}
	}
	s.Guard = spec.Guard{Strikes: a.Guard.Strikes, Hold: spec.At(a.Guard.NotBefore)}
	if w := a.Guard.Wipe; w != nil {
		s.Wipe = spec.Wipe{ID: r.name(w.ID, r.Wipes), At: spec.At(w.At), Reason: spec.Strikes, Stage: spec.Done}
		if w.Reason == account.ReasonForfeited {
			s.Wipe.Reason = spec.Forfeited
		}
		if !w.Done {
			s.Wipe.Stage, s.Wipe.Tries, s.Wipe.Retry = spec.Pending, w.Tries, spec.At(w.RetryAt)
		}
	}
	s.Notices = r.notices(&a.Notices)
	if len(a.Marks) > 0 {
		s.Imported = 1 << 63 // something
	}
	for _, k := range account.IssuedKinds {
		if s.Codes(spec.KindNamed(string(k))) != r.codes(k, a) {
			panic("recordReader does not read the codes of kind " + k)
		}
	}
	return s
}

func unused(set account.Recovery) account.Recovery {
	set.Used = 0
	return set
}

func (r *recordReader) codes(k account.Kind, a *account.Account) spec.Codes {
	c := a.Codes(k)
	read := func(c account.Code) spec.Issued {
		return spec.Issued{Code: r.Code(c.Digits), For: purposeOf(k, c, r.Purpose), Ends: spec.At(c.ExpiresAt)}
	}
	all := spec.Codes{Hold: spec.At(c.NotBefore)}
	for i, s := range c.Live {
		all.Live[i] = read(s)
	}
	for i, s := range c.Stale {
		all.Stale[i] = read(s)
	}
	return all
}

func (r *recordReader) secret(s *account.TOTP) spec.Secret {
	return spec.Secret{
		Key: r.Key(s.Secret), Last: s.LastStep, Period: int32(s.Period / time.Second), Digits: uint8(s.Digits), Algorithm: spec.Algorithm(s.Algorithm),
	}
}

// Code names an issued code, and Key a key.
func (r *recordReader) Code(digits string) spec.Name { return name(r, digits, r.Codes) }

// Key names a key.
func (r *recordReader) Key(key []byte) spec.Name { return name(r, string(key), r.Keys) }

func (r *recordReader) name(id uuid.UUID, of map[uuid.UUID]spec.Name) spec.Name {
	return name(r, id, of)
}

func name[T comparable](r *recordReader, what T, of map[T]spec.Name) spec.Name {
	if of[what] == 0 {
		r.last++
		of[what] = r.last
	}
	return of[what]
}

// fuzzUnhash is the PIN that a sum is of, or one that nobody can give.
func fuzzUnhash(sum []byte) string {
	if len(sum) == hashSize {
		if n := int(sum[0])<<8 + int(sum[1]); n > 0 && n <= hashSize-2 {
			if pin := sum[2 : 2+n]; slices.Equal(fuzzHash(pin), sum) {
				return string(pin)
			}
		}
	}
	return "nobody's"
}

// hashSize is how long a stored hash is.
const hashSize = 32
