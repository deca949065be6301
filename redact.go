package factor

import (
	"fmt"
	"io"
	"log/slog"
)

// Types that hold a secret print, log and marshal as these texts. Each has the
// four methods below, so that no verb of fmt, no slog handler and no encoder
// that honours encoding.TextMarshaler sees a field.

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

// Format implements fmt.Formatter: it never prints a field.
func (Credentials) Format(f fmt.State, _ rune) { redact(f, redactedCredentials) }

// LogValue implements slog.LogValuer: it never logs a field.
func (Credentials) LogValue() slog.Value { return slog.StringValue(redactedCredentials) }

// MarshalText implements encoding.TextMarshaler: it never encodes a field.
func (Credentials) MarshalText() ([]byte, error) { return []byte(redactedCredentials), nil }

// Format implements fmt.Formatter: it never prints a field.
func (OTP) Format(f fmt.State, _ rune) { redact(f, redactedOTP) }

// LogValue implements slog.LogValuer: it never logs a field.
func (OTP) LogValue() slog.Value { return slog.StringValue(redactedOTP) }

// MarshalText implements encoding.TextMarshaler: it never encodes a field.
func (OTP) MarshalText() ([]byte, error) { return []byte(redactedOTP), nil }

// Format implements fmt.Formatter: it never prints a field.
func (Enrollment) Format(f fmt.State, _ rune) { redact(f, redactedEnrollment) }

// LogValue implements slog.LogValuer: it never logs a field.
func (Enrollment) LogValue() slog.Value { return slog.StringValue(redactedEnrollment) }

// MarshalText implements encoding.TextMarshaler: it never encodes a field.
func (Enrollment) MarshalText() ([]byte, error) { return []byte(redactedEnrollment), nil }

// Format implements fmt.Formatter: it never prints a field.
func (Keyring) Format(f fmt.State, _ rune) { redact(f, redactedKeyring) }

// LogValue implements slog.LogValuer: it never logs a field.
func (Keyring) LogValue() slog.Value { return slog.StringValue(redactedKeyring) }

// MarshalText implements encoding.TextMarshaler: it never encodes a field.
func (Keyring) MarshalText() ([]byte, error) { return []byte(redactedKeyring), nil }

// Format implements fmt.Formatter: it never prints a field.
func (Import) Format(f fmt.State, _ rune) { redact(f, redactedImport) }

// LogValue implements slog.LogValuer: it never logs a field.
func (Import) LogValue() slog.Value { return slog.StringValue(redactedImport) }

// MarshalText implements encoding.TextMarshaler: it never encodes a field.
func (Import) MarshalText() ([]byte, error) { return []byte(redactedImport), nil }

// Format implements fmt.Formatter: it never prints a field.
func (ImportedPIN) Format(f fmt.State, _ rune) { redact(f, redactedPIN) }

// LogValue implements slog.LogValuer: it never logs a field.
func (ImportedPIN) LogValue() slog.Value { return slog.StringValue(redactedPIN) }

// MarshalText implements encoding.TextMarshaler: it never encodes a field.
func (ImportedPIN) MarshalText() ([]byte, error) { return []byte(redactedPIN), nil }

// Format implements fmt.Formatter: it never prints a field.
func (ImportedTOTP) Format(f fmt.State, _ rune) { redact(f, redactedTOTP) }

// LogValue implements slog.LogValuer: it never logs a field.
func (ImportedTOTP) LogValue() slog.Value { return slog.StringValue(redactedTOTP) }

// MarshalText implements encoding.TextMarshaler: it never encodes a field.
func (ImportedTOTP) MarshalText() ([]byte, error) { return []byte(redactedTOTP), nil }

// Format implements fmt.Formatter: it never prints a field.
func (ImportedDevice) Format(f fmt.State, _ rune) { redact(f, redactedDevice) }

// LogValue implements slog.LogValuer: it never logs a field.
func (ImportedDevice) LogValue() slog.Value { return slog.StringValue(redactedDevice) }

// MarshalText implements encoding.TextMarshaler: it never encodes a field.
func (ImportedDevice) MarshalText() ([]byte, error) { return []byte(redactedDevice), nil }
