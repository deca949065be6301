package server

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// A MissingError says that a program is not installed.
type MissingError struct {
	Program string
	Package string // the one of Debian that has it
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("%s is neither on PATH nor in Debian's places: apt-get install %s", e.Program, e.Package)
}

// Find returns the path of a program. The places are patterns of directories to
// look in after PATH; of several the last one counts, which has the highest
// version.
func Find(program, debianPackage string, places ...string) (string, error) {
	if path, err := exec.LookPath(program); err == nil {
		return filepath.Abs(path)
	}
	for _, place := range places {
		found, err := filepath.Glob(filepath.Join(place, program))
		if err != nil {
			return "", err
		}
		for _, path := range slices.Backward(found) {
			if path, err := exec.LookPath(path); err == nil {
				return path, nil
			}
		}
	}
	return "", &MissingError{program, debianPackage}
}

// Must turns the results of a function into the first of them. It fails the test
// if there was an error; if that is a MissingError, it skips the test, except
// under CI=true.
func Must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if missing, ok := errors.AsType[*MissingError](err); ok && os.Getenv("CI") != "true" {
			t.Skipf("NOT RUN: %v", missing)
		}
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}
