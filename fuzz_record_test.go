package factor

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor/internal/spec"
)

// A RecordReader reads records as states of the specification. It gives names to the
// codes, keys and wipes in them, the same name to the same one.
type RecordReader struct {
	Codes map[string]spec.Name
	Keys  map[string]spec.Name
	Wipes map[uuid.UUID]spec.Name

	// Device names a device by its ID.
	Device func(uuid.UUID) spec.Name
	last   spec.Name
}

// NewRecordReader returns a reader that has read nothing.
func NewRecordReader(device func(uuid.UUID) spec.Name) *RecordReader {
	return &RecordReader{Codes: map[string]spec.Name{}, Keys: map[string]spec.Name{}, Wipes: map[uuid.UUID]spec.Name{}, Device: device}
}

// UsableRecord makes of an arbitrary record one that the specification can hold: its
// devices have the given IDs, and nothing is hashed away. It is false for one that
// has too many devices or a PIN of another system, whose hash is real and slow. What
// does not open stays as it is.
func UsableRecord(data []byte, id func(place int) uuid.UUID) ([]byte, bool) {
	a, err := decode(data)
	if len(data) == 0 || err != nil {
		return data, true
	}
	if len(a.devices) > spec.MaxDevices || a.pin != nil && a.pin.foreign() {
		return nil, false
	}
	for i := range a.devices {
		a.devices[i].id = id(i + 1)
	}
	a.reset.last = nil
	return a.encode(), true
}

// Read returns the state that a record holds, and what it is due at. The record must
// not be out of bounds.
func (r *RecordReader) Read(data []byte) (s spec.State, due time.Time, err error) {
	if len(data) == 0 {
		return spec.State{}, time.Time{}, nil
	}
	a, err := decode(data)
	if err != nil {
		return spec.State{}, time.Time{}, err
	}
	if bad := outOfBounds(a); bad != "" {
		return spec.State{}, time.Time{}, fmt.Errorf("out of bounds: %s", bad)
	}
	return r.state(a), a.due(), nil
}

func (r *RecordReader) state(a *account) spec.State {
	s := spec.State{Stored: true, Emptied: spec.At(a.emptied), Login: r.codes(&a.loginCodes), Account: r.codes(&a.accountCodes)}
	if p := a.pin; p != nil {
		s.PIN = spec.HeldPIN{Digits: fuzzUnhash(p.sum), SetAt: spec.At(p.setAt)}
	}
	for i, d := range a.devices {
		s.Devices[i] = spec.Device{ID: r.Device(d.id), Secret: r.secret(&d.secret), EnrolledAt: spec.At(d.enrolledAt), Used: spec.At(d.usedAt)}
	}
	if a.authenticator != nil {
		s.Authenticator = r.secret(a.authenticator)
	}
	if p := a.pending; p != nil {
		s.Waiting = spec.Waiting{Secret: r.secret(&p.secret), Wrong: p.wrong, Ends: spec.At(p.expiresAt)}
	}
	for i, b := range a.budgets {
		s.Budgets[spec.KindNamed(string(kinds[i]))] = spec.Budget{Wrong: b.wrong, Until: spec.At(b.until)}
	}
	s.Guard = spec.Guard{Strikes: a.reset.strikes, Hold: spec.At(a.reset.hold)}
	if w := a.reset.wipe; w != nil {
		s.Wipe = spec.Wipe{ID: r.name(w.id, r.Wipes), At: spec.At(w.at), Reason: spec.Strikes, Stage: spec.Done}
		if w.reason == ReasonForfeited {
			s.Wipe.Reason = spec.Forfeited
		}
		if !w.done {
			s.Wipe.Stage, s.Wipe.Tries, s.Wipe.Retry = spec.Pending, w.tries, spec.At(w.retryAt)
		}
	}
	if len(a.imported) > 0 {
		s.Imported = 1 << 63 // something
	}
	return s
}

func (r *RecordReader) codes(c *codes) spec.Codes {
	read := func(c code) spec.Issued { return spec.Issued{Code: r.Code(c.digits), Ends: spec.At(c.expiresAt)} }
	all := spec.Codes{Hold: spec.At(c.hold)}
	if c.live != nil {
		all.Live = read(*c.live)
	}
	for i, s := range c.spent {
		all.Spent[i] = read(s)
	}
	return all
}

func (r *RecordReader) secret(s *secret) spec.Secret {
	return spec.Secret{
		Key: r.Key(s.key), Last: s.step, Period: int32(s.period / time.Second), Digits: uint8(s.digits), Algorithm: spec.Algorithm(s.algorithm),
	}
}

// Code names an issued code, and Key a key.
func (r *RecordReader) Code(digits string) spec.Name { return name(r, digits, r.Codes) }

// Key names a key.
func (r *RecordReader) Key(key []byte) spec.Name { return name(r, string(key), r.Keys) }

func (r *RecordReader) name(id uuid.UUID, of map[uuid.UUID]spec.Name) spec.Name {
	return name(r, id, of)
}

func name[T comparable](r *RecordReader, what T, of map[T]spec.Name) spec.Name {
	if of[what] == 0 {
		r.last++
		of[what] = r.last
	}
	return of[what]
}

// fuzzUnhash is the PIN that a sum is of, or one that nobody can give.
func fuzzUnhash(sum []byte) string {
	if len(sum) == sumSize {
		if n := int(sum[0])<<8 + int(sum[1]); n > 0 && n <= sumSize-2 {
			if pin := sum[2 : 2+n]; slices.Equal(fuzzHash(pin), sum) {
				return string(pin)
			}
		}
	}
	return "nobody's"
}

// ReadableHash makes the PINs of v's records readable.
func ReadableHash(v *Verifier) {
	v.hasher.derive = func(password, _ []byte, _, _ uint32, _ uint8, _ uint32) []byte { return fuzzHash(password) }
}

// at is the code that the secret's owner sees.
func (s *secret) at(now time.Time) string { return codeAt(s, now.Unix()/int64(s.period/time.Second)) }
