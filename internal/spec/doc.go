// Package spec states the rules of factor a second time, as naively as they read:
// it computes the answers that the library has to give. It shares no line with the
// library and does not import it, so that each can catch the other's errors.
//
// Read it as the statement of the rules, one concept to a file:
//
//	kind.go       the one list of kinds of credential
//	operation.go  the one list of operations, and what each takes and touches
//	call.go       what goes into a rule and what comes out
//	options.go    the options and their defaults
//	state.go      what is remembered about a user, and for how long
//	next.go       a step, and the one rule of each operation
//	input.go      what is malformed
//	budget.go     wrong answers, locks, and when they end
//	judge.go      credentials, in their order
//	code.go       issued codes: live ones, stale ones, and what voids them
//	purpose.go    what an issued code is for
//	recovery.go   recovery codes, and the two forms of a code
//	totp.go       time-based codes
//	pin.go        PINs
//	device.go     devices, and the window in which one needs no proof
//	authenticator.go  the authenticator, from its first code on
//	guard.go      the reset guard: ages and strikes
//	wipe.go       what happens between marking a wipe and its end
//	notice.go     what the user hears of, and how often the host is told
//	imports.go    moving in from another system, to each place once
//	admin.go      the host's own acts, and records that do not open
//	event.go      what the host is told
//	view.go       what a view shows
//
// # How to use it
//
// [Options.Next] is one step: what one load and one swap of a record do. It is a
// pure function on values. A [State] is comparable with ==, so it can be a map key,
// be hashed, and be searched. It holds no texts of codes or secrets: the driver
// gives a [Name] to everything that the library draws at random, and a [Code] knows
// what its text is right for. So a search over an attacker's moves needs only as
// many names as things.
//
// A call that runs a wipe takes several steps: Next answers [AsksWipe], then comes
// [Options.WipeDone], and a binding then tries again. If the host fails, Sweep
// calls [Options.PutOff], and the call ends. A call that kept notices tells them at
// its end: [Options.Told] removes those that the host took. A Sweep ends with
// [Options.TellDue]. [Options.Run] takes all these steps for a caller without
// competitors. [Options.Unopened] is the step of a call that finds a record that
// does not open.
//
// Code that ranges over [Operations] or [Kinds] fails to compile, or at its start,
// if it does not know one.
package spec
