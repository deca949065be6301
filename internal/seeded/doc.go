// Package seeded holds defects that are planted into this library, one at a time,
// to see whether its checks find them: what a check is worth is what it catches.
//
// A defect is a few lines of the engine or of a store, and what a mistake would
// make of them. No changed copy of a file is kept. Each test makes it anew, from
// the file as it is now, and builds the check with the overlay of the go command
// in place of it; text that no longer occurs exactly once fails, so that the table
// cannot rot. A defect counts as caught only if the check that is named for it
// builds, runs to its end and fails by a finding of its own; and without a defect
// all the checks have to pass.
//
// DEFECTS.md lists them, with the check that finds each. The long run prints the
// whole table, of every check against every defect:
//
//	go test ./internal/seeded -run TestMatrix -timeout 0 -v -seeded.matrix
package seeded
