package main

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

// sentinels has, for each exported error of factor by its name, one as factor
// returns it, and what the described operations answer: in the order of
// described, 0 where the operation never sees it.
var sentinels = map[string]struct {
	err      error
	code     string
	statuses [5]int
}{
	"ErrMalformed":       {&factor.MalformedError{Field: "otp", Reason: "must be digits"}, "malformed", [5]int{422, 422, 422, 422, 400}},
	"ErrNoCredential":    {factor.ErrNoCredential, "no-credential", [5]int{0, 422, 0, 403, 400}},
	"ErrWeakPIN":         {&factor.WeakPINError{Reason: "must not be a series"}, "weak-pin", [5]int{}},
	"ErrMismatch":        {&factor.MismatchError{Kind: factor.KindPIN, Remaining: 2}, "mismatch", [5]int{0, 404, 404, 403, 422}},
	"ErrLocked":          {&factor.LockedError{Kind: factor.KindPIN}, "locked", [5]int{0, 429, 429, 429, 429}},
	"ErrNotEnrolled":     {factor.ErrNotEnrolled, "not-enrolled", [5]int{0, 0, 0, 0, 404}},
	"ErrAlreadyEnrolled": {factor.ErrAlreadyEnrolled, "already-enrolled", [5]int{}},
	"ErrUnknownDevice":   {factor.ErrUnknownDevice, "unknown-device", [5]int{}},
	"ErrDeviceLimit":     {factor.ErrDeviceLimit, "device-limit", [5]int{0, 0, 0, 403, 0}},
	"ErrWiped":           {factor.ErrWiped, "wiped", [5]int{0, 0, 0, 0, 410}},
	"ErrWipePending":     {fmt.Errorf("%w: %w", factor.ErrWipePending, context.DeadlineExceeded), "wipe-pending", [5]int{0, 0, 0, 503, 503}},
	"ErrConflict":        {fmt.Errorf("%w: %w", factor.ErrConflict, context.DeadlineExceeded), "busy", [5]int{503, 503, 503, 503, 503}},
	"ErrUnsealed":        {factor.ErrUnsealed, "record-unreadable", [5]int{501, 500, 500, 500, 501}},
	"ErrNoticesDropped":  {factor.ErrNoticesDropped, "internal", [5]int{501, 500, 500, 500, 501}}, // only Sweep returns it
	"ErrNewerFormat":     {factor.ErrNewerFormat, "record-unreadable", [5]int{501, 500, 500, 500, 501}},
}

func TestEachErrorOfFactorHasItsProblem(t *testing.T) {
	for name, want := range sentinels {
		for i, op := range described {
			p := problemOf(fmt.Errorf("wrapped: %w", want.err), op)
			if p.Code != want.code || titles[p.Code] == "" {
				t.Errorf("%s at %s: %+v, want code %s", name, op.name(), p, want.code)
			}
			if want.statuses[i] != 0 && (p.status != want.statuses[i] || p.Detail == "") {
				t.Errorf("%s at %s: %+v, want status %d", name, op.name(), p, want.statuses[i])
			}
		}
	}
}

// TestUnfinishedWipeIsNeverDone: a reset goes on after 410 and 404, so that an
// unfinished wipe is answered with 503, whatever the fault of Options.Wipe is, and
// whether or not the error matches ErrWiped as well.
func TestUnfinishedWipeIsNeverDone(t *testing.T) {
	faults := []error{factor.ErrWiped, errUnknownUser, &badInput{}, context.DeadlineExceeded, context.Canceled, &panicked{}}
	for _, sentinel := range sentinels {
		faults = append(faults, sentinel.err)
	}
	for _, fault := range faults {
		for _, err := range []error{
			fmt.Errorf("%w: %w", factor.ErrWipePending, fault), fmt.Errorf("%w: %w", fault, factor.ErrWipePending),
			fmt.Errorf("%w: %w: %w", factor.ErrWiped, factor.ErrWipePending, fault),
		} {
			for _, op := range described {
				if p := problemOf(err, op); p.status != 503 || p.Code != "wipe-pending" || p.retryAfter == 0 {
					t.Errorf("%v at %s: %+v", err, op.name(), p)
				}
			}
		}
	}
}

