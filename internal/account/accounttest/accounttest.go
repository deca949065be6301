// Package accounttest draws accounts for tests, and checks the bounds that accounts
// keep.
package accounttest

import (
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor/internal/rfc6238"
	"pgregory.net/rapid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/pinhash/pinhashtest"
	"github.com/knowhave/factor/internal/totp"
)

// Instant draws any time that an account may hold: none, around 1970 and noon, and
// ten thousand years to either side.
func Instant() *rapid.Generator[time.Time] {
	const span = 10000 * 365 * 24 * 3600 * 1000 // ms
	return rapid.OneOf(
		rapid.Just(time.Time{}),
		rapid.Map(rapid.Int64Range(-2, 2), UnixMilli),
		rapid.Map(rapid.Int64Range(-span, span), UnixMilli),
		Around(Noon),
	)
}

// Around draws a time within a day of another.
func Around(t time.Time) *rapid.Generator[time.Time] {
	const day = int64(24 * time.Hour / time.Millisecond)
	return rapid.Map(rapid.OneOf(rapid.Int64Range(-2, 2), rapid.Int64Range(-day, day)),
		func(ms int64) time.Time { return t.Add(time.Duration(ms) * time.Millisecond) })
}

// UnixMilli returns a time as an account keeps it.
func UnixMilli(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func genBytes(shortest, longest int) *rapid.Generator[[]byte] {
	return rapid.Map(rapid.SliceOfN(rapid.Byte(), shortest, longest), func(b []byte) []byte {
		if len(b) == 0 {
			return nil // the account knows no difference
		}
		return b
	})
}

// TOTP draws a key and its last step.
func TOTP() *rapid.Generator[account.TOTP] {
	return rapid.Custom(func(t *rapid.T) account.TOTP {
		return account.TOTP{Key: totp.Key{
			Secret:    genBytes(1, 64).Draw(t, "key"),
			Algorithm: totp.Algorithm(rapid.IntRange(0, 2).Draw(t, "algorithm")),
			Digits:    rapid.IntRange(6, 8).Draw(t, "digits"),
			Period:    time.Duration(rapid.IntRange(1, 120).Draw(t, "period")) * time.Second,
		}, LastStep: rapid.OneOf(rapid.Int64Range(-1, 1), rapid.Int64Range(0, 1<<60)).Draw(t, "step")}
	})
}

// Codes draws the issued codes of a kind, with times drawn from times.
func Codes(times *rapid.Generator[time.Time]) *rapid.Generator[account.Codes] {
	one := rapid.Custom(func(t *rapid.T) account.Code {
		return account.Code{
			Digits: rapid.StringMatching("[0-9]{6,8}").Draw(t, "digits"),
			Seal:   rapid.OneOf(rapid.Just(account.Seal{}), genSeal).Draw(t, "seal"), ExpiresAt: times.Draw(t, "expires"),
		}
	})
	return rapid.Custom(func(t *rapid.T) account.Codes {
		c := account.Codes{Live: OrNil(rapid.SliceOfN(one, 0, 4).Draw(t, "live")), NotBefore: times.Draw(t, "hold")}
		c.Stale = OrNil(rapid.SliceOfN(one, 0, 8).Draw(t, "stale"))
		return c
	})
}

var genSeal = rapid.Custom(func(t *rapid.T) (s account.Seal) {
	copy(s[:], rapid.SliceOfN(rapid.Byte(), len(s), len(s)).Draw(t, "seal"))
	return s
})

func recovery() *rapid.Generator[account.Recovery] {
	return rapid.Custom(func(t *rapid.T) (s account.Recovery) {
		random := rapid.SliceOfN(rapid.Byte(), len(s.Salt)+80, len(s.Salt)+80).Draw(t, "salt and hashes")
		random = random[copy(s.Salt[:], random):]
		for i := range s.Hashes {
			copy(s.Hashes[i][:], random[8*i:])
		}
		s.Used = rapid.Uint16Range(0, 1<<account.RecoveryCodes-1).Draw(t, "used")
		return s
	})
}

func notices(times *rapid.Generator[time.Time]) *rapid.Generator[account.Notices] {
	return rapid.Custom(func(t *rapid.T) account.Notices {
		n := account.Notices{
			Waiting: OrNil(rapid.SliceOfN(Notice(times), 0, 16).Draw(t, "waiting")), Dropped: rapid.IntRange(0, 300).Draw(t, "dropped"),
			Tries: rapid.IntRange(0, 6).Draw(t, "tries"), RetryAt: times.Draw(t, "retry"),
		}
		if n.Waiting == nil && n.Dropped == 0 || n.RetryAt.IsZero() {
			return account.Notices{}
		}
		return n
	})
}

// Notice draws a notice. Few notices differ in what they say.
func Notice(times *rapid.Generator[time.Time]) *rapid.Generator[account.Notice] {
	return rapid.Custom(func(t *rapid.T) account.Notice {
		n := account.Notice{ID: id().Draw(t, "id"), At: times.Draw(t, "at"), Action: rapid.SampledFrom(account.NoticeActions[:]).Draw(t, "action")}
		n.Kind = rapid.SampledFrom(append([]account.Kind{""}, account.Kinds[:]...)).Draw(t, "kind")
		if rapid.Bool().Draw(t, "of a device") {
			n.Device = id().Draw(t, "device")
		}
		return n
	})
}

// OrNil returns nil for an empty list, as decoding does.
func OrNil[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}

// Any draws a whole account, with times drawn from times.
func Any(times *rapid.Generator[time.Time]) *rapid.Generator[*account.Account] {
	return rapid.Custom(func(t *rapid.T) *account.Account {
		a := &account.Account{}
		if rapid.Bool().Draw(t, "holds much") {
			a.PIN = rapid.Ptr(pin(times), true).Draw(t, "pin")
			a.Devices = OrNil(rapid.SliceOfN(device(times), 0, rapid.SampledFrom([]int{2, account.MaxDevices}).Draw(t, "most")).Draw(t, "devices"))
			a.Authenticator = rapid.Ptr(authenticator(times), true).Draw(t, "authenticator")
			a.Pending = rapid.Ptr(pending(times), true).Draw(t, "pending")
			a.Guard.Wipe = rapid.Ptr(wipe(times), true).Draw(t, "wipe")
			a.Recovery = rapid.Ptr(recovery(), true).Draw(t, "recovery codes")
		}
		if rapid.Bool().Draw(t, "has codes") {
			for _, k := range account.IssuedKinds {
				*a.Codes(k) = Codes(times).Draw(t, string(k))
			}
		}
		if rapid.Bool().Draw(t, "has counts") {
			for i := range a.Budgets {
				a.Budgets[i] = account.Budget{Wrong: rapid.IntRange(0, account.MaxFailures).Draw(t, "wrong"), Until: times.Draw(t, "until")}
			}
			a.Guard.Strikes, a.Guard.NotBefore = rapid.IntRange(0, account.MaxFailures).Draw(t, "strikes"), times.Draw(t, "hold")
			a.Guard.LastWrong = genBytes(0, 16).Draw(t, "last")
		}
		if rapid.Bool().Draw(t, "has notices") {
			a.Notices = notices(times).Draw(t, "notices")
		}
		a.Emptied = times.Draw(t, "emptied")
		a.PasswordChanges = rapid.Int64Range(0, 300).Draw(t, "password changes")
		if rapid.Bool().Draw(t, "lost something") {
			a.Guard.HoldUntil = times.Draw(t, "hold of what was removed")
			a.Marks = OrNil(rapid.SliceOfN(mark(), 0, 12).Draw(t, "marks"))
		}
		if a.PIN != nil && rapid.Bool().Draw(t, "imported") {
			a.PIN.Hash = account.Hash{Sum: []byte(rapid.SampledFrom(pinhashtest.Imported).Draw(t, "hash"))}
		}
		return a
	})
}

func pin(times *rapid.Generator[time.Time]) *rapid.Generator[account.PIN] {
	return rapid.Custom(func(t *rapid.T) account.PIN {
		return account.PIN{Hash: account.Hash{
			Memory: rapid.Uint32Range(0, account.MaxHashMemory).Draw(t, "memory"), Time: rapid.Uint32Range(1, account.MaxHashTime).Draw(t, "passes"),
			Threads: rapid.Uint8Min(1).Draw(t, "threads"), Salt: genBytes(0, 32).Draw(t, "salt"), Sum: genBytes(1, 64).Draw(t, "sum"),
		}, SetAt: times.Draw(t, "set")}
	})
}

func device(times *rapid.Generator[time.Time]) *rapid.Generator[account.Device] {
	return rapid.Custom(func(t *rapid.T) account.Device {
		return account.Device{ID: id().Draw(t, "id"), TOTP: TOTP().Draw(t, "secret"), EnrolledAt: times.Draw(t, "enrolled"), UsedAt: times.Draw(t, "used")}
	})
}

func authenticator(times *rapid.Generator[time.Time]) *rapid.Generator[account.Authenticator] {
	return rapid.Custom(func(t *rapid.T) account.Authenticator {
		return account.Authenticator{TOTP: TOTP().Draw(t, "secret"), ConfirmedAt: times.Draw(t, "confirmed")}
	})
}

func pending(times *rapid.Generator[time.Time]) *rapid.Generator[account.Pending] {
	return rapid.Custom(func(t *rapid.T) account.Pending {
		return account.Pending{
			TOTP: TOTP().Draw(t, "secret"), ExpiresAt: times.Draw(t, "expires"), Wrong: rapid.IntRange(0, 5).Draw(t, "wrong"),
			Replaced: rapid.Ptr(replaced(times), true).Draw(t, "replaced"),
		}
	})
}

func replaced(times *rapid.Generator[time.Time]) *rapid.Generator[account.Replaced] {
	return rapid.Custom(func(t *rapid.T) account.Replaced {
		return account.Replaced{TOTP: TOTP().Draw(t, "secret"), ExpiresAt: times.Draw(t, "expires")}
	})
}

func wipe(times *rapid.Generator[time.Time]) *rapid.Generator[account.Wipe] {
	return rapid.Custom(func(t *rapid.T) account.Wipe {
		return account.Wipe{
			ID: id().Draw(t, "id"), At: times.Draw(t, "at"), Reason: rapid.SampledFrom([]account.WipeReason{account.ReasonStrikes, account.ReasonForfeited}).Draw(t, "reason"),
			Done: rapid.Bool().Draw(t, "done"), Tries: rapid.IntRange(0, 1000).Draw(t, "tries"), RetryAt: times.Draw(t, "retry"),
		}
	})
}

func id() *rapid.Generator[uuid.UUID] {
	return rapid.Custom(func(t *rapid.T) (id uuid.UUID) {
		copy(id[:], rapid.SliceOfN(rapid.Byte(), len(id), len(id)).Draw(t, "id"))
		return id
	})
}

func mark() *rapid.Generator[account.Mark] {
	return rapid.Custom(func(t *rapid.T) (m account.Mark) {
		copy(m[:], rapid.SliceOfN(rapid.Byte(), len(m), len(m)).Draw(t, "mark"))
		return m
	})
}

// Decode returns what was encoded.
func Decode(data []byte) (*account.Account, error) {
	a := &account.Account{}
	if err := a.Decode(data); err != nil {
		return nil, err
	}
	return a, nil
}

// Clone returns an account that shares nothing with a.
func Clone(t interface{ Fatal(...any) }, a *account.Account) *account.Account {
	b, err := Decode(a.Encode())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Everything returns an account that holds one of each thing.
func Everything() *account.Account {
	id := uuid.MustParse("01234567-89ab-cdef-0123-456789abcdef")
	s := account.TOTP{Key: totp.Key{Secret: []byte("12345678901234567890"), Algorithm: 2, Digits: 8, Period: 2 * time.Minute}, LastStep: 14_000_000}
	small := account.TOTP{Key: totp.Key{Secret: []byte{1}, Digits: 6, Period: time.Second}, LastStep: account.NoStep}
	a := &account.Account{
		PIN:           &account.PIN{Hash: account.Hash{Memory: 19456, Time: 2, Threads: 1, Salt: []byte("sixteen of salt."), Sum: []byte("thirty-two bytes that are no sum")}, SetAt: Noon},
		Devices:       []account.Device{{ID: id, TOTP: s, EnrolledAt: Noon, UsedAt: time.Time{}}},
		Authenticator: &account.Authenticator{TOTP: small, ConfirmedAt: Noon},
		Pending:       &account.Pending{TOTP: s, ExpiresAt: Noon.Add(time.Minute), Wrong: 3, Replaced: &account.Replaced{TOTP: small, ExpiresAt: Noon}},
		Guard: account.Guard{Strikes: 2, NotBefore: Noon, LastWrong: []byte("last"), HoldUntil: Noon.Add(time.Hour), Wipe: &account.Wipe{
			ID: id, At: Noon, Reason: account.ReasonForfeited, Done: true, Tries: 300, RetryAt: Noon}},
		Recovery: &account.Recovery{Salt: [16]byte([]byte("sixteen of salt.")), Used: 0x204, Hashes: [10][8]byte{{1}, 2: {2}, 9: {7: 3}}},
		Notices:  account.Notices{Waiting: []account.Notice{{ID: id, At: Noon, Action: "revoked", Kind: account.KindDeviceTOTP, Device: id}, {ID: id, Action: "wipe-done"}}, Dropped: 200, Tries: 3, RetryAt: Noon},
		Marks:    []account.Mark{{1, 2, 3, 4, 5, 6, 7, 8}, {9}},
		Emptied:  Noon,
	}
	*a.Codes(account.KindLogin) = account.Codes{
		Live:  []account.Code{{Digits: "012345", ExpiresAt: Noon}, {Digits: "0123456", Seal: account.Seal{0: 1, 15: 2}, ExpiresAt: Noon}},
		Stale: []account.Code{{Digits: "00000000", ExpiresAt: UnixMilli(-1)}, {Digits: "1234567", ExpiresAt: Noon}},
	}
	a.Codes(account.KindAccount).NotBefore = UnixMilli(0)
	for wrong, k := range account.Kinds {
		*a.Budget(k) = account.Budget{Wrong: wrong, Until: Noon}
	}
	*a.Budget(account.KindPassword) = account.Budget{Wrong: 100}
	return a
}

// Noon is the time of the tables.
var Noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// century is the longest duration that Options allow.
const century = 100 * 365 * 24 * time.Hour

// Limit draws a Limit within the bounds of Options, of a few milliseconds or years.
func Limit() *rapid.Generator[account.Limit] {
	return rapid.Custom(func(t *rapid.T) account.Limit {
		l := account.Limit{Tries: rapid.IntRange(1, 12).Draw(t, "tries")}
		l.Final = rapid.IntRange(l.Tries+1, min(l.Tries+12, account.MaxFailures)).Draw(t, "final")
		unit := rapid.SampledFrom([]time.Duration{time.Millisecond, time.Second, time.Hour, century / 100}).Draw(t, "unit")
		l.Delay = time.Duration(rapid.IntRange(1, 100).Draw(t, "delay")) * unit
		l.MaxDelay = l.Delay * time.Duration(rapid.Int64Range(1, min(50, int64(century/l.Delay))).Draw(t, "max"))
		return l
	})
}

// CodeAt returns the code of a step, computed by another library.
func CodeAt(s *account.TOTP, step int64) string {
	return rfc6238.Code(s.Secret, s.Algorithm.String(), s.Digits, step)
}
