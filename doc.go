// Package factor decides whether a user has proven a factor: something they know,
// such as a PIN or a password, or something they have, such as a mailed code, an
// authenticator app or a device. A service embeds it; it has no transport of its own.
//
// # Which type for which need
//
// A [Verifier] judges codes, PINs and passwords, or the first right one of several.
// Every other type is a view on one Verifier. [Verifier.For] binds issued codes to a
// purpose.
//
//   - [PINs] sets and removes PINs, and waits until one is set.
//   - [OTPIssuer] issues one-time codes, against the password or the PIN, or for the
//     host to mail.
//   - [DeviceTOTPEnroller] gives each of the user's devices a TOTP secret.
//   - [AuthenticatorEnroller] enrols an authenticator app.
//   - [RecoveryCodes] gives the user codes to keep on paper.
//   - [ResetGuard] guards a password reset: a caller who cannot prove the PIN or a
//     device, and is wrong more than three times, loses the user's critical data.
//   - [Admin] holds the host's own acts, which take no proof. [Admin.Import] moves
//     users in from another system.
//
// A Verifier needs a [Store], such as memstore or sqlstore, and a [Sealer], such as a
// [Keyring]. [Options] tunes the rest; nil means the defaults. [LogEvents] logs each
// decision. Package factortest helps to test a service that embeds this one.
//
// # What is promised
//
// These promises hold as long as the store keeps what it acknowledged:
//
//   - For each user and kind, the package judges at most [Limit].Tries wrong answers
//     before a lock, and at most Final between two right ones or new bindings,
//     whatever runs in parallel, hangs up or fails. The reset guard counts apart: at
//     most [ResetOptions].Strikes and one more.
//   - It accepts a code once, and a TOTP step once per secret and never an older one.
//   - It accepts nothing before that is stored, and counts every guess it answers.
//   - It marks a wipe only after more than Strikes recorded wrong proofs, or an
//     explicit forfeit. It then calls [Options].Wipe until Wipe succeeds. Until then it
//     accepts no reset proof and binds no PIN, device or (where it proves a reset)
//     authenticator.
//   - A stolen table shows no PIN, code, secret or count, and a row moved to another
//     user does not open. SECURITY.md lists what a stolen table does show.
//
// If the store forgets k acknowledged writes, because it failed over to a replica that
// lagged or was restored from a backup, the first promise allows k more guesses, and the
// second does not hold for the life of a code.
//
// # How a call works
//
// The package keeps one sealed record for each user. A call loads it, applies a rule,
// and swaps the outcome in if the record is still the one it loaded; otherwise it starts
// over with the new one. Only then does it answer. So a code and what it pays for are
// one swap, two parallel guesses never see the same count, and no guess is free: once
// the call has judged a credential wrong, it stores that before it returns, even if the
// caller hangs up.
//
// Hashing and the host's own functions run while nothing is held in the store. Within a
// process, calls on one user queue for a lock, for speed. Calls with a code that wait
// for it share one load and one swap, so a flood of guesses at one user costs the store
// few calls. Across processes the swap alone decides.
//
// # What the host must do
//
//   - Pass only the IDs of users that exist: a guess for any other ID makes a record
//     too.
//   - Keep the sealing keys outside the database.
//   - Call [Admin.Sweep] regularly, every minute or so.
//   - Call [Admin.PasswordChanged] after each change or reset of the password, and
//     [Admin.VoidCodes] when the address that codes are sent to changes.
//   - Keep the clocks of all processes within a minute of each other.
//   - Take a code from a form that is posted, never from a link that is fetched: mail
//     scanners follow links and would use the code up.
//   - Call the [ResetGuard] only once the mail link of the reset flow is proven. A
//     caller who can reach it freely can destroy data.
//   - Limit how often one client may call, by address or otherwise. This package counts
//     by user and knows no client; a guess for a locked user costs at most one read.
//   - Never let a user's request reach [Admin] or [OTPIssuer.IssueUnproven] directly.
//   - Set [Options].Notify, so that the user hears of changes and of the last chance
//     before a wipe.
//
// # Errors
//
// Match the sentinel errors with [errors.Is]. Errors that carry data unwrap to their
// sentinel; take them out with [errors.As]. Any other error is a fault of the store, the
// sealer or a host's function, and nothing was accepted. No error text holds a
// credential or a user, unless the host put it there.
//
// # Secrets and logs
//
// [Credentials], [OTP], [Enrollment], [Keyring], [Import] and its parts show a fixed
// text in place of their fields: to fmt, to log/slog, and to every encoder that honors
// [encoding.TextMarshaler] or [encoding.BinaryMarshaler], such as encoding/json,
// encoding/xml and encoding/gob. Go does not call these methods everywhere:
//
//   - fmt prints the fields of a value in an unexported field, at any depth, with %v as
//     with %#v. Keep a pointer there, which prints as an address, or give your type a
//     Format method.
//   - fmt prints the fields of a value that is no error with %w. go vet finds this.
//   - A struct that embeds two types with such methods has neither's. Name the fields
//     instead of embedding them.
//   - A program that reflects, dumps memory or compares values for a test report sees
//     everything, and so do encoders that honor neither interface, such as
//     encoding/asn1.
//
// A field that you read is an ordinary string.
//
// # What it is not
//
// The package sends no mail, keeps no session and claims no assurance level: by NIST SP
// 800-63B-4 a four-digit PIN that is verified centrally is no authenticator, and mail is
// no out-of-band channel.
//
// # Compatibility
//
// From version 1 on, the exported names and the rules follow semantic versioning. Before
// that, the changelog lists what changes. Every version reads the records of earlier
// ones; the records are private to this package.
package factor
