package factor

import (
	"fmt"
	"io"
	"log/slog"
)

// Types that hold a secret print, log and marshal as these texts. Each has the six
// methods below: Format for the verbs of fmt, String and GoString for printers that
// look for those, LogValue for slog, MarshalText for encoders of text (JSON, XML)
// and MarshalBinary for others (gob). None can be unmarshaled, so decoding one is
// an error. The package comment lists where Go does not call these methods.

const (
	redactedCredentials = "factor.Credentials[redacted]"
	redactedOTP         = "factor.OTP[redacted]"
	redactedEnrollment  = "factor.Enrollment[redacted]"
	redactedKeyring     = "factor.Keyring[redacted]"
	redactedImport      = "factor.Import[redacted]"
	redactedPIN         = "factor.ImportedPIN[redacted]"
	redactedTOTP        = "factor.ImportedTOTP[redacted]"
	redactedDevice      = "factor.ImportedDevice[redacted]"
)

func redact(f fmt.State, text string) { _, _ = io.WriteString(f, text) }

// String implements fmt.Stringer: it never shows a field.
func (Credentials) String() string { return redactedCredentials }

// GoString implements fmt.GoStringer: it never shows a field.
func (Credentials) GoString() string { return redactedCredentials }

// Format implements fmt.Formatter: it never prints a field.
func (Credentials) Format(f fmt.State, _ rune) { redact(f, redactedCredentials) }

// LogValue implements slog.LogValuer: it never logs a field.
func (Credentials) LogValue() slog.Value { return slog.StringValue(redactedCredentials) }

// MarshalText implements encoding.TextMarshaler: it never encodes a field.
func (Credentials) MarshalText() ([]byte, error) { return []byte(redactedCredentials), nil }

// MarshalBinary implements encoding.BinaryMarshaler: it never encodes a field.
func (Credentials) MarshalBinary() ([]byte, error) { return []byte(redactedCredentials), nil }

// String implements fmt.Stringer: it never shows a field.
func (OTP) String() string { return redactedOTP }

// GoString implements fmt.GoStringer: it never shows a field.
func (OTP) GoString() string { return redactedOTP }

// Format implements fmt.Formatter: it never prints a field.
func (OTP) Format(f fmt.State, _ rune) { redact(f, redactedOTP) }

// LogValue implements slog.LogValuer: it never logs a field.
func (OTP) LogValue() slog.Value { return slog.StringValue(redactedOTP) }

// MarshalText implements encoding.TextMarshaler: it never encodes a field.
func (OTP) MarshalText() ([]byte, error) { return []byte(redactedOTP), nil }

// MarshalBinary implements encoding.BinaryMarshaler: it never encodes a field.
func (OTP) MarshalBinary() ([]byte, error) { return []byte(redactedOTP), nil }

// String implements fmt.Stringer: it never shows a field.
func (Enrollment) String() string { return redactedEnrollment }

// GoString implements fmt.GoStringer: it never shows a field.
func (Enrollment) GoString() string { return redactedEnrollment }

// Format implements fmt.Formatter: it never prints a field.
func (Enrollment) Format(f fmt.State, _ rune) { redact(f, redactedEnrollment) }

// LogValue implements slog.LogValuer: it never logs a field.
func (Enrollment) LogValue() slog.Value { return slog.StringValue(redactedEnrollment) }

// MarshalText implements encoding.TextMarshaler: it never encodes a field.
func (Enrollment) MarshalText() ([]byte, error) { return []byte(redactedEnrollment), nil }

// MarshalBinary implements encoding.BinaryMarshaler: it never encodes a field.
func (Enrollment) MarshalBinary() ([]byte, error) { return []byte(redactedEnrollment), nil }

// String implements fmt.Stringer: it never shows a field.
func (Keyring) String() string { return redactedKeyring }

// GoString implements fmt.GoStringer: it never shows a field.
func (Keyring) GoString() string { return redactedKeyring }

// Format implements fmt.Formatter: it never prints a field.
func (Keyring) Format(f fmt.State, _ rune) { redact(f, redactedKeyring) }

