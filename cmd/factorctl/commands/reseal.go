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

// A reseal is one run of reseal.
type reseal struct {
	*app
	*session
	pace  pace
	file  string // for the state; "" for none
	after string
	state state
}

func (a *app) resealCommand() *cobra.Command {
	r := reseal{app: a}
	c := &cobra.Command{
		Use:   "reseal",
		Short: "Seal every record again, under the first key",
		Long: "Seal every record again, under the first key, once the service runs with it: see\n" +
			"docs/keys.md. reseal may run beside the service. It names records that do not open,\n" +
			"and goes on with the rest. Keep the old key until doctor --sample 0, with the new key\n" +
			"alone, ends with exit code 0.\n\n" +
			"With --state you can kill reseal at any time: the same command resumes. It removes the\n" +
			"file when all is done. Without --state, an interrupted reseal prints the last user;\n" +
			"pass it to --after.",
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
	c.Flags().StringVar(&r.file, "state", "", "`file` that keeps the progress")
	c.Flags().StringVar(&r.after, "after", "", "start after this `user`")
	a.addPace(c, &r.pace)
	return c
}

func (a *app) addPace(c *cobra.Command, p *pace) {
	c.Flags().IntVar(&p.workers, "parallel", 8, "work on `n` users at once")
	c.Flags().IntVar(&p.rate, "rate", 0, "work on at most `n` users a second; 0 means no bound")
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

// total counts the users, for the progress.
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

// begin finds out where to resume.
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
		return usage("--state: the sealer does not mark its key, so a state file could not name it: give --after")
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
		fmt.Fprintf(r.errs, "resuming after %s: %d users are done\n", show(r.state.After), r.state.Done)
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

// some reseals the users of a batch and records that they are done.
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
			return err // a fault of the database: the next run starts with this batch
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

// stopped adds to an error how to resume.
func (r *reseal) stopped(err error) error {
	switch {
	case r.file != "":
		return fmt.Errorf("stopped after %d users; run the same command to resume: %w", r.state.Done, err)
	case r.state.After != "":
		return fmt.Errorf("stopped after %d users; resume with --after %s: %w", r.state.Done, quoted(r.state.After), err)
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
