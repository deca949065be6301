package commands

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/knowhave/factor"
)

func (a *app) usersCommand() *cobra.Command {
	var after string
	var limit int
	var locked bool
	c := &cobra.Command{
		Use:   "users",
		Short: "List the users with a record",
		Long: "List the users with a record, in byte order, one per line, or with --json as one JSON\n" +
			"text per line. users needs no key, unless --locked is given.",
		Example: "  " + a.Name + " users --after alice --limit 100\n  " + a.Name + " users --locked --options limits.json",
		Args:    exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			if limit < 0 {
				return usage("--limit must not be negative")
			}
			n := needStore
			if locked {
				n = needOptions
			}
			s, err := a.open(c.Context(), n)
			if err != nil {
				return err
			}
			return a.listUsers(c, s, after, limit, locked)
		},
	}
	c.Flags().StringVar(&after, "after", "", "start after this `user`")
	c.Flags().IntVar(&limit, "limit", 0, "print at most `n`; 0 means all")
	c.Flags().BoolVar(&locked, "locked", false, "only users with a lock")
	return c
}

func (a *app) listUsers(c *cobra.Command, s *session, after string, limit int, locked bool) error {
	out := bufio.NewWriter(a.out)
	printed, unopened := 0, 0
	for user, err := range s.admin.Users(c.Context(), after) {
		if err != nil {
			return errors.Join(err, out.Flush())
		}
		if locked {
			found, err := s.admin.Status(c.Context(), user)
			if errors.Is(err, factor.ErrUnsealed) {
				unopened++
			} else if err != nil {
				return errors.Join(err, out.Flush())
			}
			if !anyLocked(found) {
				continue
			}
		}
		if err := a.printUser(out, user); err != nil {
			return err
		}
		if printed++; printed == limit {
			break
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if unopened > 0 {
		return partly("%d records did not open: run doctor", unopened)
	}
	return nil
}

func (a *app) printUser(out *bufio.Writer, user string) error {
	text := show(user)
	if a.flags.json {
		line, err := json.Marshal(user)
		if err != nil {
			return err
		}
		text = string(line)
	}
	_, err := fmt.Fprintln(out, text)
	return err
}

func anyLocked(s factor.Status) bool {
	for _, b := range s.Budgets {
		if b.Locked {
			return true
		}
	}
	return false
}
