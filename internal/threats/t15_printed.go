package threats

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	htmltemplate "html/template"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"text/template"

	"github.com/knowhave/factor"
)

// Threat15PrintedSecrets prints, logs and marshals every exported value that
// holds or reaches a secret, alone and inside others, and reads the text of
// every error that the uses of all methods give: no secret shows.
func Threat15PrintedSecrets(t *testing.T, env Env) {
	t.Run("values", func(t *testing.T) { printValues(t, env) })
	t.Run("errors", func(t *testing.T) { readErrors(t, env) })
}

// A holder is what a careless program logs as a whole.
type holder[T any] struct {
	Value   T
	Pointer *T
	Slice   []T
	Map     map[string]T
	Any     any
}

func printValues(t *testing.T, env Env) {
	w := newWorld(t, env, nil)
	p := w.person()
	e, err := w.Devices.Enroll(ctx, p.id, p.device, p.right(factor.KindPassword))
	must(t, err)
	o := p.issue(factor.KindAccount)
	key := strings.Repeat("K3y-", 8)
	k, err := factor.NewKeyring([]byte(key), []byte(strings.Repeat("0ld-", 8)))
	must(t, err)
	c := factor.Credentials{OTP: o.Code, Password: p.password, PIN: "258036914725"} // Longer than any part of an address.

	mustRedact(t, c, c.OTP, c.Password, c.PIN)
	mustRedact(t, o, o.Code)
	set := printRecovery(t, w, p)
	mustRedact(t, e, e.Secret, e.URL)
	mustRedact(t, *k, key, "0ld-0ld")
	hidden(t, "Keyring in an unexported field", fmt.Sprintf("%+v %#v", private[factor.Keyring]{value: *k}, private[factor.Keyring]{value: *k}), []string{key})
	totp := factor.ImportedTOTP{Secret: e.Secret, URL: e.URL}
	hash := factor.ImportedPIN{Hash: "$2a$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"}
	mustRedact(t, totp, e.Secret, e.URL)
	mustRedact(t, hash, hash.Hash)
	device := factor.ImportedDevice{ID: p.device, TOTP: totp}
	mustRedact(t, device, e.Secret, e.URL)
	mustRedact(t, factor.Import{PIN: &hash, Authenticator: &totp, Devices: []factor.ImportedDevice{device}}, e.Secret, e.URL, hash.Hash)
	keyed := map[factor.Credentials]bool{c: true}
	text, err := json.Marshal(keyed)
	must(t, err)
	hidden(t, "key of a map", fmt.Sprintf("%v %+v %#v %s", keyed, keyed, keyed, text), []string{c.OTP, c.Password, c.PIN})
	v, err := env.NewVerifier(w.store, k, nil)
	must(t, err)
	mustHide(t, v, key)
	all := append(spelt(set[0].Code), o.Code, p.password, e.Secret, p.app.secret, set[1].Code)
	for _, view := range w.views() {
		mustHide(t, view, all...)
	}
	mustHide(t, w.status(p.id), all...)
	mustHide(t, w.record(p.id), all...)
	w.host.mu.Lock()
	events := append([]factor.Event(nil), w.host.events...)
	w.host.mu.Unlock()
	if len(events) == 0 {
		t.Fatal("no event was observed")
	}
	mustHide(t, events, all...)
}

// printRecovery has recovery codes made, prints them and uses the first.
func printRecovery(t *testing.T, w *world, p *person) []factor.OTP {
	t.Helper()
	set, err := w.Recovery.Generate(ctx, p.id, p.right(factor.KindPassword))
	must(t, err)
	p.print(set)
	for _, made := range set {
		mustRedact(t, made, spelt(made.Code)...)
		mustRedact(t, factor.Credentials{OTP: made.Code}, spelt(made.Code)...)
	}
	hidden(t, "set", fmt.Sprintf("%v %+v %#v", set, set, set), spelt(set[0].Code))
	_, err = w.V.VerifyOTP(ctx, p.id, set[0].Code, factor.KindRecovery)
	must(t, err)
	return set
}

// spelt returns a recovery code as it is shown, and as somebody may write it.
func spelt(code string) []string {
	return []string{code, strings.ToUpper(code), strings.ReplaceAll(code, "-", "")}
}

// private is a struct whose fields fmt prints without asking them how. A pointer
// is printed as an address.
type private[T any] struct {
	value   T
	pointer *T
}

// mustRedact is mustHide for a type that holds a secret itself: it has a text in
// the place of its fields, also for encoders that would read them, and nothing
// but the zero value is decoded from what they write.
func mustRedact[T any](t *testing.T, v T, secrets ...string) {
	t.Helper()
	mustHide(t, v, secrets...)
	behind := private[T]{pointer: &v}
	hidden(t, "pointer in an unexported field", fmt.Sprintf("%v %+v %#v", behind, behind, behind), secrets)
	for _, value := range []any{v, &v} {
		if text, ok := value.(fmt.Stringer); !ok {
			t.Errorf("%T is no fmt.Stringer", value)
		} else {
			hidden(t, "String", text.String(), secrets)
		}
		if text, ok := value.(fmt.GoStringer); !ok {
			t.Errorf("%T is no fmt.GoStringer", value)
		} else {
			hidden(t, "GoString", text.GoString(), secrets)
		}
	}
	var stream bytes.Buffer
	if err := gob.NewEncoder(&stream).Encode(v); err != nil {
		t.Errorf("%T gob: %v", v, err)
	}
	var zero, decoded T
	if err := gob.NewDecoder(&stream).Decode(&decoded); err == nil || !reflect.DeepEqual(decoded, zero) {
		t.Errorf("%T gob: decoded without an error, or to other than nothing", v)
	}
	text, err := json.Marshal(v)
	must(t, err)
	if err := json.Unmarshal(text, &decoded); err == nil || !reflect.DeepEqual(decoded, zero) {
		t.Errorf("%T json: decoded without an error, or to other than nothing", v)
	}
}

