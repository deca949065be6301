package factor

import "github.com/knowhave/factor/internal/totp"

// CleanCode returns a code or a PIN as the checks take it, from what a person has
// typed or pasted: "123 456", "123-456" and "１２３４５６" are 123456. Call it
// before VerifyOTP and the like, which take a code as it is. Do not call it on a
// password.
//
// It removes blanks, hyphens and dashes, and the characters of no width that come
// with copied text. It turns the decimal digits of all scripts into 0 to 9. It
// leaves everything else as it is, letters and their case included, so that what
// is no code does not become one, and a recovery code keeps its letters. Text that
// is not UTF-8 is returned unchanged.
func CleanCode(s string) string { return totp.Clean(s) }
