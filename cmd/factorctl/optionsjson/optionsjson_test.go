package optionsjson_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/cmd/factorctl/optionsjson"
)

// fill sets every field that is no function to a value of its own.
func fill(v reflect.Value, next *int64) {
	for _, f := range v.Fields() {
		*next++
		switch f.Kind() {
		case reflect.Func:
		case reflect.Struct:
			fill(f, next)
		case reflect.Slice:
			f.Set(reflect.ValueOf([]factor.Kind{factor.KindLogin, factor.KindTOTP}))
		case reflect.String:
			f.SetString(strings.Repeat("x", int(*next)))
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Uint8, reflect.Uint32:
			f.SetUint(uint64(*next))
		default:
			f.SetInt(*next * int64(time.Millisecond))
		}
	}
}

func TestEveryFieldThatIsNoFunctionComesBack(t *testing.T) {
	var o factor.Options
	fill(reflect.ValueOf(&o).Elem(), new(int64))
	text, err := optionsjson.Marshal(&o)
	if err != nil {
		t.Fatal(err)
	}
	back, err := optionsjson.Unmarshal(text)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(*back, o) {
		t.Fatalf("%s\nreads as %+v\nwant       %+v", text, *back, o)
	}
}

func TestNamesMayBeInUpperOrLowerCase(t *testing.T) {
	o, err := optionsjson.Unmarshal([]byte(`{"PIN": {"MinDistinct": 2, "Limit": {"maxDelay": "2h"}}, "otp": {"accountTTL": "90s", "RESEND": true}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := factor.Options{
		PIN: factor.PINOptions{MinDistinct: 2, Limit: factor.Limit{MaxDelay: 2 * time.Hour}},
		OTP: factor.OTPOptions{AccountTTL: 90 * time.Second, Resend: true},
	}
	if !reflect.DeepEqual(*o, want) {
		t.Fatalf("got %+v, want %+v", *o, want)
	}
}

func TestWhatCannotBeReadIsNamed(t *testing.T) {
	for text, says := range map[string][]string{
		``:      {"not JSON"},
		`[]`:    {"options must be an object"},
		`{} {}`: {"after the object"},
		`{"pin": {"lenght": 4}, "otp": {"ttl": "5m"}}`:         {"options.pin.lenght is unknown", "options.otp.ttl is unknown"},
		`{"pin": {"length": "4"}}`:                             {"options.pin.length must be a whole number"},
		`{"pin": {"length": 4.5}}`:                             {"options.pin.length must be a whole number"},
		`{"pin": {"hash": {"threads": 256, "memoryKiB": -1}}}`: {"options.pin.hash.threads must be a whole number, 0 to 255", "options.pin.hash.memoryKiB"},
		`{"pin": {"limit": {"delay": 60}}}`:                    {`options.pin.limit.delay must be a duration in quotes`},
		`{"pin": {"limit": {"delay": "1 minute"}}}`:            {`options.pin.limit.delay must be a duration such as "90s" or "5m", not "1 minute"`},
		`{"pin": {"allowSeries": 1}, "totp": {"issuer": 5}}`:   {"options.pin.allowSeries must be true or false", "options.totp.issuer must be a text"},
		`{"proofKinds": "account"}`:                            {"options.proofKinds must be a list"},
		`{"wipe": "rm"}`:                                       {"options.wipe is a function"},
		`{"pin": null}`:                                        {"options.pin must not be null"},
		`{"pin": {}, "PIN": {}}`:                               {"options.PIN is given twice"},
		`{"pin": 4}`:                                           {"options.pin must be an object"},
	} {
		_, err := optionsjson.Unmarshal([]byte(text))
		if err == nil {
			t.Errorf("%s was read", text)
			continue
		}
		for _, part := range says {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %v\nwant it to say %q", text, err, part)
			}
		}
	}
}

func TestWhatIsNotJSONIsNotRepeated(t *testing.T) {
	for text, want := range map[string]string{
		"sEcRet":         "options: not JSON, from byte 1 on",
		`{"pin": sEcRet`: "options: not JSON, from byte 9 on",
		`{"pin": `:       "options: not JSON: unexpected EOF",
	} {
		if _, err := optionsjson.Unmarshal([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
