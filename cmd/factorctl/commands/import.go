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

// An importing is one run of import.
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
	Imported  int  `json:"imported"`  // rows that bound something
	Unchanged int  `json:"unchanged"` // rows with nothing new
	Empty     int  `json:"empty"`     // rows of users who hold nothing
	Refused   int  `json:"refused"`
	DryRun    bool `json:"dryRun"`
}

const importHelp = `Import what users hold in another system, from a file of CSV or JSON lines, or from the
standard input for -. import fills each place once, and only if the user never held
anything there. So you may start the same command over at any time, even after a kill:
what it has imported stays as it is, whether changed or removed since.

The first line of CSV names the columns. import ignores empty fields. A user with several
devices has several rows:

  user
  pin.hash            bcrypt, or a PHC string of Argon2, scrypt or PBKDF2
  pin.setAt           a time such as 2024-01-31T12:00:00Z
  authenticator.…     secret (base32), or key (base64), or url (otpauth); algorithm,
                      digits, period (such as 30s), lastStep
  device.id           a UUID
  device.…            the same as for an authenticator, enrolledAt, usedAt

A JSON line is an object with the same names:

  {"user": "alice", "pin": {"hash": "$2b$…"}, "authenticator": {"url": "otpauth://…"},
   "devices": [{"id": "…", "secret": "…", "enrolledAt": "2024-01-31T12:00:00Z"}]}

import refuses a bad row with its line and the reason, and goes on with the rest.
--refused writes these rows to a file that import can read again; only its owner can read
it, because it holds the rows' secrets. --dry-run checks all rows against the store and
writes no record.`

func (a *app) importCommand() *cobra.Command {
	m := importing{app: a}
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Import what users hold in another system",
		Long:  importHelp,
		Example: "  " + a.Name + " import users.csv --dry-run --refused refused.csv --options limits.json\n" +
			"  " + a.Name + " import users.jsonl --refused refused.jsonl --options limits.json",
		Args: exactly("a file, or - for the standard input"),
		RunE: func(c *cobra.Command, args []string) error { return m.run(c.Context(), args[0]) },
	}
	c.Flags().StringVar(&m.format, "format", "", "`name` of the format, csv or jsonl, if the file's name does not tell")
	c.Flags().BoolVar(&m.dry, "dry-run", false, "check the rows, and write no record")
	c.Flags().StringVar(&m.refusedName, "refused", "", "`file` for the refused rows, with the reasons")
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
		return fmt.Errorf("stopped after %d rows; start the same command again: %w", m.count.Rows, err)
	}
	return m.finished()
}

// openFile opens the file and reads it once to count its rows, so that a file that
// is broken in the middle is refused before anything is imported. It does not count
// the standard input.
func (m *importing) openFile(ctx context.Context, file string) (io.ReadCloser, int, error) {
	if m.format = first(m.format, formatOf(file)); m.format != formats[0] && m.format != formats[1] {
		return nil, 0, usage("unknown format: give --format csv or --format jsonl")
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
		return f, 0, nil // such as a named pipe, which can only be read once
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

// taken is the context key of the count of imported holdings.
type taken struct{}

// openAdmin opens an Admin whose options also count imported holdings, and which in
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
		store, opts = newDryStore(s.Store), *withoutFunctions(&opts)
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

// all imports the rows in batches.
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

// read returns the next rows, even with an error.
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

// some imports the rows of a batch.
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

// note counts the outcome of a row. It returns err if err is no refusal.
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

// isRefusal reports whether an error is about one row, not about the database.
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

// refuse writes a refused row to its file, or without one the reason to the error
// stream.
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
	would := either(m.dry, "dry run, nothing written: ", "")
	err := m.print(c, "%s%d rows: %d imported, %d with nothing new, %d of users who hold nothing, %d refused",
		would, c.Rows, c.Imported, c.Unchanged, c.Empty, c.Refused)
	if err != nil {
		return err
	}
	if c.Refused > 0 {
		return partly("%d rows were refused", c.Refused)
	}
	return nil
}
