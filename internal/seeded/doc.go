// Package seeded plants defects into this library, one at a time, to see whether
// its checks find them: a check is worth what it catches.
//
// A defect is a few lines of the engine or of a store, and what a mistake would
// make of them. No changed copy of a file is kept: each test makes it from the
// current file, and builds the check with the go command's overlay in its place.
// Text that no longer occurs exactly once fails, so the table cannot rot. A defect
// counts as caught only if its named check builds, runs to its end and fails with
// its own finding; without a defect all checks must pass.
//
// DEFECTS.md lists them, with the check that finds each. The long run prints the
// whole table, of every check against every defect:
//
//	go test ./internal/seeded -run TestMatrix -timeout 0 -v -seeded.matrix
package seeded