// mustHide fails if any way to print v shows one of the secrets.
func mustHide[T any](t *testing.T, v T, secrets ...string) {
	t.Helper()
	nested := holder[T]{v, &v, []T{v}, map[string]T{"v": v}, v}
	for _, value := range []any{v, &v, []T{v}, []*T{&v}, [1]T{v}, map[string]T{"v": v}, nested, &nested, struct{ X any }{v}, struct{ X any }{&v}} {
		for _, verb := range []string{"v", "+v", "#v", "s", "q", "+q", "#q", "x", "X", "# x", "d", "o", "b", "c", "U", "e", "t", "10v", "-30s"} {
			hidden(t, fmt.Sprintf("%T %%%s", value, verb), fmt.Sprintf("%"+verb, value), secrets)
		}
		hidden(t, "Sprint", fmt.Sprint(value), secrets)
		hidden(t, "Errorf", fmt.Errorf("failed with %v and %+v", value, value).Error(), secrets)
		for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
			"slog text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
			"slog json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		} {
			var b bytes.Buffer
			slog.New(handler(&b)).Info("call", "value", value, slog.Group("in", "side", value))
			hidden(t, fmt.Sprintf("%T %s", value, name), b.String(), secrets)
		}
		if text, err := json.Marshal(value); err == nil {
			hidden(t, fmt.Sprintf("%T json", value), string(text), secrets)
		}
		if text, err := xml.Marshal(value); err == nil {
			hidden(t, fmt.Sprintf("%T xml", value), string(text), secrets)
		}
		for name, encode := range encoders {
			var b bytes.Buffer
			if err := encode(&b, value); err != nil {
				hidden(t, fmt.Sprintf("%T %s's error", value, name), err.Error(), secrets)
			}
			hidden(t, fmt.Sprintf("%T %s", value, name), b.String(), secrets)
		}
	}
}

// encoders write a value somewhere. They may refuse to.
var encoders = map[string]func(*bytes.Buffer, any) error{
	"gob":    func(b *bytes.Buffer, v any) error { return gob.NewEncoder(b).Encode(v) },
	"binary": func(b *bytes.Buffer, v any) error { return binary.Write(b, binary.BigEndian, v) },
	"text/template": func(b *bytes.Buffer, v any) error {
		return template.Must(template.New("").Parse(`{{.}} {{printf "%+v" .}} {{print .}} {{html .}} {{js .}} {{urlquery .}}`)).Execute(b, v)
	},
	"html/template": func(b *bytes.Buffer, v any) error {
		return htmltemplate.Must(htmltemplate.New("").Parse(`{{.}}<a href="?{{.}}" title="{{.}}"></a><script>f({{.}})</script>`)).Execute(b, v)
	},
}

// hidden fails if a text shows one of the secrets, plain or in hexadecimal.
func hidden(t *testing.T, how, text string, secrets []string) {
	t.Helper()
	for _, s := range secrets {
		for _, form := range []string{s, fmt.Sprintf("%x", s), fmt.Sprintf("%X", s), fmt.Sprintf("% x", s), fmt.Sprint([]byte(s))} {
			if strings.Contains(text, form) {
				t.Fatalf("%s shows a secret: %s", how, text)
			}
		}
	}
}

// readErrors reads the errors of all uses: as they are, malformed, locked, on a
// failing store and about a record that does not open.
func readErrors(t *testing.T, env Env) {
	w := newWorld(t, env, everyProof)
	checkUsed(t, w.process)
	read := func(p *person, what string, err error) {
		t.Helper()
		if err != nil {
			hidden(t, what, err.Error(), p.secrets())
		}
	}
	down := w.start(newScript(func(_ int, name string) fault {
		if name == "Store.Load" || name == "Store.List" {
			return fails
		}
		return nothing
	}))
	for i, u := range uses {
		if env.skips(i, 5) {
			continue
		}
		p := w.person()
		u.prepare(p)
		read(p, u.name+" on a failing store", u.run(ctx, down, p))
		for range 6 {
			read(p, u.name, u.run(ctx, w.process, p))
		}
		p.given = factor.Credentials{OTP: "12345six", Password: strings.Repeat("pass", 300), PIN: "f0ur"}
		read(p, u.name+", malformed", u.run(ctx, w.process, p))
		for _, otp := range []string{"１２３４５６", "k7m2-q9xw-4d3f-zpt", "K7M2 Q9XW 4D3F ZPTU"} {
			p.given = factor.Credentials{OTP: otp}
			read(p, u.name+", malformed", u.run(ctx, w.process, p))
		}
		read(p, u.name+", on a malformed view", onMalformed(u, w.process, p, "a payee", ""))
		p.id += "\x00"
		read(p, u.name+", malformed user", u.run(ctx, w.process, p))
	}
}
