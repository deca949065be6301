package commands

import (
	"context"
	"errors"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/knowhave/factor"
)

// An act is a command on one user.
type act struct {
	question string // to confirm first; "" if the act does no harm
	done     string // to print afterwards, in the past tense
	do       func(ctx context.Context, s *session) error
}

// act does an act to a user.
func (a *app) act(ctx context.Context, user string, do act) error {
	s, err := a.open(ctx, needOptions)
	if err != nil {
		return err
	}
	if err := s.exists(ctx, user); err != nil {
		return err
	}
	if do.question != "" {
		if err := a.confirm(ctx, do.question); err != nil {
			return err
		}
	}
	if err := do.do(ctx, s); err != nil {
		return err
	}
	return a.print(map[string]any{"user": user, "done": do.done}, "%s: %s", show(user), do.done)
}

func (a *app) unlockCommand() *cobra.Command {
	var named []string
	c := &cobra.Command{
		Use:   "unlock USER",
		Short: "Set a user's counts of wrong answers back to zero",
		Long: "Set a user's counts of wrong answers back to zero, for all kinds or the named ones.\n" +
			"unlock leaves the strikes of the reset guard and wipes alone.",
		Example: "  " + a.Name + " unlock alice --options limits.json\n  " + a.Name + " unlock alice --kind pin --kind totp --options limits.json",
		Args:    exactly("a user"),
		RunE: func(c *cobra.Command, args []string) error {
			var kinds []factor.Kind // nil means all
			for _, name := range named {
				kinds = append(kinds, factor.Kind(name))
			}
			done := "unlocked"
			if len(named) > 0 {
				done += " " + strings.Join(named, ", ")
			}
			return a.act(c.Context(), args[0], act{done: done, do: func(ctx context.Context, s *session) error {
				return s.admin.Unlock(ctx, args[0], kinds...)
			}})
		},
	}
	c.Flags().StringSliceVar(&named, "kind", nil, "unlock only this `kind`: password, pin, login, account, totp, device-totp, recovery; may be repeated")
	return c
}

func (a *app) voidCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "void USER",
		Short: "Void a user's live codes, and a pending authenticator",
		Long: "Void a user's live login and account codes, and drop a pending authenticator. Do it when\n" +
			"the address that codes are sent to changes.",
		Example: "  " + a.Name + " void alice --options limits.json",
		Args:    exactly("a user"),
		RunE: func(c *cobra.Command, args []string) error {
			user := args[0]
			return a.act(c.Context(), user, act{"Void the live codes of " + show(user) + "?", "codes voided", func(ctx context.Context, s *session) error {
				return s.admin.VoidCodes(ctx, user)
			}})
		},
	}
}

func (a *app) removeCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "remove",
		Short: "Remove a PIN, an authenticator, the recovery codes or a device",
		Long: "Remove a PIN, an authenticator, the recovery codes or a device. If the service has\n" +
			"Options.Notify, give --notice: the record keeps a notice, and the service's Sweep sends it.",
		Example: "  " + a.Name + " remove device alice 7d1ad1ee-6a5e-4f5c-9a0a-1f3c0b5d2a11 --options limits.json\n" +
			"  " + a.Name + " remove authenticator alice --options limits.json",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("remove what? pin, authenticator, recovery or device")
			}
			return usage("remove has no %s: see its help", quoted(args[0]))
		},
		RunE: func(*cobra.Command, []string) error { return nil },
	}
	c.PersistentFlags().BoolVar(&a.flags.notice, "notice", false, "keep a notice for the service's Sweep to send; only if the service has Options.Notify")
	c.AddCommand(
		a.removeOne("pin", "PIN", (*factor.Admin).RemovePIN),
		a.removeOne("authenticator", "authenticator, confirmed or pending,", (*factor.Admin).RemoveAuthenticator),
		a.removeOne("recovery", "recovery codes", (*factor.Admin).RemoveRecoveryCodes),
		a.removeDeviceCommand(),
	)
	return c
}

// removeOne returns a command that removes something a user has one of.
func (a *app) removeOne(name, what string, remove func(*factor.Admin, context.Context, string) error) *cobra.Command {
	return &cobra.Command{
		Use:     name + " USER",
		Short:   "Remove the user's " + strings.TrimSuffix(what, ","),
		Example: "  " + a.Name + " remove " + name + " alice --options limits.json",
		Args:    exactly("a user"),
		RunE: func(c *cobra.Command, args []string) error {
			user := args[0]
			return a.act(c.Context(), user, act{"Remove the " + what + " of " + show(user) + "?", name + " removed", func(ctx context.Context, s *session) error {
				return remove(s.admin, ctx, user)
			}})
		},
	}
}

func (a *app) removeDeviceCommand() *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:   "device USER [ID]",
		Short: "Remove a device, or all of them",
		Long: "Remove a user's device, such as a lost phone, or all of them, so that their codes are\n" +
			"refused. status shows the IDs, and when each was last used. A phone may also hold the\n" +
			"authenticator: see remove authenticator.",
		Example: "  " + a.Name + " remove device alice 7d1ad1ee-6a5e-4f5c-9a0a-1f3c0b5d2a11 --options limits.json\n" +
			"  " + a.Name + " remove device alice --all --options limits.json",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 2 && !all || len(args) == 1 && all {
				return nil
			}
			return usage("remove device takes a user, and the ID of a device or --all")
		},
		RunE: func(c *cobra.Command, args []string) error {
			if all {
				return a.removeDevices(c.Context(), args[0])
			}
			id, err := uuid.Parse(args[1])
			if err != nil {
				return usage("the ID of the device must be a UUID")
			}
			question := "Remove the device " + id.String() + " of " + show(args[0]) + "?"
			return a.act(c.Context(), args[0], act{question, "device " + id.String() + " removed", func(ctx context.Context, s *session) error {
				return s.admin.RevokeDevice(ctx, args[0], id)
			}})
		},
	}
	c.Flags().BoolVar(&all, "all", false, "remove all the user's devices")
	return c
}

func (a *app) removeDevices(ctx context.Context, user string) error {
	return a.act(ctx, user, act{"Remove all devices of " + show(user) + "?", "all devices removed", func(ctx context.Context, s *session) error {
		found, err := s.admin.Status(ctx, user)
		if err != nil {
			return err
		}
		if len(found.Devices) == 0 {
			return factor.ErrUnknownDevice
		}
		for _, d := range found.Devices {
			err := s.admin.RevokeDevice(ctx, user, d.ID)
			if err != nil && !errors.Is(err, factor.ErrUnknownDevice) { // somebody else may have removed it
				return err
			}
		}
		return nil
	}})
}
