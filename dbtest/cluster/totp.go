package cluster

import (
	"crypto/hmac"
	"crypto/sha1" // #nosec G505 -- RFC 6238's default.
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"time"
)

// totp is the code of a device's secret in a time step (RFC 4226 §5.3), by a
// generator of the test's own.
func totp(secret string, step int64) (string, error) {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, step)
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	value := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", digits, value%100_000_000), nil
}

// stepAt is the time step of an instant.
func stepAt(at time.Time) int64 { return at.Unix() / int64(period/time.Second) }
