package factor

import "github.com/knowhave/factor/internal/totp"

// CleanCode turns what a person typed or pasted into the form that the checks take:
// "123 456", "123-456" and "１２３４５６" become 123456. Call it before VerifyOTP and the
// like, which take a code as it is. Do not call it on a password.
//
// It removes blanks, hyphens and dashes, and the zero-width characters of copied
// text. It turns the decimal digits of all scripts into 0 to 9. It leaves
// everything else as it is, including letters and their case, so that other text
// does not become a code and a recovery code keeps its letters. It returns text
// that is not UTF-8 unchanged.
func CleanCode(s string) string { return totp.Clean(s) }
