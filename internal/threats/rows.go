package threats

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
)

// oldPINHash is a hash of oldPIN as Django writes it, with one iteration, so that
// checking it takes no time.
var oldPINHash = func() string {
	sum, err := pbkdf2.Key(sha256.New, oldPIN, []byte("salt"), 1, sha256.Size)
	if err != nil {
		panic(err)
	}
	return "pbkdf2_sha256$1$salt$" + base64.StdEncoding.EncodeToString(sum)
}()
