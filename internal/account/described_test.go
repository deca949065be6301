package account

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor/internal/totp"
)

func describedTOTP(first byte) DescribedTOTP {
	key := []byte("x2345678901234567890")
	key[0] = first
	return DescribedTOTP{Description: totp.Description{Key: key}}
}

// Parse returns the holdings in an account's form, or refuses the bad field.
func TestDescribedIsParsedOrRefused(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	step := now.Unix() / 30
	for _, c := range []struct {
		name   string
		change func(d *Described)
		field  string // that is refused
	}{
		{"as it is", func(*Described) {}, ""},
		{"a key that is none", func(d *Described) { d.Authenticator.Key = []byte("short") }, "Authenticator.Key"},
		{"a step before the first", func(d *Described) { d.Authenticator.LastStep = -1 }, "Authenticator.LastStep"},
		{"a step as far ahead as a clock may be", func(d *Described) { d.Devices[0].TOTP.LastStep = step + totp.MaxSkew }, ""},
		{"a step in the future", func(d *Described) { d.Devices[0].TOTP.LastStep = step + totp.MaxSkew + 1 }, "Devices[0].TOTP.LastStep"},
		{"a PIN as old as Unix", func(d *Described) { d.PIN.SetAt = time.Unix(0, 0) }, ""},
		{"a PIN of before", func(d *Described) { d.PIN.SetAt = time.Unix(-1, 0) }, "PIN.SetAt"},
		{"a device of as far ahead as a clock may be", func(d *Described) { d.Devices[1].EnrolledAt = now.Add(ClockSlack) }, ""},
		{"a device of the future", func(d *Described) { d.Devices[1].EnrolledAt = now.Add(ClockSlack + 1) }, "Devices[1].EnrolledAt"},
		{"used in the future", func(d *Described) { d.Devices[1].UsedAt = now.Add(ClockSlack + 1) }, "Devices[1].UsedAt"},
		{"no ID", func(d *Described) { d.Devices[1].ID = uuid.Nil }, "Devices[1].ID"},
		{"an ID twice", func(d *Described) { d.Devices[1].ID = d.Devices[0].ID }, "Devices[1].ID"},
		{"the authenticator's secret", func(d *Described) { d.Devices[1].TOTP = *d.Authenticator }, "Devices[1].TOTP"},
		{"another device's secret", func(d *Described) { d.Devices[1].TOTP = d.Devices[0].TOTP }, "Devices[1].TOTP"},
	} {
		app := describedTOTP('a')
		d := Described{
			PIN: &PIN{Hash: Hash{Sum: []byte("a hash")}}, Authenticator: &app,
			Devices: []DescribedDevice{{ID: uuid.UUID{1}, TOTP: describedTOTP('b')}, {ID: uuid.UUID{2}, TOTP: describedTOTP('c')}},
		}
		c.change(&d)
		held, refused := d.Parse(now)
		switch {
		case c.field == "" && refused != nil:
			t.Errorf("%s: refused, because %s %s", c.name, refused.Field, refused.Reason)
		case c.field != "" && (refused == nil || refused.Field != c.field || refused.Reason == ""):
			t.Errorf("%s: %+v, want the field %s", c.name, refused, c.field)
		case c.field == "" && (held.PIN == nil || held.Authenticator == nil || len(held.Devices) != 2):
			t.Errorf("%s: %+v", c.name, held)
		}
	}
}

func TestWhatIsNotDescribedHasItsDefault(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	before := now.Add(-time.Hour)
	known := describedTOTP('b')
	known.LastStep = 7
	held, refused := Described{PIN: &PIN{}, Devices: []DescribedDevice{
		{ID: uuid.UUID{1}, TOTP: describedTOTP('a')},
		{ID: uuid.UUID{2}, TOTP: known, EnrolledAt: before.In(time.FixedZone("east", 3600)).Add(time.Microsecond), UsedAt: before},
	}}.Parse(now)
	if refused != nil || held.Authenticator != nil {
		t.Fatalf("%+v, %+v", held, refused)
	}
	first, second := held.Devices[0], held.Devices[1]
	if held.PIN.SetAt != now || first.EnrolledAt != now || !first.UsedAt.IsZero() || first.LastStep != NoStep {
		t.Errorf("the PIN is of %v, the device %+v", held.PIN.SetAt, first)
	}
	if second.EnrolledAt != before || second.UsedAt != before || second.LastStep != 7 {
		t.Errorf("%+v", second)
	}
	if held, refused := (Described{}).Parse(now); refused != nil || held.PIN != nil || held.Authenticator != nil || held.Devices != nil {
		t.Errorf("of nothing: %+v, %+v", held, refused)
	}
}
