// Package factor decides whether a user has proven a factor: a PIN or a password
// that they know, a mailed code, an authenticator or a device that they have. It
// is embedded in a service and has no transport of its own.
//
// # Which type for which need
//
// A [Verifier] judges: codes, PINs, passwords, or the first right one of several.
// Everything else is a view on one Verifier. [Verifier.For] binds issued codes to what
// they are for.
//
//   - [PINs] sets, removes and waits for PINs.
//   - [OTPIssuer] issues one-time codes, against the password or the PIN, or for
//     the host to mail.
//   - [DeviceTOTPEnroller] gives the user's devices a TOTP secret.
//   - [AuthenticatorEnroller] gives the user an authenticator app.
//   - [RecoveryCodes] gives the user codes to keep on paper.
//   - [ResetGuard] stands before a password reset: whoever cannot prove the PIN
//     or a device, and is wrong more than three times, loses the critical data.
//   - [Admin] holds the host's own acts, which take no proof, [Admin.Import] among
//     them, which moves users in from another system.
//
// A Verifier needs a [Store], such as memstore or sqlstore, and a [Sealer], such
// as a [Keyring]. [Options] tunes the rest; nil means the defaults. [LogEvents]
// writes what is decided to a logger. Package factortest is for the tests of a
// service that embeds this one.
//
// # What is promised
//
// As long as the store keeps what it acknowledged:
//
//   - For each user and kind, at most [Limit] Tries wrong answers are judged
//     before a lock, and at most Final between two right ones or new bindings,
//     whatever runs in parallel, hangs up or fails. The reset guard counts apart:
//     at most [ResetOptions] Strikes and one more.
//   - A code is accepted once; a TOTP step once per secret, and never an older
//     one.
//   - Nothing is accepted before it is stored, and every guess that was answered
//     is counted.
//   - A wipe is marked only after more than Strikes recorded wrong proofs, or an
//     explicit forfeit. It is then asked for at least once, and until it is done
//     no reset proof is accepted and no PIN, device or (where it proves a reset)
//     authenticator is bound.
//   - A stolen table shows no PIN, code, secret or count, and a row that is moved
//     to another user does not open. What it does show stands in SECURITY.md.
//
// A store that forgets k acknowledged writes, by a failover to a replica that
// lagged or by a restored backup, makes the first k more, and for the life of a
// code the second void.
//
// # How a call works
//
// All that is remembered about a user is one sealed record. A call loads it,
// applies a rule to it, and swaps the outcome in if the record is still the one
// that was loaded; otherwise it starts over with the new one. Only then does it
// answer. So a code and what it pays for are one swap, two parallel guesses never
// see the same count, and no guess is free: once a credential was judged wrong,
// the call stores that before it returns, even if the caller hangs up.
//
// Hashing and the host's own functions run while nothing is held in the store.
// Within a process, calls on one user take turns, for speed. Codes that wait for
// their turn are judged one after the other on what is loaded once, and stored in
// one swap, so that a flood of guesses at one user is a call of the store now and
// then. Across processes the swap alone decides.
//
// # What the host must do
//
//   - Pass only the IDs of users that exist: a guess for anybody else makes a
//     record too.
//   - Keep the sealing keys outside the database.
//   - Call [Admin.Sweep] regularly, every minute or so.
//   - Call [Admin.PasswordChanged] after each change or reset of the password, and
//     [Admin.VoidCodes] when the address changes that codes are sent to.
//   - Keep the clocks of all processes within a minute of each other.
//   - Take a code from a form that is posted, never from a link that is fetched:
//     mail scanners follow links and would use the code up.
//   - Call the [ResetGuard] only once the mail link of the reset flow is proven.
//     Whoever can call it freely can destroy data.
//   - Bound how often one client may ask, by address or otherwise: this package
//     counts by user, knows no client, and answers a guess for a locked user
//     with no more than one read.
//   - Never let a user's request reach [Admin] or [OTPIssuer.IssueUnproven]
//     directly.
//   - Set [Options.Notify], so that the user hears of what changes, of the last chance
//     before a wipe among it.
//
// # Errors
//
// The sentinel errors are matched with [errors.Is]; those that carry data
// unwrap to their sentinel and are taken out with [errors.As]. Any other error
// is a fault of the store, the sealer or a host's function: nothing was accepted.
// No error text holds a credential or a user, unless the host put it there.
//
// # Secrets and logs
//
// [Credentials], [OTP], [Enrollment], [Keyring], [Import] and its parts show a
// fixed text in place of their fields: to fmt, to log/slog, and to every encoder
// that honors [encoding.TextMarshaler] or [encoding.BinaryMarshaler], as
// encoding/json, encoding/xml and encoding/gob do. Go does not call these methods
// everywhere:
//
//   - fmt prints the fields of a value in an unexported field, at any depth, with
//     %v as with %#v. Keep a pointer there, which prints as an address, or give
//     your type a Format method.
//   - fmt prints the fields of what is no error with %w, which go vet finds.
//   - A struct that embeds two types with such methods has neither's. Name the
//     fields instead of embedding.
//   - A program that reflects, dumps memory or compares values for a test report
//     sees everything, and so do encoders that honor neither interface, such as
//     encoding/asn1.
//
// A field that is read is an ordinary string.
//
// # What it is not
//
// It sends no mail, keeps no session and claims no assurance level: by NIST SP
// 800-63B-4 a PIN of four digits that is verified centrally is no authenticator,
// and mail is no out-of-band channel.
//
// # Compatibility
//
// From version 1 on, the exported names and the rules follow semantic versioning.
// Records that one version wrote are read by every later one; the records
// themselves are private to this package. Before version 1, the changelog says
// what changes.
package factor
