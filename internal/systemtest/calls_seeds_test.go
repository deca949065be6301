package systemtest

import (
	"encoding/binary"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
	"github.com/knowhave/factor/internal/pinhash/pinhashtest"
	"github.com/knowhave/factor/internal/totp"
)

// A seedCall is what is arbitrary in a call.
type seedCall struct {
	record                   []byte // as it is encoded; empty: none
	user, otp, password, pin string
	choices                  uint64 // see the methods of fuzzCall
	at                       int64  // the time in Unix milliseconds
}

// seedCalls are calls on a user who holds one of everything: with what is right
// in turn, and with what is not well-formed.
func seedCalls() []seedCall {
	const user, password = "ann@example.org", "right horse #1"
	a, at := fuzzPerson(), accounttest.Noon.UnixMilli()
	plain := seedCall{record: a.Encode(), user: user, at: at, choices: 3<<16 | 1<<20}
	with := func(change func(c *seedCall)) seedCall { c := plain; change(&c); return c }
	locked := fuzzPerson()
	for i := range locked.Budgets {
		locked.Budgets[i] = account.Budget{Wrong: 5, Until: accounttest.Noon.Add(time.Minute)}
	}
	struck := fuzzPerson()
	struck.Guard.Strikes = 3
	wiped := fuzzPerson()
	wiped.Guard.Wipe = &account.Wipe{ID: uuid.UUID{1}, At: accounttest.Noon, Reason: account.ReasonStrikes, RetryAt: accounttest.Noon}
	mailed := fuzzPerson()
	mailed.Notices.Waiting = nil
	for i, action := range account.NoticeActions {
		mailed.Notices.Add(account.Notice{ID: uuid.UUID{byte(i + 1)}, At: accounttest.Noon.Add(-time.Minute), Action: action})
	}
	full := fuzzPerson()
	for i := range 16 {
		full.Notices.Add(account.Notice{ID: uuid.UUID{byte(i + 1), 2}, At: accounttest.Noon, Action: "pin-set", Kind: account.Kinds[i%3]})
	}
	const notifies, mailDown = 1 << 43, 1 << 44
	return []seedCall{
		with(func(c *seedCall) { c.record = mailed.Encode(); c.password = password; c.choices |= notifies }),
		with(func(c *seedCall) { c.record = mailed.Encode(); c.password = password; c.choices |= notifies | mailDown }),
		with(func(c *seedCall) { c.record = mailed.Encode(); c.password = password; c.choices |= mailDown }),
		with(func(c *seedCall) { c.record = full.Encode(); c.password = password; c.choices |= notifies | mailDown }),
		with(func(c *seedCall) {
			c.record = full.Encode()
			c.password = password
			c.choices |= notifies
			c.at += 60_000
		}),
		with(func(c *seedCall) { c.otp = recoveryCode(0); c.choices |= 5 | 1<<41 | notifies }),
		with(func(c *seedCall) { c.record = struck.Encode(); c.otp, c.pin = "999999", "9999"; c.choices |= notifies }),
		with(func(c *seedCall) { c.record = wiped.Encode(); c.password = password; c.choices |= notifies }),
		with(func(c *seedCall) { c.otp = "120034"; c.choices |= 2 }),
		with(func(c *seedCall) { c.otp = "560078"; c.choices |= 1 }),
		with(func(c *seedCall) { c.otp = "120034"; c.choices |= 2; c.at += 60_000 }),  // its end
		with(func(c *seedCall) { c.otp = "120034"; c.choices |= 2; c.at -= 300_001 }), // further off than it lives
		with(func(c *seedCall) { c.otp = "340012"; c.choices |= 2 }),                  // used
		with(func(c *seedCall) { c.otp = codeNow(&a.Devices[0].TOTP); c.choices ^= 2 << 16 }),
		with(func(c *seedCall) { c.otp = codeNow(&a.Pending.TOTP); c.choices |= 3 }),
		with(func(c *seedCall) { c.otp = "780056"; c.choices |= 1 << 37 }),
		with(func(c *seedCall) { c.otp = "780057"; c.choices |= 2<<37 | 2 }),
		with(func(c *seedCall) { c.otp = "780057"; c.choices |= 3<<37 | 2 }), // the same parts, joined otherwise
		with(func(c *seedCall) { c.otp = "120034"; c.choices |= 1<<37 | 2 }), // for no purpose
		with(func(c *seedCall) { c.otp = "780056"; c.choices |= 2 }),         // for one
		with(func(c *seedCall) { c.otp = "340013"; c.choices |= 1<<37 | 2 }), // used
		with(func(c *seedCall) { c.otp, c.password = "120034", password; c.choices |= 6 << 37 }),
		with(func(c *seedCall) { c.otp = recoveryCode(0); c.choices |= 5 | 1<<41 }),
		with(func(c *seedCall) { c.otp = strings.ToUpper(recoveryCode(1)); c.choices |= 5 | 1<<41 }), // used
		with(func(c *seedCall) { c.otp = "0000-0000-0000-0000"; c.choices |= 5 | 1<<41 }),
		with(func(c *seedCall) { c.password = password }),
		with(func(c *seedCall) { c.password = password; c.choices |= 4 << 37 }),
		with(func(c *seedCall) { c.pin = "4826" }),
		with(func(c *seedCall) { c.otp, c.password, c.pin = "999999", "wrong #1", "9999" }),
		with(func(c *seedCall) { c.record = struck.Encode(); c.otp, c.pin = "999999", "9999" }),
		with(func(c *seedCall) { c.record = locked.Encode(); c.otp, c.password, c.pin = "120034", password, "4826" }),
		with(func(c *seedCall) { c.record = locked.Encode(); c.otp, c.pin, c.at = "120034", "4826", c.at+60_000 }), // unlocked by now
		with(func(c *seedCall) { c.record = wiped.Encode(); c.password, c.pin = password, "4826" }),
		with(func(c *seedCall) { c.record = nil; c.password = password }),
		with(func(c *seedCall) { c.record = []byte("damaged"); c.pin = "4826" }),
		with(func(c *seedCall) { c.user = "ann\x00"; c.pin = "4826" }),
		with(func(c *seedCall) { c.otp, c.pin = "12345 ", "٤٨٢٦" }),
		with(func(c *seedCall) { c.choices |= 0xffff << 24; c.pin = "4826" }),
		with(func(c *seedCall) { c.record = nil; c.password = pinhashtest.Imported[0] }),
		with(func(c *seedCall) {
			c.record = nil
			c.choices |= 2 << 22
			c.password = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
		}),
	}
}

