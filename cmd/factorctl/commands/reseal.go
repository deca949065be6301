package commands

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/knowhave/factor"
)

// A reseal is one run of the command.
type reseal struct {
	*app
	*session
	pace  pace
	file  string // of the state; "" for none
	after string
	state state
}

func (a *app) resealCommand() *cobra.Command {
	r := reseal{app: a}
	c := &cobra.Command{
		Use:   "reseal",
		Short: "Seal every record anew, under the first key",
		Long: "Seal every record anew, under the first key, after the service runs with it: see the\n" +
			"page on keys. It may run beside the service. A record that does not open is named,\n" +
			"and the rest goes on. Keep the old key until doctor --sample 0, with the new key alone,\n" +
			"ends with exit code 0.\n\n" +
			"With --state it can be killed at any time: the same command goes on where it was. The\n" +
			"file is gone once all is done. Without, it prints the last user when it is\n" +
			"interrupted, which --after takes.",
		Example: "  " + a.Name + " reseal --key-file new.key --key-file old.key --options limits.json --state reseal.state",
		Args:    exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			if r.file != "" && r.after != "" {
				return usage("give one of --state and --after")
			}
			if err := r.pace.check(); err != nil {
				return err
			}
			s, err := a.open(c.Context(), needOptions)
			if err != nil {
				return err
			}
			r.session = s
			return r.run(c.Context())
		},
	}
	c.Flags().StringVar(&r.file, "state", "", "`file` that remembers how far it is")
	c.Flags().StringVar(&r.after, "after", "", "begin after this `user`")
	a.addPace(c, &r.pace)
	return c
}

func (a *app) addPace(c *cobra.Command, p *pace) {
	c.Flags().IntVar(&p.workers, "parallel", 8, "work on `n` users at once")
	c.Flags().IntVar(&p.rate, "rate", 0, "work on at most `n` users a second; 0 is as fast as it goes")
}

func (r *reseal) run(ctx context.Context) error {
	if err := r.begin(ctx); err != nil {
		return err
	}
	resumed := r.state.Done
	total, err := r.total(ctx)
	if err != nil {
		return err
	}
	p := r.progress("users", resumed, total)
	err = r.all(ctx, p)
	p.end()
	if err != nil {
		return r.stopped(err)
	}
	if r.file != "" {
		if err := os.Remove(r.file); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return r.finished(resumed)
}

// total counts the users, for the progress only.
func (r *reseal) total(ctx context.Context) (int, error) {
	if r.flags.quiet {
		return 0, nil
	}
	total := r.state.Done
	for _, err := range r.admin.Users(ctx, r.state.After) {
		if err != nil {
			return 0, err
		}
		total++
	}
	return total, nil
}

// begin finds out where to go on.
func (r *reseal) begin(ctx context.Context) error {
	mark, err := sealerMark(r.Sealer)
	if err != nil {
		return err
	}
	fresh := state{Key: mark, After: r.after}
	r.state = fresh
	if r.file == "" {
		return nil
	}
	if mark == "" {
		return usage("--state: the sealer does not tell its keys apart, so that a file could not tell whose it is: give --after")
	}
	if r.SQL != nil {
		fresh.Table = r.SQL.Table
		if fresh.Database, err = r.SQL.place(ctx); err != nil {
			return err
		}
	}
	if r.state, err = readState(r.file, fresh); err != nil {
		return err
	}
	if r.state.After != "" && !r.flags.json {
		fmt.Fprintf(r.errs, "goes on after %s: %d users were done\n", show(r.state.After), r.state.Done)
	}
	return nil
}

// all reseals the users in batches.
func (r *reseal) all(ctx context.Context, p *progress) error {
	var batch []string
	for user, err := range r.admin.Users(ctx, r.state.After) {
		if err != nil {
			return err
		}
		if batch = append(batch, user); len(batch) < r.pace.batch() {
			continue
		}
		if err := r.some(ctx, batch, p); err != nil {
			return err
		}
		batch = batch[:0]
	}
	return r.some(ctx, batch, p)
}

// some reseals the users of a batch, and notes that they are done.
func (r *reseal) some(ctx context.Context, batch []string, p *progress) error {
	if len(batch) == 0 {
		return nil
	}
	began := time.Now()
	results := r.pace.each(batch, func(i int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return r.admin.Reseal(ctx, batch[i])
	})
	for i, err := range results {
		if err == nil {
			continue
		}
		if !errors.Is(err, factor.ErrUnsealed) && !errors.Is(err, factor.ErrConflict) {
			return err // of the database: the batch is begun anew
		}
		r.state.Failed++
		r.printFailures([]failure{{batch[i], err}})
	}
	r.state.After = batch[len(batch)-1]
	r.state.Done += len(batch)
	p.add(len(batch))
	if r.file != "" {
		if err := r.state.write(r.file); err != nil {
			return err
		}
	}
	return r.pace.rest(ctx, began, len(batch))
}

// stopped says where to go on.
func (r *reseal) stopped(err error) error {
	switch {
	case r.file != "":
		return fmt.Errorf("stopped after %d users; the same command goes on from there: %w", r.state.Done, err)
	case r.state.After != "":
		return fmt.Errorf("stopped after %d users; go on with --after %s: %w", r.state.Done, quoted(r.state.After), err)
	default:
		return err
	}
}

func (r *reseal) finished(resumed int) error {
	sealed := r.state.Done - r.state.Failed
	result := map[string]int{"users": r.state.Done, "resealed": sealed, "failed": r.state.Failed, "before": resumed}
	if err := r.print(result, "resealed %d of %d users", sealed, r.state.Done); err != nil {
		return err
	}
	if r.state.Failed > 0 {
		return partly("%d records were not resealed: keep the old keys", r.state.Failed)
	}
	return nil
}
