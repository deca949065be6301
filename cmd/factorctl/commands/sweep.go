package commands

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/knowhave/factor"
)

func (a *app) sweepCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "sweep",
		Short: "Drop expired state, and finish wipes",
		Long: "Drop expired codes and secrets, remove empty records, and finish wipes that were cut\n" +
			"off. Run it every minute. Wipes and waiting notices need the host's functions: if one is\n" +
			"due and this program does not have them, sweep says so, leaves the work to a process\n" +
			"that does, and ends with exit code 4.",
		Example: "  * * * * *  app  " + a.Name + " sweep --options limits.json",
		Args:    exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := a.open(c.Context(), needOptions)
			if err != nil {
				return err
			}
			changed, err := s.admin.Sweep(c.Context())
			failed := sweepFailures(err)
			result := map[string]any{"changed": changed, "failed": a.failures(failed)}
			if err := a.print(result, "changed %d users", changed); err != nil {
				return err
			}
			if !a.flags.json {
				a.printFailures(failed)
			}
			if err == nil {
				return nil
			}
			about := func(f failure) bool { return f.user != "" }
			if !slices.ContainsFunc(failed, about) || c.Context().Err() != nil {
				return err
			}
			return partly("some users were not swept")
		},
	}
}

// A failure is an error for one user, or for several if user is empty.
type failure struct {
	user string
	err  error
}

// sweepFailures returns the parts of Sweep's error, or none if it is about no user.
func sweepFailures(err error) []failure {
	var failed []failure
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	for _, one := range joined.Unwrap() {
		if u, ok := errors.AsType[*factor.UserError](one); ok {
			failed = append(failed, failure{u.User, u.Err})
			continue
		}
		failed = append(failed, failure{"", one})
	}
	return failed
}

// printFailures prints failures on the error stream.
func (a *app) printFailures(failed []failure) {
	if a.flags.json {
		for _, f := range a.failures(failed) {
			line, _ := json.Marshal(f)
			fmt.Fprintf(a.errs, "%s\n", line)
		}
		return
	}
	for _, f := range failed {
		who := ""
		if f.user != "" {
			who = show(f.user) + ": "
		}
		fmt.Fprintf(a.errs, "%s%s\n", who, a.reason(f.err.Error()))
	}
}

// failures returns failures as --json prints them.
func (a *app) failures(failed []failure) []map[string]string {
	list := []map[string]string{}
	for _, f := range failed {
		list = append(list, map[string]string{"user": f.user, "error": a.reason(f.err.Error())})
	}
	return list
}