// codeNow is what the owner of a key sees at noon.
func codeNow(s *account.TOTP) string { return accounttest.CodeAt(s, s.Step(accounttest.Noon)) }

// recoveryCode is one of those that fuzzPerson has, who has used the second.
func recoveryCode(n int) string {
	return (&account.Account{}).GenerateRecovery(account.RecoverySeed{})[n]
}

// fuzzPerson holds one of everything, with the PIN 4826 and live codes 560078
// for the login and 120034 for the account, and 780056 and 780057 for the first two
// purposes.
func fuzzPerson() *account.Account {
	a := accounttest.Everything()
	a.PIN.Sum = fuzzHash([]byte("4826"))
	a.Devices[0].TOTP = account.TOTP{Key: totp.Key{Secret: []byte("12345678901234567890"), Digits: 6, Period: 30 * time.Second}, LastStep: account.NoStep}
	a.Pending.Wrong, a.Pending.LastStep = 0, account.NoStep
	code := func(digits string, purpose ...string) account.Code {
		return account.Code{Digits: digits, Seal: accounttest.Seal(account.KindAccount, digits, purpose...), ExpiresAt: accounttest.Noon.Add(time.Minute)}
	}
	*a.Codes(account.KindLogin) = account.Codes{Live: []account.Code{code("560078")}}
	*a.Codes(account.KindAccount) = account.Codes{
		Live:  []account.Code{code("120034"), code("780056", purposes[0]...), code("780057", purposes[1]...), code("780058", "another")},
		Stale: []account.Code{code("340012"), code("340013", purposes[0]...)},
	}
	a.GenerateRecovery(account.RecoverySeed{})
	a.Recovery.Used = 2
	a.Budgets, a.Guard, a.Emptied = [len(account.Kinds)]account.Budget{}, account.Guard{}, time.Time{}
	return a
}

// fuzzHash stands in for Argon2id, so that the PIN can be read off the record.
func fuzzHash(password []byte) []byte {
	sum := make([]byte, 32)
	binary.BigEndian.PutUint16(sum, uint16(len(password)))
	copy(sum[2:], password)
	return sum
}
