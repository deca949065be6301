package factor

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor/internal/totp"
)

// Wherever the fields end within their padding, a record of which the end is
// missing is refused, even if only zeros are missing, and so is one with more
// padding than it needs.
func TestCodecWritesEachAccountInOneWayOnly(t *testing.T) {
	for n := range 2 * padTo {
		a := &account{reset: reset{last: bytes.Repeat([]byte{0xff}, n)}}
		data := a.encode()
		if _, err := decode(data); err != nil {
			t.Fatal(err)
		}
		for end := 0; end < len(data); end += padTo {
			if _, err := decode(data[:end]); err == nil {
				t.Errorf("the first %d of %d bytes are taken for a whole account", end, len(data))
			}
		}
		if _, err := decode(append(data, make([]byte, padTo)...)); err == nil {
			t.Errorf("%d bytes of padding too many are accepted", padTo)
		}
	}
}

// The largest number there is keeps what is computed from it from overflowing.
func TestCodecRefusesNumbersBeyondItsLargest(t *testing.T) {
	holding := func(step int64) *account {
		return &account{authenticator: &secret{totp.Key{Secret: []byte{1}, Digits: 6, Period: time.Second}, step}}
	}
	const largest = 4_611_686_018_427_387_903 // 2^62 - 1
	got, err := decode(holding(largest - 1).encode())
	if err != nil || got.authenticator.step != largest-1 {
		t.Errorf("the last step came back as %+v, %v", got, err)
	}
	for _, step := range []int64{largest, largest + 1, largest + 2} {
		if _, err := decode(holding(step).encode()); err == nil {
			t.Errorf("step %d is accepted", step)
		}
	}
}

// Each check encodes and decodes once, so these are the allocations that it pays.
func TestCodecAllocatesNoMoreThanItReturns(t *testing.T) {
	data, room := benchAccounts()["one device"].encode(), make([]device, 1)
	if n := testing.AllocsPerRun(10, func() {
		a := account{devices: room[:0]}
		if err := a.decode(data); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("an account with room for its device is decoded in %v allocations, want 0", n)
	}
	for name, a := range benchAccounts() {
		var data []byte
		if n := testing.AllocsPerRun(10, func() { data = a.encode() }); n != 1 || cap(data) != len(data) {
			t.Errorf("%s: encoded in %v allocations, %d bytes in room for %d", name, n, len(data), cap(data))
		}
	}
}

// Room that was used before shows nothing of what it held.
func TestDecodingInPlaceLeavesNothingOfWhatWasThere(t *testing.T) {
	for _, devices := range []int{0, 1, 2, 3} {
		want := everything()
		want.devices = nil
		for i := range devices {
			want.devices = append(want.devices, device{id: uuid.UUID{byte(i)}, secret: secret{Key: totp.Key{Secret: []byte{1}, Digits: 6, Period: time.Second}}})
		}
		used := everything().devices[0]
		used.usedAt = noon
		room := []device{used, used}
		got := &account{devices: room[:0]}
		if err := got.decode(want.encode()); err != nil {
			t.Fatal(err)
		}
		sameAccount(t, got, want)
		if inPlace := devices > 0 && &got.devices[0] == &room[0]; inPlace != (devices == 1 || devices == 2) {
			t.Errorf("%d devices are in the room for two: %v", devices, inPlace)
		}
	}
}
