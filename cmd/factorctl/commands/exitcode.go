package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/knowhave/factor"
)

// An ExitCode is the exit code of a command.
type ExitCode int

// The exit codes.
const (
	// Done: the command did all of it.
	Done ExitCode = 0
	// Fault: the database, the key, a file or the network failed.
	Fault ExitCode = 1
	// Usage: the command line, the environment or the options file is wrong. The
	// command did nothing.
	Usage ExitCode = 2
	// Refused: the record does not allow it, the operator said no, or nothing of
	// that name exists. The command changed nothing.
	Refused ExitCode = 3
	// Partly: some users, rows or checks failed. The command did the rest.
	Partly ExitCode = 4
	// Interrupted: a signal ended the command. Its work so far stays.
	Interrupted ExitCode = 5
)

// coded is an error with its own exit code.
type coded struct {
	code ExitCode
	err  error
}

func (c *coded) Error() string { return c.err.Error() }
func (c *coded) Unwrap() error { return c.err }

func usage(format string, args ...any) error   { return &coded{Usage, fmt.Errorf(format, args...)} }
func refused(format string, args ...any) error { return &coded{Refused, fmt.Errorf(format, args...)} }
func partly(format string, args ...any) error  { return &coded{Partly, fmt.Errorf(format, args...)} }

// refusals are the errors of package factor that refuse a call and change nothing.
var refusals = []error{
	factor.ErrNotEnrolled, factor.ErrUnknownDevice, factor.ErrAlreadyEnrolled, factor.ErrDeviceLimit, factor.ErrWipePending, factor.ErrNewerFormat,
}

func (a *app) codeOf(ctx context.Context, err error) ExitCode {
	if c, ok := errors.AsType[*coded](err); ok {
		return c.code
	}
	if ctx.Err() != nil {
		return Interrupted
	}
	if !a.began || errors.Is(err, factor.ErrMalformed) {
		return Usage
	}
	for _, refusal := range refusals {
		if errors.Is(err, refusal) {
			return Refused
		}
	}
	return Fault
}

// printError prints the error on the error stream.
func (a *app) printError(err error, code ExitCode) {
	text := a.reason(err.Error())
	if a.flags.json {
		line, _ := json.Marshal(map[string]any{"error": text, "exitCode": code})
		fmt.Fprintf(a.errs, "%s\n", line)
		return
	}
	fmt.Fprintf(a.errs, "%s: %s\n", a.Name, text)
	if code == Usage {
		fmt.Fprintf(a.errs, "See %s help.\n", a.Name)
	}
}