// TestNoErrorOfFactorIsForgotten fails when factor gains an error of which
// nobody has decided what it is answered with.
func TestNoErrorOfFactorIsForgotten(t *testing.T) {
	declared := exportedErrors(t, filepath.Join("..", ".."))
	if len(declared) < 12 {
		t.Fatalf("only %v found: is the root package elsewhere?", declared)
	}
	for _, name := range declared {
		if _, ok := sentinels[name]; !ok {
			t.Errorf("factor.%s has no place in problemOf and in this test", name)
		}
	}
	for name := range sentinels {
		if !slices.Contains(declared, name) {
			t.Errorf("factor.%s does not exist any more", name)
		}
	}
}

// exportedErrors returns the names of all variables Err… that the Go files in a
// directory declare.
func exportedErrors(t *testing.T, dir string) (names []string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, file.Name()), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for name, object := range parsed.Scope.Objects {
			if object.Kind == ast.Var && strings.HasPrefix(name, "Err") {
				names = append(names, name)
			}
		}
	}
	return names
}

func TestFaultsTellTheClientNothing(t *testing.T) {
	fault := errors.New("dial tcp 10.0.0.7:5432: password authentication failed for user factor")
	for err, want := range map[error]problem{
		fault:                    {status: 501, Code: "internal"},
		context.DeadlineExceeded: {status: 503, Code: "timeout"},
		context.Canceled:         {status: 499, Code: "client-gone"},
		&panicked{}:              {status: 501, Code: "internal"},
	} {
		p := problemOf(err, described[0])
		if p.status != want.status || p.Code != want.Code || strings.Contains(p.Detail, "10.0.0.7") {
			t.Errorf("%v: %+v", err, p)
		}
	}
	for i, want := range []int{501, 500, 500, 500, 501} {
		if p := problemOf(fault, described[i]); p.status != want {
			t.Errorf("a fault at %s: status %d, want %d", described[i].name(), p.status, want)
		}
	}
	if p := problemOf(fault, nowhere); p.status != 500 {
		t.Errorf("a fault elsewhere: status %d", p.status)
	}
}

func TestEachCodeHasATitle(t *testing.T) {
	for _, err := range []*refusal{
		errNoToken, errUnlinkedToken, errUnlinkedUser, errUnknownUser, errNoPIN, errSkipForbidden, errNotFound, errMethod, errTooLarge, errTooSlow, errStopping,
		refuse(406, "not-acceptable", ""), refuse(415, "unsupported-media", ""),
	} {
		if titles[err.Code] == "" || err.status < 400 {
			t.Errorf("%v: status %d, title %q", err, err.status, titles[err.Code])
		}
	}
}

func TestLockedSaysWhenToTryAgain(t *testing.T) {
	for _, c := range []struct {
		until    time.Time
		from, to time.Duration
	}{
		{time.Now().Add(time.Minute), 55 * time.Second, time.Minute},
		{time.Now().Add(-time.Minute), time.Second, time.Second},
		{time.Time{}, 24 * time.Hour, 24 * time.Hour},
	} {
		p := problemOf(&factor.LockedError{Kind: factor.KindPIN, Until: c.until}, described[1])
		if p.retryAfter < c.from || p.retryAfter > c.to || p.retryAfter%time.Second != 0 {
			t.Errorf("until %v: Retry-After %s", c.until, strconv.FormatFloat(p.retryAfter.Seconds(), 'f', -1, 64))
		}
	}
}

// TestReadmeTellsOfEachCode, which links.about leads to, and of no other.
func TestReadmeTellsOfEachCode(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(documentation, "/README.md#") {
		t.Fatalf("links.about leads to %s", documentation)
	}
	var told []string
	for _, row := range regexp.MustCompile("(?m)^\\| <a id=\"([a-z-]+)\"></a>`([a-z-]+)` \\| [45]").FindAllStringSubmatch(string(readme), -1) {
		if row[1] != row[2] {
			t.Errorf("the row of %s has the anchor %s", row[2], row[1])
		}
		told = append(told, row[2])
	}
	slices.Sort(told)
	if codes := slices.Sorted(maps.Keys(titles)); !slices.Equal(told, codes) {
		t.Errorf("the README tells of %q, the codes are %q", told, codes)
	}
}
