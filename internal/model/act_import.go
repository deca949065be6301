package model

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"github.com/pquerna/otp"
	"golang.org/x/crypto/argon2"
	"pgregory.net/rapid"
)

// importPool are secrets of other systems. There are few, so that the same ones
// are imported again and again, in the same place and in others.
var importPool = []string{
	"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "KRUGKIDROVUWG2ZAMJZG653OEBTG66BA",
}

// hashElsewhere hashes a PIN as another system does, as cheaply as is allowed.
func hashElsewhere(pin string) string {
	b64 := base64.RawStdEncoding.EncodeToString
	return "$argon2id$v=19$m=8,t=1,p=1$" + b64([]byte("elsewhere")) + "$" + b64(argon2.IDKey([]byte(pin), []byte("elsewhere"), 1, 8, 1, 16))
}

// A row is what a user holds in another system.
type row struct {
	pin     string
	auth    *elsewhere
	devices []elsewhere
}

// An elsewhere is a secret of another system.
type elsewhere struct {
	id     uuid.UUID
	text   string
	digits int
	last   int64 // 0: none is known
}

func (r row) String() string {
	s := "PIN " + r.pin
	if r.auth != nil {
		s += fmt.Sprintf(", authenticator %s, %d digits, last step %d", r.auth.text[:4], r.auth.digits, r.auth.last)
	}
	for _, d := range r.devices {
		s += fmt.Sprintf(", %s %s, %d digits, last step %d", deviceName(d.id), d.text[:4], d.digits, d.last)
	}
	return s
}

func (m *machine) drawElsewhere(t *rapid.T, id uuid.UUID) elsewhere {
	now := m.now.Unix() / 30
	return elsewhere{
		id: id, text: pick(t, "secret", importPool...), digits: pick(t, "digits", 6, 6, 6, 8),
		last: pick(t, "last step", 0, 0, max(0, now-1), max(0, now), max(0, now+10)),
	}
}

func (m *machine) drawRow(t *rapid.T) row {
	var r row
	if rapid.Bool().Draw(t, "a PIN") {
		r.pin = pick(t, "pin", "2580", "4826", "1111")
	}
	if rapid.Bool().Draw(t, "an authenticator") {
		s := m.drawElsewhere(t, uuid.Nil)
		r.auth = &s
	}
	for range pick(t, "devices", 0, 1, 1, 2) {
		r.devices = append(r.devices, m.drawElsewhere(t, pick(t, "device", devicePool[:3]...)))
	}
	return r
}

// given is the row as it is passed on.
func (r row) given() factor.Import {
	totp := func(s elsewhere) factor.ImportedTOTP {
		if s.digits == 6 {
			return factor.ImportedTOTP{Secret: s.text, LastStep: s.last}
		}
		return factor.ImportedTOTP{URL: fmt.Sprintf("otpauth://totp/x?secret=%s&digits=%d", s.text, s.digits), LastStep: s.last}
	}
	var held factor.Import
	if r.pin != "" {
		held.PIN = &factor.ImportedPIN{Hash: hashElsewhere(r.pin)}
	}
	if r.auth != nil {
		s := totp(*r.auth)
		held.Authenticator = &s
	}
	for _, d := range r.devices {
		held.Devices = append(held.Devices, factor.ImportedDevice{ID: d.id, TOTP: totp(d)})
	}
	return held
}

func (m *machine) imports(t *rapid.T) {
	name, r := m.drawUser(t), m.drawRow(t)
	o := m.do(func(ctx context.Context) error {
		return m.admin.Import(ctx, name.text, r.given())
	}, "Admin.Import(%v, %v)", name, r)

	e := &expectation{}
	defer m.compare(name.text, o, e)
	var bad badFields
	bad.user(name.text)
	bad.row(r)
	if bad.refuse(e) {
		return
	}
	u, ok := m.open(e, name.text)
	if !ok || !m.finishWipe(e, o, u) {
		return
	}
	if refused := m.refuses(u, r); refused != "" {
		e.unchanged(refused)
		return
	}
	e.stored("ok")
	m.takeOver(e, u, r)
}

// row checks a row for what can never be held.
func (b *badFields) row(r row) {
	b.check("Import", r.pin == "" && r.auth == nil && len(r.devices) == 0)
	ids, texts := map[uuid.UUID]bool{}, map[string]bool{}
	if r.auth != nil {
		texts[r.auth.text] = true
	}
	for n, d := range r.devices {
		b.check(fmt.Sprintf("Import.Devices[%d].ID", n), ids[d.id])
		b.check(fmt.Sprintf("Import.Devices[%d].TOTP", n), texts[d.text])
		ids[d.id], texts[d.text] = true, true
	}
}

// An importMark is what a holding is known by once it was imported.
func (s elsewhere) importMark() string { return fmt.Sprint(s.id, s.text, s.digits) }

// refuses returns what of a row keeps it from being taken over, "" if nothing.
// The rules look at one holding after the other.
func (m *machine) refuses(u *user, r row) string {
	if r.pin != "" && !u.imported[r.pin] && u.pin != "" {
		return "already enrolled, pin, -"
	}
	if r.auth != nil && !u.imported[r.auth.importMark()] {
		switch {
		case u.auth != nil:
			return "already enrolled, totp, -"
		case u.holderOf(r.auth.text) != nil:
			return "already enrolled, device-totp, " + deviceName(u.holderOf(r.auth.text).id)
		}
	}
	held := len(u.devices)
	for _, d := range r.devices {
		if u.imported[d.importMark()] {
			continue
		}
		switch holder := u.holderOf(d.text); {
		case u.device(d.id) != nil:
			return "already enrolled, device-totp, " + deviceName(d.id)
		case u.auth != nil && u.auth.text == d.text:
			return "already enrolled, totp, -"
		case holder != nil:
			return "already enrolled, device-totp, " + deviceName(holder.id)
		case held >= m.cfg.maxDevices:
			return "device limit"
		}
		held++
	}
	return ""
}

func (u *user) holderOf(text string) *device {
	for _, d := range u.devices {
		if d.secret.text == text {
			return d
		}
	}
	return nil
}

// takeOver gives the user what was not imported before. Counts stay.
func (m *machine) takeOver(e *expectation, u *user, r row) {
	first := func(mark string, k factor.Kind, id uuid.UUID) bool {
		if u.imported[mark] {
			return false
		}
		if u.imported == nil {
			u.imported = map[string]bool{}
		}
		u.imported[mark] = true
		e.full(factor.ActionImported, k, id, 0, noTime)
		return true
	}
	secretOf := func(s elsewhere) *secret {
		own := &secret{text: s.text, alg: otp.AlgorithmSHA1, digits: s.digits, period: 30 * time.Second, last: noStep}
		if s.last > 0 {
			own.last = s.last
		}
		u.oldSecrets = append(u.oldSecrets, own)
		return own
	}
	if r.pin != "" && first(r.pin, factor.KindPIN, uuid.Nil) {
		u.pin, u.pinSince = r.pin, m.now
		u.bindAnew()
	}
	if r.auth != nil && first(r.auth.importMark(), factor.KindTOTP, uuid.Nil) {
		u.auth = secretOf(*r.auth)
	}
	for _, d := range r.devices {
		if first(d.importMark(), factor.KindDeviceTOTP, d.id) {
			u.devices = append(u.devices, &device{id: d.id, enrolled: m.now, secret: secretOf(d)})
			u.bindAnew()
		}
	}
}
