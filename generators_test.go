package factor

import (
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// genInstant draws any instant that an account may hold: none, around 1970 and
// noon, and ten thousand years to either side.
func genInstant() *rapid.Generator[time.Time] {
	const span = 10000 * 365 * 24 * 3600 * 1000 // ms
	return rapid.OneOf(
		rapid.Just(time.Time{}),
		rapid.Map(rapid.Int64Range(-2, 2), unixMilli),
		rapid.Map(rapid.Int64Range(-span, span), unixMilli),
		genAround(noon),
	)
}

// genAround draws an instant within a day of another.
func genAround(t time.Time) *rapid.Generator[time.Time] {
	const day = int64(24 * time.Hour / time.Millisecond)
	return rapid.Map(rapid.OneOf(rapid.Int64Range(-2, 2), rapid.Int64Range(-day, day)),
		func(ms int64) time.Time { return t.Add(time.Duration(ms) * time.Millisecond) })
}

func unixMilli(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func genBytes(shortest, longest int) *rapid.Generator[[]byte] {
	return rapid.Map(rapid.SliceOfN(rapid.Byte(), shortest, longest), func(b []byte) []byte {
		if len(b) == 0 {
			return nil // the account knows no difference
		}
		return b
	})
}

func genSecret() *rapid.Generator[secret] {
	return rapid.Custom(func(t *rapid.T) secret {
		return secret{
			key:       genBytes(1, 64).Draw(t, "key"),
			algorithm: algorithm(rapid.IntRange(0, 2).Draw(t, "algorithm")),
			digits:    rapid.IntRange(6, 8).Draw(t, "digits"),
			period:    time.Duration(rapid.IntRange(1, 120).Draw(t, "period")) * time.Second,
			step:      rapid.OneOf(rapid.Int64Range(-1, 1), rapid.Int64Range(0, 1<<60)).Draw(t, "step"),
		}
	})
}

func genCodes(times *rapid.Generator[time.Time]) *rapid.Generator[codes] {
	one := rapid.Custom(func(t *rapid.T) code {
		return code{rapid.StringMatching("[0-9]{6,8}").Draw(t, "digits"), times.Draw(t, "expires")}
	})
	return rapid.Custom(func(t *rapid.T) codes {
		c := codes{live: rapid.Ptr(one, true).Draw(t, "live"), hold: times.Draw(t, "hold")}
		c.spent = orNil(rapid.SliceOfN(one, 0, spentKept).Draw(t, "spent"))
		return c
	})
}

func orNil[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}

// foreignHashes are of the PIN 8299.
var foreignHashes = []string{
	"$2a$04$NBPkQcVG.PKNtI21B/oc6OBQTAZvG05QG35k25drTJ6Eg55wOL9SK",
	"$2b$04$xNBPSLLfwJMmeM4ffQU4eunu.1lULhWlk69RcitsGjQxSw4a99LCO",
	"$2y$04$vOOGa5/ebRW1jrGRJG3wEO6yq.6MhWDyUlbs/KjeKoMeA4hoJBxya",
	"$argon2id$v=19$m=8,t=1,p=1$c2l4dGVlbiBvZiBzYWx0Lg$gRt7Sn4yApQFjvmEDfgSU4DoHb1Nl0qEcxxWACetPAU",
	"$argon2i$v=19$m=32,t=3,p=2$c2l4dGVlbiBvZiBzYWx0Lg$A8dELCmcXuknskpZ+NxcdQ",
	"$scrypt$ln=4,r=1,p=1$c2l4dGVlbiBvZiBzYWx0Lg$go4qOK6EBKi5yp603ihL8SXRm1h0/N1gNpaoL5N97AY",
	"$pbkdf2-sha256$i=7$c2l4dGVlbiBvZiBzYWx0Lg$KLRoy7+FfkmBDd1OPxHg18Bqx18/MgC+FIUzwtDmPf4",
	"bcrypt_sha256$$2b$04$xNBPSLLfwJMmeM4ffQU4euNs/B9jgOevAgHFGIUNuCsYK3bKhrKTy",
}

// genAccount draws a whole account whose instants are of times.
func genAccount(times *rapid.Generator[time.Time]) *rapid.Generator[*account] {
	id := rapid.Custom(func(t *rapid.T) (id uuid.UUID) {
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		return id
	})
	aPIN := rapid.Custom(func(t *rapid.T) pin {
		return pin{pinHash{
			memory: rapid.Uint32Range(0, maxHashMemory).Draw(t, "memory"), time: rapid.Uint32Range(1, maxHashTime).Draw(t, "passes"),
			threads: rapid.Uint8Min(1).Draw(t, "threads"), salt: genBytes(0, 32).Draw(t, "salt"), sum: genBytes(1, 64).Draw(t, "sum"),
		}, times.Draw(t, "set")}
	})
	aDevice := rapid.Custom(func(t *rapid.T) device {
		return device{id.Draw(t, "id"), genSecret().Draw(t, "secret"), times.Draw(t, "enrolled"), times.Draw(t, "used")}
	})
	aPending := rapid.Custom(func(t *rapid.T) pending {
		return pending{genSecret().Draw(t, "secret"), times.Draw(t, "expires"), rapid.IntRange(0, pendingTries).Draw(t, "wrong")}
	})
	aWipe := rapid.Custom(func(t *rapid.T) wipe {
		return wipe{
			id.Draw(t, "id"), times.Draw(t, "at"), rapid.SampledFrom([]WipeReason{ReasonStrikes, ReasonForfeited}).Draw(t, "reason"),
			rapid.Bool().Draw(t, "done"), rapid.IntRange(0, 1000).Draw(t, "tries"), times.Draw(t, "retry"),
		}
	})
	return rapid.Custom(func(t *rapid.T) *account {
		a := &account{}
		if rapid.Bool().Draw(t, "holds much") {
			a.pin = rapid.Ptr(aPIN, true).Draw(t, "pin")
			a.devices = orNil(rapid.SliceOfN(aDevice, 0, rapid.SampledFrom([]int{2, maxDevices}).Draw(t, "most")).Draw(t, "devices"))
			a.authenticator = rapid.Ptr(genSecret(), true).Draw(t, "authenticator")
			a.pending = rapid.Ptr(aPending, true).Draw(t, "pending")
			a.reset.wipe = rapid.Ptr(aWipe, true).Draw(t, "wipe")
		}
		if rapid.Bool().Draw(t, "has codes") {
			a.loginCodes, a.accountCodes = genCodes(times).Draw(t, "login"), genCodes(times).Draw(t, "account")
		}
		if rapid.Bool().Draw(t, "has counts") {
			for i := range a.budgets {
				a.budgets[i] = budget{rapid.IntRange(0, maxFailures).Draw(t, "wrong"), times.Draw(t, "until")}
			}
			a.reset.strikes, a.reset.hold = rapid.IntRange(0, maxFailures).Draw(t, "strikes"), times.Draw(t, "hold")
			a.reset.last = genBytes(0, 16).Draw(t, "last")
		}
		a.emptied = times.Draw(t, "emptied")
		if rapid.Bool().Draw(t, "was imported") {
			a.imported = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) (id importID) {
				copy(id[:], rapid.SliceOfN(rapid.Byte(), len(id), len(id)).Draw(t, "import"))
				return id
			}), 1, 12).Draw(t, "imported")
			if a.pin != nil && rapid.Bool().Draw(t, "foreign") {
				a.pin.pinHash = pinHash{sum: []byte(rapid.SampledFrom(foreignHashes).Draw(t, "hash"))}
			}
		}
		return a
	})
}
