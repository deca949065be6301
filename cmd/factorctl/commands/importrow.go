package commands

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// A userRow is one row of an import as written. Its errors name the place, never
// the value, which may be a secret.
type userRow struct {
	User          string      `json:"user"`
	PIN           *pinRow     `json:"pin"`
	Authenticator *totpRow    `json:"authenticator"`
	Devices       []deviceRow `json:"devices"`
	// The file of refused rows adds these; import ignores them.
	Line   any `json:"line"`
	Reason any `json:"reason"`
}

type pinRow struct {
	Hash  string `json:"hash"`
	SetAt when   `json:"setAt"`
}

type totpRow struct {
	Secret    string `json:"secret"`
	Key       key64  `json:"key"`
	URL       string `json:"url"`
	Algorithm string `json:"algorithm"`
	Digits    int    `json:"digits"`
	Period    span   `json:"period"`
	LastStep  int64  `json:"lastStep"`
}

type deviceRow struct {
	ID string `json:"id"`
	totpRow
	EnrolledAt when `json:"enrolledAt"`
	UsedAt     when `json:"usedAt"`
}

// when, span and key64 are texts that hold a time, a duration and bytes.
type (
	when  time.Time
	span  time.Duration
	key64 []byte
)

func (w *when) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return errors.New("a time must look like 2024-01-31T12:00:00Z")
	}
	*w = when(t)
	return nil
}

func (s *span) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if seconds, notWhole := strconv.Atoi(string(text)); notWhole == nil {
		d, err = time.Duration(seconds)*time.Second, nil
	}
	if err != nil {
		return errors.New("a period must look like 30s")
	}
	*s = span(d)
	return nil
}

func (k *key64) UnmarshalText(text []byte) error {
	key, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		return errors.New("a key must be base64")
	}
	*k = key
	return nil
}

// distinct returns an error if a text is not JSON, or if an object in it has two
// members of one name. The decoder would take the last one, and ignores case: a row
// might go to another user than the one it names first.
func distinct(text []byte) error {
	if wrong, ok := errors.AsType[*json.SyntaxError](json.Unmarshal(text, new(json.RawMessage))); ok {
		return fmt.Errorf("is not JSON, from byte %d on", wrong.Offset)
	}
	return distinctNames(json.NewDecoder(bytes.NewReader(text)))
}

// distinctNames checks one value of valid JSON.
func distinctNames(d *json.Decoder) error {
	start, _ := d.Token()
	if start != json.Delim('{') && start != json.Delim('[') {
		return nil
	}
	seen := map[string]bool{}
	for d.More() {
		if start == json.Delim('{') {
			name, _ := d.Token()
			folded := strings.ToUpper(strings.ToLower(name.(string)))
			if seen[folded] {
				return fmt.Errorf("%q appears twice", name)
			}
			seen[folded] = true
		}
		if err := distinctNames(d); err != nil {
			return err
		}
	}
	_, _ = d.Token() // the closing delimiter
	return nil
}

