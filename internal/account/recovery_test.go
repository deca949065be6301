package account_test

import (
	"github.com/knowhave/factor/internal/account"
)

// recoverySeed is what a set of recovery codes is made of in tables.
var recoverySeed = func() (seed account.RecoverySeed) {
	for i := range seed {
		seed[i] = byte(7 * i)
	}
	return seed
}()
