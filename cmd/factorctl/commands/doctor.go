package commands

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// The results of a check.
const (
	resultOK      = "ok"
	resultWarn    = "warn"
	resultFail    = "FAIL"
	resultSkipped = "skipped"
)

// A check is one finding of doctor.
type check struct {
	Name   string `json:"name"`
	Result string `json:"result"`
	Detail string `json:"detail"`
}

// A report holds the findings of doctor.
type report struct {
	Checks []check `json:"checks"`
	// Users counts the records, and Opened those that doctor opened.
	Users  int `json:"users"`
	Opened int `json:"opened"`
	// Formats counts the opened records by format number.
	Formats map[int]int `json:"formats"`
}

func (r *report) add(name, result, format string, args ...any) {
	r.Checks = append(r.Checks, check{name, result, fmt.Sprintf(format, args...)})
}

func (a *app) doctorCommand() *cobra.Command {
	var sample int
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Check the settings, the key, the clock and the sweep",
		Long: "Check the settings of the database, the table, whether the keys open a sample of the\n" +
			"records, the format of each of these, this machine's clock against the database's, and\n" +
			"how late Sweep is. doctor writes nothing. It ends with exit code 4 if a\n" +
			"check fails, but 0 for a warning.",
		Example: "  " + a.Name + " doctor --options limits.json\n  " + a.Name + " doctor --sample 0 --json",
		Args:    exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			if sample < 0 {
				return usage("--sample must not be negative")
			}
			r, err := a.examine(c.Context(), sample)
			if err != nil {
				return err
			}
			return a.printReport(r)
		},
	}
	c.Flags().IntVar(&sample, "sample", 1000, "open `n` records, drawn evenly from all; 0 means all")
	return c
}

// examine runs the checks. It returns an error only for bad arguments.
func (a *app) examine(ctx context.Context, sample int) (*report, error) {
	r := &report{Formats: map[int]int{}}
	s, err := a.open(ctx, needKey)
	if c, ok := errors.AsType[*coded](err); ok {
		return nil, c
	}
	if err != nil {
		r.add("database", resultFail, "%v", err)
		return r, nil
	}
	a.examineDatabase(ctx, s, r)
	if a.Open == nil && a.optionsFile() == "" {
		r.add("options", resultSkipped, "none given: bounds not checked")
	} else {
		r.add("options", resultOK, "every field is within its bounds")
	}
	if !examineTable(ctx, s, r) {
		return r, nil
	}
	examineRecords(ctx, s, r, sample)
	examineSweep(ctx, s, r)
	return r, ctx.Err()
}

func examineTable(ctx context.Context, s *session, r *report) bool {
	for _, err := range s.admin.Users(ctx, "") {
		if err != nil {
			r.add("table", resultFail, "%v", err)
			return false
		}
		break
	}
	name := "factor_records"
	if s.SQL != nil && s.SQL.Table != "" {
		name = s.SQL.Table
	}
	r.add("table", resultOK, "%s exists and is readable", name)
	return true
}

// printReport prints the findings. It returns an error if a check failed.
func (a *app) printReport(r *report) error {
	failed := 0
	rows := [][]string{}
	for i := range r.Checks {
		c := &r.Checks[i]
		if c.Result == resultFail {
			c.Detail = a.reason(c.Detail)
			failed++
		}
		for i, line := range strings.Split(c.Detail, "\n") {
			if i == 0 {
				rows = append(rows, []string{c.Result, c.Name, line})
				continue
			}
			rows = append(rows, []string{"", "", line})
		}
	}
	print := func() error { return a.columns(0, rows) }
	if a.flags.json {
		print = func() error { return a.printJSON(r) }
	}
	if err := print(); err != nil {
		return err
	}
	if failed > 0 {
		return partly("checks that failed: %d", failed)
	}
	return nil
}

// counted lists the number of records of each format.
func counted(formats map[int]int) string {
	var parts []string
	for _, number := range slices.Sorted(maps.Keys(formats)) {
		parts = append(parts, fmt.Sprintf("%d of format %d", formats[number], number))
	}
	return strings.Join(parts, ", ")
}