// parseJSONRow reads a row that is a JSON object.
func parseJSONRow(text []byte) (userRow, error) {
	var row userRow
	if !utf8.Valid(text) { // the decoder would change the user
		return row, errors.New("is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err := d.Decode(&row)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return row, fmt.Errorf("%s must be %s", first(wrong.Field, "the line"), described(wrong.Type))
	}
	if err != nil {
		return row, errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	if strings.ContainsRune(row.User, utf8.RuneError) {
		return row, errors.New("user contains U+FFFD, which replaces an invalid character")
	}
	return row, nil
}

// described returns the JSON form of a type, for an error text.
func described(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[when](), reflect.TypeFor[span](), reflect.TypeFor[key64](), reflect.TypeFor[string]():
		return "a text in quotes"
	case reflect.TypeFor[int](), reflect.TypeFor[int64]():
		return "a whole number"
	case reflect.TypeFor[[]deviceRow]():
		return "a list"
	default:
		return "an object"
	}
}

// columns maps the CSV columns to functions that set them in a row.
var columns = map[string]func(r *userRow, text string) error{
	"user":              func(r *userRow, text string) error { r.User = text; return nil },
	"pin.hash":          func(r *userRow, text string) error { r.pin().Hash = text; return nil },
	"pin.setAt":         func(r *userRow, text string) error { return r.pin().SetAt.UnmarshalText([]byte(text)) },
	"device.id":         func(r *userRow, text string) error { r.device().ID = text; return nil },
	"device.enrolledAt": func(r *userRow, text string) error { return r.device().EnrolledAt.UnmarshalText([]byte(text)) },
	"device.usedAt":     func(r *userRow, text string) error { return r.device().UsedAt.UnmarshalText([]byte(text)) },
	"line":              func(*userRow, string) error { return nil },
	"reason":            func(*userRow, string) error { return nil },
}

// totpColumns maps the columns of an authenticator or a device.
var totpColumns = map[string]func(t *totpRow, text string) error{
	"secret":    func(t *totpRow, text string) error { t.Secret = text; return nil },
	"key":       func(t *totpRow, text string) error { return t.Key.UnmarshalText([]byte(text)) },
	"url":       func(t *totpRow, text string) error { t.URL = text; return nil },
	"algorithm": func(t *totpRow, text string) error { t.Algorithm = text; return nil },
	"period":    func(t *totpRow, text string) error { return t.Period.UnmarshalText([]byte(text)) },
	"digits":    func(t *totpRow, text string) (err error) { t.Digits, err = whole(text); return err },
	"lastStep": func(t *totpRow, text string) error {
		step, err := whole(text)
		t.LastStep = int64(step)
		return err
	},
}

func init() {
	for name, set := range totpColumns {
		columns["authenticator."+name] = func(r *userRow, text string) error { return set(r.authenticator(), text) }
		columns["device."+name] = func(r *userRow, text string) error { return set(&r.device().totpRow, text) }
	}
}

func whole(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, errors.New("must be a whole number")
	}
	return n, nil
}

func (r *userRow) pin() *pinRow {
	if r.PIN == nil {
		r.PIN = &pinRow{}
	}
	return r.PIN
}

func (r *userRow) authenticator() *totpRow {
	if r.Authenticator == nil {
		r.Authenticator = &totpRow{}
	}
	return r.Authenticator
}

func (r *userRow) device() *deviceRow {
	if len(r.Devices) == 0 {
		r.Devices = []deviceRow{{}}
	}
	return &r.Devices[0]
}

// parseCSVRow parses the fields of a row. It ignores empty ones.
func parseCSVRow(header, fields []string) (userRow, error) {
	var row userRow
	if len(fields) != len(header) {
		return row, fmt.Errorf("has %d fields, but the first line has %d", len(fields), len(header))
	}
	for i, text := range fields {
		if text == "" {
			continue
		}
		if err := columns[header[i]](&row, text); err != nil {
			return row, fmt.Errorf("%s: %w", header[i], err)
		}
	}
	return row, nil
}

// empty reports whether the user holds nothing.
func (r *userRow) empty() bool { return r.PIN == nil && r.Authenticator == nil && len(r.Devices) == 0 }

// held returns the argument for Admin.Import.
func (r *userRow) held() (factor.Import, error) {
	var held factor.Import
	if r.PIN != nil {
		held.PIN = &factor.ImportedPIN{Hash: r.PIN.Hash, SetAt: time.Time(r.PIN.SetAt)}
	}
	if r.Authenticator != nil {
		t := r.Authenticator.held()
		held.Authenticator = &t
	}
	for i := range r.Devices {
		d := &r.Devices[i]
		id, err := uuid.Parse(d.ID)
		if err != nil {
			return factor.Import{}, fmt.Errorf("the ID of device %d must be a UUID", i+1)
		}
		held.Devices = append(held.Devices, factor.ImportedDevice{
			ID: id, TOTP: d.held(), EnrolledAt: time.Time(d.EnrolledAt), UsedAt: time.Time(d.UsedAt),
		})
	}
	return held, nil
}

func (t *totpRow) held() factor.ImportedTOTP {
	return factor.ImportedTOTP{
		Secret: t.Secret, Key: t.Key, URL: t.URL, Algorithm: t.Algorithm,
		Digits: t.Digits, Period: time.Duration(t.Period), LastStep: t.LastStep,
	}
}