// LogValue implements slog.LogValuer: it never logs a field.
func (Keyring) LogValue() slog.Value { return slog.StringValue(redactedKeyring) }

// MarshalText implements encoding.TextMarshaler: it never encodes a field.
func (Keyring) MarshalText() ([]byte, error) { return []byte(redactedKeyring), nil }

// MarshalBinary implements encoding.BinaryMarshaler: it never encodes a field.
func (Keyring) MarshalBinary() ([]byte, error) { return []byte(redactedKeyring), nil }

// String implements fmt.Stringer: it never shows a field.
func (Import) String() string { return redactedImport }

// GoString implements fmt.GoStringer: it never shows a field.
func (Import) GoString() string { return redactedImport }

// Format implements fmt.Formatter: it never prints a field.
func (Import) Format(f fmt.State, _ rune) { redact(f, redactedImport) }

// LogValue implements slog.LogValuer: it never logs a field.
func (Import) LogValue() slog.Value { return slog.StringValue(redactedImport) }

// MarshalText implements encoding.TextMarshaler: it never encodes a field.
func (Import) MarshalText() ([]byte, error) { return []byte(redactedImport), nil }

// MarshalBinary implements encoding.BinaryMarshaler: it never encodes a field.
func (Import) MarshalBinary() ([]byte, error) { return []byte(redactedImport), nil }

// String implements fmt.Stringer: it never shows a field.
func (ImportedPIN) String() string { return redactedPIN }

// GoString implements fmt.GoStringer: it never shows a field.
func (ImportedPIN) GoString() string { return redactedPIN }

// Format implements fmt.Formatter: it never prints a field.
func (ImportedPIN) Format(f fmt.State, _ rune) { redact(f, redactedPIN) }

// LogValue implements slog.LogValuer: it never logs a field.
func (ImportedPIN) LogValue() slog.Value { return slog.StringValue(redactedPIN) }

// MarshalText implements encoding.TextMarshaler: it never encodes a field.
func (ImportedPIN) MarshalText() ([]byte, error) { return []byte(redactedPIN), nil }

// MarshalBinary implements encoding.BinaryMarshaler: it never encodes a field.
func (ImportedPIN) MarshalBinary() ([]byte, error) { return []byte(redactedPIN), nil }

// String implements fmt.Stringer: it never shows a field.
func (ImportedTOTP) String() string { return redactedTOTP }

// GoString implements fmt.GoStringer: it never shows a field.
func (ImportedTOTP) GoString() string { return redactedTOTP }

// Format implements fmt.Formatter: it never prints a field.
func (ImportedTOTP) Format(f fmt.State, _ rune) { redact(f, redactedTOTP) }

// LogValue implements slog.LogValuer: it never logs a field.
func (ImportedTOTP) LogValue() slog.Value { return slog.StringValue(redactedTOTP) }

// MarshalText implements encoding.TextMarshaler: it never encodes a field.
func (ImportedTOTP) MarshalText() ([]byte, error) { return []byte(redactedTOTP), nil }

// MarshalBinary implements encoding.BinaryMarshaler: it never encodes a field.
func (ImportedTOTP) MarshalBinary() ([]byte, error) { return []byte(redactedTOTP), nil }

// String implements fmt.Stringer: it never shows a field.
func (ImportedDevice) String() string { return redactedDevice }

// GoString implements fmt.GoStringer: it never shows a field.
func (ImportedDevice) GoString() string { return redactedDevice }

// Format implements fmt.Formatter: it never prints a field.
func (ImportedDevice) Format(f fmt.State, _ rune) { redact(f, redactedDevice) }

// LogValue implements slog.LogValuer: it never logs a field.
func (ImportedDevice) LogValue() slog.Value { return slog.StringValue(redactedDevice) }

// MarshalText implements encoding.TextMarshaler: it never encodes a field.
func (ImportedDevice) MarshalText() ([]byte, error) { return []byte(redactedDevice), nil }

// MarshalBinary implements encoding.BinaryMarshaler: it never encodes a field.
func (ImportedDevice) MarshalBinary() ([]byte, error) { return []byte(redactedDevice), nil }
