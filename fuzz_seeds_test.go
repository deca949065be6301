package factor

import (
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// A SeedCall is what is arbitrary in a call.
type SeedCall struct {
	Record                   []byte // as it is encoded; empty: none
	User, OTP, Password, PIN string
	Choices                  uint64 // see the methods of fuzzCall
	At                       int64  // the time in Unix milliseconds
}

// SeedCalls are calls on a user who holds one of everything: with what is right
// in turn, and with what is not well-formed.
func SeedCalls() []SeedCall {
	const user, password = "ann@example.org", "right horse #1"
	a, at := fuzzPerson(), noon.UnixMilli()
	plain := SeedCall{Record: a.encode(), User: user, At: at, Choices: 3<<16 | 1<<20}
	with := func(change func(c *SeedCall)) SeedCall { c := plain; change(&c); return c }
	locked := fuzzPerson()
	for i := range locked.budgets {
		locked.budgets[i] = budget{wrong: 5, until: noon.Add(time.Minute)}
	}
	struck := fuzzPerson()
	struck.reset.strikes = 3
	wiped := fuzzPerson()
	wiped.reset.wipe = &wipe{id: uuid.UUID{1}, at: noon, reason: ReasonStrikes, retryAt: noon}
	return []SeedCall{
		with(func(c *SeedCall) { c.OTP = "120034"; c.Choices |= 2 }),
		with(func(c *SeedCall) { c.OTP = "560078"; c.Choices |= 1 }),
		with(func(c *SeedCall) { c.OTP = "120034"; c.Choices |= 2; c.At += 60_000 }),  // its end
		with(func(c *SeedCall) { c.OTP = "120034"; c.Choices |= 2; c.At -= 300_001 }), // further off than it lives
		with(func(c *SeedCall) { c.OTP = "340012"; c.Choices |= 2 }),                  // used
		with(func(c *SeedCall) { c.OTP = a.devices[0].at(noon); c.Choices ^= 2 << 16 }),
		with(func(c *SeedCall) { c.OTP = a.pending.secret.at(noon); c.Choices |= 3 }),
		with(func(c *SeedCall) { c.Password = password }),
		with(func(c *SeedCall) { c.PIN = "4826" }),
		with(func(c *SeedCall) { c.OTP, c.Password, c.PIN = "999999", "wrong #1", "9999" }),
		with(func(c *SeedCall) { c.Record = struck.encode(); c.OTP, c.PIN = "999999", "9999" }),
		with(func(c *SeedCall) { c.Record = locked.encode(); c.OTP, c.Password, c.PIN = "120034", password, "4826" }),
		with(func(c *SeedCall) { c.Record = locked.encode(); c.OTP, c.PIN, c.At = "120034", "4826", c.At+60_000 }), // unlocked by now
		with(func(c *SeedCall) { c.Record = wiped.encode(); c.Password, c.PIN = password, "4826" }),
		with(func(c *SeedCall) { c.Record = nil; c.Password = password }),
		with(func(c *SeedCall) { c.Record = []byte("damaged"); c.PIN = "4826" }),
		with(func(c *SeedCall) { c.User = "ann\x00"; c.PIN = "4826" }),
		with(func(c *SeedCall) { c.OTP, c.PIN = "12345 ", "٤٨٢٦" }),
		with(func(c *SeedCall) { c.Choices |= 0xffff << 24; c.PIN = "4826" }),
		with(func(c *SeedCall) { c.Record = nil; c.Password = foreignHashes[0] }),
		with(func(c *SeedCall) {
			c.Record = nil
			c.Choices |= 2 << 22
			c.Password = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
		}),
	}
}

// fuzzPerson holds one of everything, with the PIN 4826 and live codes 560078
// for the login and 120034 for the account.
func fuzzPerson() *account {
	a := everything()
	a.pin.sum = fuzzHash([]byte("4826"))
	a.devices[0].secret = secret{key: []byte("12345678901234567890"), digits: 6, period: 30 * time.Second, step: noStep}
	a.pending.wrong, a.pending.step = 0, noStep
	a.loginCodes = codes{live: &code{"560078", noon.Add(time.Minute)}}
	a.accountCodes = codes{live: &code{"120034", noon.Add(time.Minute)}, spent: []code{{"340012", noon.Add(time.Minute)}}}
	a.budgets, a.reset, a.emptied = [6]budget{}, reset{}, time.Time{}
	return a
}

// fuzzHash stands in for Argon2id, so that the PIN can be read off the record.
func fuzzHash(password []byte) []byte {
	sum := make([]byte, sumSize)
	binary.BigEndian.PutUint16(sum, uint16(len(password)))
	copy(sum[2:], password)
	return sum
}
