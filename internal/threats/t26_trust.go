package threats

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// Threat26TrustedRequest looks for facts that a request could bring along, and
// decodes hostile bodies into every exported type: what a caller may pass is only
// names and credentials, and they are judged.
func Threat26TrustedRequest(t *testing.T, env Env) {
	t.Run("signatures", func(t *testing.T) { inspectSignatures(t, env) })
	t.Run("bodies", func(t *testing.T) { decodeBodies(t, env) })
	t.Run("registration", func(t *testing.T) { enrolAround(t, env) })
}

// harmless are the types that methods take: names, credentials and waiting.
var harmless = []reflect.Type{
	reflect.TypeFor[context.Context](), reflect.TypeFor[string](), reflect.TypeFor[factor.Kind](), reflect.TypeFor[[]factor.Kind](),
	reflect.TypeFor[factor.Credentials](), reflect.TypeFor[uuid.UUID](), reflect.TypeFor[time.Duration](),
}

func inspectSignatures(t *testing.T, env Env) {
	w := newWorld(t, env, nil)
	for name, m := range w.methods(t) {
		if name[:5] == "Admin" {
			continue // The host's own acts.
		}
		for i := 1; i < m.Type.NumIn(); i++ {
			if in := m.Type.In(i); !slices.Contains(harmless, in) {
				t.Errorf("%s takes a %s: a fact that a request must not bring", name, in)
			}
			if m.Type.In(i) == reflect.TypeFor[time.Duration]() && name != "PINs.Wait" {
				t.Errorf("%s takes a time", name)
			}
		}
	}
	for f := range reflect.TypeFor[factor.Credentials]().Fields() {
		if f.Type.Kind() != reflect.String {
			t.Errorf("Credentials.%s is a %s, so it is no credential", f.Name, f.Type)
		}
	}
	if reflect.TypeFor[factor.Credentials]().NumField() != 3 {
		t.Error("Credentials has a new field: say here how it is judged")
	}
	if reflect.TypeOf(factor.Options{}.RegisteredAt).Kind() != reflect.Func {
		t.Error("RegisteredAt is no callback")
	}
	if _, ok := w.methods(t)["ResetGuard.Forfeit"]; !ok {
		t.Error("forfeiting is no method of its own")
	}
}

// decodeBodies decodes a body that claims everything, and passes on what a caller
// can pass on.
func decodeBodies(t *testing.T, env Env) {
	w := newWorld(t, env, nil)
	p := w.person()
	w.clock.Turn(time.Hour)
	body := []byte(`{"skip":true,"Skip":true,"verified":true,"Kind":"pin","Device":"` + p.device.String() + `","RegisteredAt":"2031-03-05T08:11:02Z",
		"registeredAt":"2031-03-05T08:11:02Z","EnrolledAt":"2031-03-05T08:11:02Z","PIN":true,"Authenticator":true,"Strikes":-5,"Wrong":-5,"Locked":false,
		"Secret":"GEZDGNBVGY3TQOJQ","Code":"000000","ExpiresAt":"2999-01-01T00:00:00Z","Reason":"forfeited","User":"` + p.id + `","Action":"verified","Remaining":99}`)
	for _, into := range []any{
		&factor.Match{}, &factor.OTP{}, &factor.Enrollment{}, &factor.Device{}, &factor.Budget{}, &factor.Status{}, &factor.Wipe{}, &factor.Event{},
		&factor.Limit{}, &factor.OTPOptions{}, &factor.Record{}, &factor.Credentials{}, &factor.Import{}, &factor.ImportedPIN{}, &factor.ImportedTOTP{}, &factor.ImportedDevice{},
	} {
		_ = json.Unmarshal(body, into)
	}
	for _, text := range []string{string(body), `{"OTP":null,"Password":null,"PIN":null}`, `{}`, `null`, `{"skip":true}`, `[]`} {
		var c factor.Credentials
		_ = json.Unmarshal([]byte(text), &c)
		for _, j := range provers {
			before := w.record(p.id)
			if err := j.call(ctx, w.process, p, "", c); err == nil {
				t.Fatalf("%s accepted %s", j.name, text)
			}
			if s := w.status(p.id); !s.PIN || len(s.Devices) != 1 || !s.Authenticator || s.RecoveryCodes != 10 {
				t.Fatalf("%s granted something to %s", j.name, text)
			}
			w.restore(p.id, before)
		}
		if err := w.Guard.Prove(ctx, p.id, c); err == nil || len(w.host.wipes(p.id)) > 0 {
			t.Fatalf("the guard answered %v to %s", err, text)
		}
	}
}

// enrolAround enrols without a proof at all times around the registration.
func enrolAround(t *testing.T, env Env) {
	for after, want := range map[time.Duration]bool{
		-time.Hour: false, -time.Minute - time.Millisecond: false, -time.Minute: true, 0: true,
		5 * time.Minute: true, 5*time.Minute + time.Millisecond: false, 24 * time.Hour: false,
	} {
		w := newWorld(t, env, nil)
		p := w.stranger()
		w.clock.Turn(after)
		e, err := w.Devices.Enroll(ctx, p.id, p.device, factor.Credentials{})
		if (err == nil) != want {
			t.Fatalf("%s after the registration, without a proof: %v, want accepted: %v", after, err, want)
		}
		if !want {
			mustBe(t, err, factor.ErrNoCredential)
		}
		_, err = w.Devices.Enroll(ctx, p.id, p.device, p.wrong(factor.KindPassword))
		mustBe(t, err, factor.ErrMismatch)
		if want { // A device that has shown a code takes a proof, inside the window too.
			_, err := w.V.VerifyOTP(ctx, p.id, newGenerator(e).code(newGenerator(e).step(w.clock.Now())))
			must(t, err)
			_, err = w.Devices.Enroll(ctx, p.id, p.device, factor.Credentials{})
			mustBe(t, err, factor.ErrNoCredential)
		}
	}
	w := newWorld(t, env, nil)
	p := w.stranger()
	w.clock.Set(time.Time{}.Add(time.Minute))
	w.host.register(p.id, p.password, time.Time{})
	_, err := w.Devices.Enroll(ctx, p.id, p.device, factor.Credentials{})
	if err == nil {
		t.Fatal("the zero time is inside the window")
	}
	w = newWorld(t, env, nil)
	p = w.stranger()
	faulty := w.start(newScript(func(_ int, name string) fault {
		if name == "RegisteredAt" {
			return fails
		}
		return nothing
	}))
	_, err = faulty.Devices.Enroll(ctx, p.id, p.device, factor.Credentials{})
	if !errors.Is(err, errFault) || len(w.status(p.id).Devices) > 0 {
		t.Fatalf("enrolled while the host fails: %v", err)
	}
}
