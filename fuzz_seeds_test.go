package factor

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/google/uuid"
)

// fuzzSeeds are calls on a user who holds one of everything: with what is right
// in turn, and with what is not well-formed.
func fuzzSeeds() []fuzzCall {
	const user, password = "ann@example.org", "right horse #1"
	a, at := fuzzPerson(), noon.UnixMilli()
	plain := fuzzCall{record: a.encode(), user: user, at: at, choices: 3<<16 | 1<<20}
	with := func(change func(c *fuzzCall)) fuzzCall { c := plain; change(&c); return c }
	locked := fuzzPerson()
	for i := range locked.budgets {
		locked.budgets[i] = budget{wrong: 5, until: noon.Add(time.Minute)}
	}
	struck := fuzzPerson()
	struck.reset.strikes = 3
	wiped := fuzzPerson()
	wiped.reset.wipe = &wipe{id: uuid.UUID{1}, at: noon, reason: ReasonStrikes, retryAt: noon}
	return []fuzzCall{
		with(func(c *fuzzCall) { c.otp = "120034"; c.choices |= 2 }),
		with(func(c *fuzzCall) { c.otp = "560078"; c.choices |= 1 }),
		with(func(c *fuzzCall) { c.otp = "120034"; c.choices |= 2; c.at += 60_000 }),  // its end
		with(func(c *fuzzCall) { c.otp = "120034"; c.choices |= 2; c.at -= 300_001 }), // further off than it lives
		with(func(c *fuzzCall) { c.otp = "340012"; c.choices |= 2 }),                  // used
		with(func(c *fuzzCall) { c.otp = a.devices[0].at(noon); c.choices ^= 2 << 16 }),
		with(func(c *fuzzCall) { c.otp = a.pending.secret.at(noon); c.choices |= 3 }),
		with(func(c *fuzzCall) { c.password = password }),
		with(func(c *fuzzCall) { c.pin = "4826" }),
		with(func(c *fuzzCall) { c.otp, c.password, c.pin = "999999", "wrong #1", "9999" }),
		with(func(c *fuzzCall) { c.record = struck.encode(); c.otp, c.pin = "999999", "9999" }),
		with(func(c *fuzzCall) { c.record = locked.encode(); c.otp, c.password, c.pin = "120034", password, "4826" }),
		with(func(c *fuzzCall) { c.record = locked.encode(); c.otp, c.pin, c.at = "120034", "4826", c.at+60_000 }), // unlocked by now
		with(func(c *fuzzCall) { c.record = wiped.encode(); c.password, c.pin = password, "4826" }),
		with(func(c *fuzzCall) { c.record = nil; c.password = password }),
		with(func(c *fuzzCall) { c.record = []byte("damaged"); c.pin = "4826" }),
		with(func(c *fuzzCall) { c.user = "ann\x00"; c.pin = "4826" }),
		with(func(c *fuzzCall) { c.otp, c.pin = "12345 ", "٤٨٢٦" }),
		with(func(c *fuzzCall) { c.choices |= 0xffff << 24; c.pin = "4826" }),
		with(func(c *fuzzCall) { c.record = nil; c.password = foreignHashes[0] }),
		with(func(c *fuzzCall) {
			c.record = nil
			c.choices |= 2 << 22
			c.password = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
		}),
	}
}

// fuzzPerson holds one of everything, with the PIN 4826 and live codes 560078
// for the login and 120034 for the account.
func fuzzPerson() *account {
	a := everything()
	a.pin.Sum = fuzzHash([]byte("4826"))
	a.devices[0].secret = secret{key: []byte("12345678901234567890"), digits: 6, period: 30 * time.Second, step: noStep}
	a.pending.wrong, a.pending.step = 0, noStep
	a.loginCodes = codes{live: &code{"560078", noon.Add(time.Minute)}}
	a.accountCodes = codes{live: &code{"120034", noon.Add(time.Minute)}, spent: []code{{"340012", noon.Add(time.Minute)}}}
	a.budgets, a.reset, a.emptied = [6]budget{}, reset{}, time.Time{}
	return a
}

// fuzzHash stands in for Argon2id, so that the PIN can be read off the record.
func fuzzHash(password []byte) []byte {
	sum := make([]byte, 32)
	binary.BigEndian.PutUint16(sum, uint16(len(password)))
	copy(sum[2:], password)
	return sum
}

var errFuzz = errors.New("made to fail")
