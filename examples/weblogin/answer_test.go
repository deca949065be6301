package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

// Each error that factor exports has an answer of its own, or is a fault.
func TestEveryErrorHasAnAnswer(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	answered := make(map[string]bool)
	for name, want := range map[string]struct {
		err   error
		text  string
		after time.Duration
	}{
		"ErrMalformed":       {&factor.MalformedError{Field: "otp", Reason: "must be digits"}, "422 The otp must be digits.", 0},
		"ErrNoCredential":    {factor.ErrNoCredential, "422 Fill in the form.", 0},
		"ErrWeakPIN":         {&factor.WeakPINError{Reason: "is a series"}, "422 This PIN is a series.", 0},
		"ErrMismatch":        {&factor.MismatchError{Remaining: 2}, "403 This is not right. Tries left: 2.", 0},
		"ErrLocked":          {&factor.LockedError{Until: now.Add(1500 * time.Millisecond)}, "429 Locked after too many tries. Time left: 2s.", 2 * time.Second},
		"ErrNotEnrolled":     {factor.ErrNotEnrolled, "404 There is none, or it has waited too long.", 0},
		"ErrAlreadyEnrolled": {factor.ErrAlreadyEnrolled, "409 There is one already.", 0},
		"ErrUnknownDevice":   {factor.ErrUnknownDevice, "404 There is no such device.", 0},
		"ErrDeviceLimit":     {factor.ErrDeviceLimit, "409 You have as many devices as one may have.", 0},
		"ErrWiped":           {factor.ErrWiped, "410 Your cards were deleted.", 0},
		"ErrWipePending":     {factor.ErrWipePending, "503 Your cards are still being deleted. Try again soon.", 10 * time.Second},
		"ErrConflict":        {factor.ErrConflict, "503 The server is busy. Try again.", time.Second},
		"ErrUnsealed":        {factor.ErrUnsealed, "500 Something went wrong on our side. Look whether it was done before you try again.", 0},
		"ErrNewerFormat":     {factor.ErrNewerFormat, "500 Something went wrong on our side. Look whether it was done before you try again.", 0},
		"ErrNoticesDropped":  {factor.ErrNoticesDropped, "500 Something went wrong on our side. Look whether it was done before you try again.", 0},
		"stale":              {&factor.MismatchError{Stale: true}, "403 This code was used or replaced, or has expired. Take the newest one.", 0},
		"last":               {&factor.MismatchError{}, "403 This is not right, and it was the last try for now.", 0},
		"locked for good":    {&factor.LockedError{}, "429 Locked after too many tries. Write to us to unlock it.", 24 * time.Hour},
		"too soon":           {&factor.LockedError{Until: now, TooSoon: true}, "429 This is too soon. Time left: 1s.", time.Second},
		"a fault":            {io.ErrUnexpectedEOF, "500 Something went wrong on our side. Look whether it was done before you try again.", 0},
	} {
		answered[name] = true
		got := answerOf(want.err, now)
		if fmt.Sprint(got.Status, " ", got.Text) != want.text || got.RetryAfter != want.after {
			t.Errorf("%s is %+v, want %s", name, got, want.text)
		}
	}
	for _, name := range exportedErrors(t) {
		if !answered[name] {
			t.Errorf("factor.%s has no answer here", name)
		}
	}
}

// exportedErrors returns the sentinels of package factor.
func exportedErrors(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("../../*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if parsed.Name.Name != "factor" {
			continue
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(v.Names[0].Name, "Err") {
				names = append(names, v.Names[0].Name)
			}
			return true
		})
	}
	if len(names) < 10 {
		t.Fatalf("found only %v", names)
	}
	return names
}
