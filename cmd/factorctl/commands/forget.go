package commands

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/knowhave/factor"
)

func (a *app) forgetCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "forget USER",
		Short: "Erase everything kept about a user",
		Long: "Erase everything kept about a user, including counts and locks. forget finishes a\n" +
			"pending wipe first, and refuses if this program does not have the function for it. It\n" +
			"leaves a record that does not open: see discard.",
		Example: "  " + a.Name + " forget alice --options limits.json",
		Args:    exactly("a user"),
		RunE: func(c *cobra.Command, args []string) error {
			user := args[0]
			return a.act(c.Context(), user, act{"Erase everything kept about " + show(user) + "?", "forgotten", func(ctx context.Context, s *session) error {
				return s.admin.Forget(ctx, user)
			}})
		},
	}
}

func (a *app) discardCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "discard USER",
		Short: "Erase a record that does not open",
		Long: "Erase a record that does not open, and with it a wipe that may be pending. First make\n" +
			"sure that the key is lost for good, and that the user's critical data is deleted or\n" +
			"may stay. discard prints why the record does not open, and without --yes asks you to\n" +
			"type the user's id again. It refuses a record that opens: see forget.",
		Example: "  " + a.Name + " discard alice --options limits.json",
		Args:    exactly("a user"),
		RunE:    func(c *cobra.Command, args []string) error { return a.discard(c.Context(), args[0]) },
	}
}

func (a *app) discard(ctx context.Context, user string) error {
	s, err := a.open(ctx, needOptions)
	if err != nil {
		return err
	}
	if err := s.exists(ctx, user); err != nil {
		return err
	}
	_, cause := s.admin.Status(ctx, user)
	switch {
	case cause == nil:
		return refused("the record of %s opens: erase it with forget", show(user))
	case errors.Is(cause, factor.ErrNewerFormat), !errors.Is(cause, factor.ErrUnsealed):
		return cause
	}
	why := a.reason(cause.Error())
	if !a.flags.json {
		fmt.Fprintf(a.errs, "%s: %s\n", show(user), why)
	}
	if err := a.confirmUser(ctx, "Erase this record, and a wipe that may be pending in it, for good?", user); err != nil {
		return err
	}
	if err := s.admin.Discard(ctx, user); err != nil {
		return err
	}
	return a.print(map[string]any{"user": user, "done": "discarded", "cause": why}, "%s: discarded", show(user))
}
