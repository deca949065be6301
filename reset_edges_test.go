package factor

import (
	"testing"
	"time"

	"github.com/knowhave/factor/internal/totp"
)

// A device that is too young to count does not hide one behind it that is old
// enough, nor the other way round.
func TestGuardLooksPastADeviceThatIsTooYoung(t *testing.T) {
	s := secret{totp.Key{Secret: []byte("12345678901234567890"), Digits: 6, Period: 30 * time.Second}, noStep}
	other := secret{totp.Key{Secret: []byte("another secret, unlike it"), Digits: 6, Period: 30 * time.Second}, noStep}
	old := device{secret: s, enrolledAt: noon.Add(-time.Hour)}
	fresh := device{secret: other, enrolledAt: noon}
	for name, devices := range map[string][]device{"before": {fresh, old}, "behind": {old, fresh}} {
		try := attemptOn(t, &account{devices: devices}, Options{Reset: ResetOptions{MinAge: time.Hour}}, noon)
		if _, err := try.proveReset(Credentials{OTP: codeAt(&s, noon.Unix()/30)}); err != nil {
			t.Errorf("with a young device %s it, the old one's code is %v", name, err)
		}
	}
}
