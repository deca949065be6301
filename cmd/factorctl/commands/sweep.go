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
		Short: "Drop what has ended, and finish what was cut off",
		Long: "Drop codes and secrets that have ended, remove empty records, and finish wipes that\n" +
			"were cut off. Run it every minute. A wipe, and a notice that waits to be told, need\n" +
			"the host's functions: where this program does not have them, sweep says so, leaves\n" +
			"them to a process that has, and ends with exit code 4.",
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
			return partly("not all users could be swept")
		},
	}
}

// A failure is what could not be done for a user, whose name is empty where it stands
// for several.
type failure struct {
	user string
	err  error
}

// sweepFailures takes the error of Sweep apart. It returns none for one that is about
// no user.
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

// printFailures prints them on the error stream.
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

// failures is what --json prints of them.
func (a *app) failures(failed []failure) []map[string]string {
	list := []map[string]string{}
	for _, f := range failed {
		list = append(list, map[string]string{"user": f.user, "error": a.reason(f.err.Error())})
	}
	return list
}
