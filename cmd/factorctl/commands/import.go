package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/knowhave/factor"
)

// An importing is one run of the command import.
type importing struct {
	*app
	admin       *factor.Admin
	pace        pace
	format      string
	dry         bool
	refusedName string
	refused     *refusedFile
	in          rows
	count       importCount
}

type importCount struct {
	Rows      int  `json:"rows"`
	Imported  int  `json:"imported"`  // of which something was taken over
	Unchanged int  `json:"unchanged"` // of which nothing was new
	Empty     int  `json:"empty"`     // of users who hold nothing
	Refused   int  `json:"refused"`
	DryRun    bool `json:"dryRun"`
}

const importHelp = `Take over what users hold in another system, from a file of CSV or JSON lines, or from
the standard input for -. Each place is taken over once, and only if the user never
held anything there. So the same command may be started over at any time, also after
it was killed: what was taken over stays as it is, changed or removed since or not.

The first line of CSV names the columns, of which an empty field is left out. A user
with several devices has several rows:

  user
  pin.hash            bcrypt, or a PHC string of Argon2, scrypt or PBKDF2
  pin.setAt           a time such as 2024-01-31T12:00:00Z
  authenticator.…     secret (base32), or key (base64), or url (otpauth); algorithm,
                      digits, period (such as 30s), lastStep
  device.id           a UUID
  device.…            the same as of an authenticator, enrolledAt, usedAt

A JSON line is an object of the same names:

  {"user": "alice", "pin": {"hash": "$2b$…"}, "authenticator": {"url": "otpauth://…"},
   "devices": [{"id": "…", "secret": "…", "enrolledAt": "2024-01-31T12:00:00Z"}]}

A row that cannot be taken over is refused with its line and the reason, and the rest
goes on. --refused writes these rows to a file that import reads again; only its owner
can read it, because it holds what the rows hold. --dry-run judges all rows against
what is stored, and writes no record.`

func (a *app) importCommand() *cobra.Command {
	m := importing{app: a}
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Take over what users hold in another system",
		Long:  importHelp,
		Example: "  " + a.Name + " import users.csv --dry-run --refused refused.csv --options limits.json\n" +
			"  " + a.Name + " import users.jsonl --refused refused.jsonl --options limits.json",
		Args: exactly("a file, or - for the standard input"),
		RunE: func(c *cobra.Command, args []string) error { return m.run(c.Context(), args[0]) },
	}
	c.Flags().StringVar(&m.format, "format", "", "`name` of the format, csv or jsonl, where the file's name does not tell")
	c.Flags().BoolVar(&m.dry, "dry-run", false, "judge the rows, and write no record")
	c.Flags().StringVar(&m.refusedName, "refused", "", "`file` for the rows that are refused, with the reason")
	a.addPace(c, &m.pace)
	return c
}

func (m *importing) run(ctx context.Context, file string) error {
	if err := m.pace.check(); err != nil {
		return err
	}
	in, total, err := m.openFile(ctx, file)
	if err != nil {
		return err
	}
	defer in.Close()
	if m.in, err = openRows(in, m.format); err != nil {
		return err
	}
	if err := m.openAdmin(ctx); err != nil {
		return err
	}
	if m.refused, err = openRefused(m.refusedName, file); err != nil {
		return err
	}
	p := m.progress("rows", 0, total)
	err = m.all(ctx, p)
	p.end()
	if err := m.refused.close(err); err != nil {
		return fmt.Errorf("stopped after %d rows; start the same command over: %w", m.count.Rows, err)
	}
	return m.finished()
}

// openFile opens the file and counts its rows, for which it reads it once: a file
// that is broken in the middle is refused before anything is taken over. The standard
// input is not counted.
func (m *importing) openFile(ctx context.Context, file string) (io.ReadCloser, int, error) {
	if m.format = first(m.format, formatOf(file)); m.format != formats[0] && m.format != formats[1] {
		return nil, 0, usage("the format is not known: give --format csv or --format jsonl")
	}
	if file == "-" {
		return io.NopCloser(untilDone{ctx, m.app.in}), 0, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, 0, usage("%w", err)
	}
	total := 0
	if about, err := f.Stat(); err == nil && !about.Mode().IsRegular() {
		return f, 0, nil // such as a named pipe, which can be read once
	}
	if total, err = countRows(ctx, f, m.format); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if ctx.Err() != nil {
		return nil, 0, errors.Join(ctx.Err(), f.Close())
	}
	if err != nil {
		return nil, 0, errors.Join(usage("%w", err), f.Close())
	}
	return f, total, nil
}

