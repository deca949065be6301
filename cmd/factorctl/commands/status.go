package commands

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/knowhave/factor"
)

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status USER",
		Short: "Show what a user holds, and what is locked",
		Long: "Show what a user holds, what is locked and until when, the strikes of the reset guard,\n" +
			"a wipe, and how many notices wait. A program with the host's functions finishes a\n" +
			"PENDING wipe and sends waiting notices when it sweeps.",
		Example: "  " + a.Name + " status alice --options limits.json",
		Args:    exactly("a user"),
		RunE: func(c *cobra.Command, args []string) error {
			s, err := a.open(c.Context(), needOptions)
			if err != nil {
				return err
			}
			user := args[0]
			if err := s.exists(c.Context(), user); err != nil {
				return err
			}
			found, err := s.admin.Status(c.Context(), user)
			if err != nil {
				return err
			}
			if a.flags.json {
				return a.printJSON(map[string]any{"user": user, "status": found})
			}
			return a.columns(len("wrong answers")+3, statusRows(user, found, time.Now()))
		},
	}
}

func statusRows(user string, s factor.Status, now time.Time) [][]string {
	rows := [][]string{
		{"user", show(user)},
		{"PIN", either(s.PIN, "set", "none")},
		{"authenticator", authenticator(s)},
		{"devices", strconv.Itoa(len(s.Devices))},
	}
	for _, d := range s.Devices {
		rows = append(rows, []string{"", fmt.Sprintf("%s  enrolled %s, last used %s", d.ID, instant(d.EnrolledAt), instant(d.UsedAt))})
	}
	rows = append(rows, []string{"recovery codes", strconv.Itoa(s.RecoveryCodes)})
	for _, k := range s.Live {
		rows = append(rows, []string{"live code", string(k)})
	}
	for _, b := range s.Budgets {
		rows = append(rows, []string{"wrong answers", fmt.Sprintf("%s: %d, %s", b.Kind, b.Wrong, lock(b, now))})
	}
	if len(s.Budgets) == 0 {
		rows = append(rows, []string{"wrong answers", "none counted, nothing locked"})
	}
	rows = append(rows, []string{"reset strikes", strconv.Itoa(s.Strikes)})
	return append(rows, []string{"wipe", wipe(s)}, []string{"notices", waiting(s.Notices)})
}

func waiting(notices int) string {
	if notices == 0 {
		return "none wait"
	}
	return fmt.Sprintf("%d WAIT to be sent", notices)
}

func either(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

func authenticator(s factor.Status) string {
	held := either(s.Authenticator, "confirmed", "none")
	return held + either(s.AuthenticatorPending, ", one pending", "")
}

func lock(b factor.Budget, now time.Time) string {
	switch {
	case !b.Locked:
		return "not locked"
	case b.Until.IsZero():
		return "LOCKED until unlocked"
	default:
		return fmt.Sprintf("LOCKED until %s (%s)", instant(b.Until), b.Until.Sub(now).Round(time.Second))
	}
}

func wipe(s factor.Status) string {
	if s.Wipe == nil {
		return "none"
	}
	return fmt.Sprintf("%s, marked %s, %s (id %s)", either(s.WipePending, "PENDING", "done"), instant(s.Wipe.At), s.Wipe.Reason, s.Wipe.ID)
}