func countRows(ctx context.Context, f io.Reader, format string) (int, error) {
	in, err := openRows(f, format)
	if err != nil {
		return 0, err
	}
	for count := 0; ; count++ {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if _, err := in.next(); err == io.EOF {
			return count, nil
		} else if err != nil {
			return 0, err
		}
	}
}

// taken is where a context counts what was taken over.
type taken struct{}

// openAdmin opens an Admin whose options also count what is taken over, and which in
// a dry run writes and tells nothing.
func (m *importing) openAdmin(ctx context.Context) error {
	s, err := m.open(ctx, needOptions)
	if err != nil {
		return err
	}
	store, opts := s.Store, factor.Options{}
	if s.Options != nil {
		opts = *s.Options
	}
	if m.dry {
		store, opts = newDryStore(s.Store), *withoutActs(&opts)
	}
	observe := opts.Observe
	opts.Observe = func(ctx context.Context, e factor.Event) {
		if count, ok := ctx.Value(taken{}).(*atomic.Int64); ok && e.Action == factor.ActionImported {
			count.Add(1)
		}
		if observe != nil {
			observe(ctx, e)
		}
	}
	v, err := factor.NewVerifier(store, s.Sealer, &opts)
	if err != nil {
		return usage("%w", err)
	}
	m.admin, m.count.DryRun = factor.NewAdmin(v), m.dry
	return nil
}

// all takes the rows over in batches.
func (m *importing) all(ctx context.Context, p *progress) error {
	for {
		batch, err := m.read()
		if len(batch) > 0 {
			if err := m.some(ctx, batch); err != nil {
				return err
			}
			p.add(len(batch))
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// read returns the next rows, also with an error.
func (m *importing) read() (batch []row, err error) {
	for len(batch) < m.pace.batch() {
		r, err := m.in.next()
		if err != nil {
			return batch, err
		}
		batch = append(batch, r)
	}
	return batch, nil
}

// some takes the rows of a batch over.
func (m *importing) some(ctx context.Context, batch []row) error {
	began := time.Now()
	users := make([]string, len(batch))
	for i := range batch {
		users[i] = batch[i].User
	}
	counts := make([]atomic.Int64, len(batch))
	results := m.pace.each(users, func(i int) error {
		return m.one(context.WithValue(ctx, taken{}, &counts[i]), &batch[i])
	})
	for i, err := range results {
		if err := m.note(batch[i], counts[i].Load() > 0, err); err != nil {
			return err
		}
	}
	return m.pace.rest(ctx, began, len(batch))
}

var errEmpty = errors.New("the user holds nothing")

func (m *importing) one(ctx context.Context, r *row) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.wrong != nil {
		return refused("%w", r.wrong)
	}
	if !isUser(r.User) {
		return refused("%w", errNoUser)
	}
	if r.empty() {
		return errEmpty
	}
	held, err := r.held()
	if err != nil {
		return refused("%w", err)
	}
	return m.admin.Import(ctx, r.User, held)
}

// note counts what became of a row. It returns an error that is no refusal.
func (m *importing) note(r row, took bool, err error) error {
	switch {
	case err == nil && took:
		m.count.Imported++
	case err == nil:
		m.count.Unchanged++
	case errors.Is(err, errEmpty):
		m.count.Empty++
	case !isRefusal(err):
		return fmt.Errorf("line %d: %w", r.line, err)
	default:
		m.count.Refused++
		if err := m.refuse(r, err); err != nil {
			return err
		}
	}
	m.count.Rows++
	return nil
}

// isRefusal reports whether an error is about one row, and not about the database.
func isRefusal(err error) bool {
	if _, ok := errors.AsType[*coded](err); ok || errors.Is(err, factor.ErrMalformed) || errors.Is(err, factor.ErrUnsealed) {
		return true
	}
	for _, refusal := range refusals {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return false
}

// refuse writes a refused row to its file, or the reason to the error stream where
// there is none.
func (m *importing) refuse(r row, why error) error {
	reason := m.reason(why.Error())
	if m.refused != nil {
		return m.in.refuse(m.refused.file, r, reason)
	}
	m.printFailures([]failure{{r.User, fmt.Errorf("line %d: %s", r.line, reason)}})
	return nil
}

func (m *importing) finished() error {
	c := m.count
	would := either(m.dry, "dry run, nothing is written: ", "")
	err := m.print(c, "%s%d rows: %d taken over, %d with nothing new, %d of users who hold nothing, %d refused",
		would, c.Rows, c.Imported, c.Unchanged, c.Empty, c.Refused)
	if err != nil {
		return err
	}
	if c.Refused > 0 {
		return partly("%d rows were refused", c.Refused)
	}
	return nil
}
