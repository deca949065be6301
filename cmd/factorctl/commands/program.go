package commands

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/knowhave/factor"
)

// A Program configures a factorctl. The zero value is factorctl itself.
type Program struct {
	// Name is the program's name. Default factorctl.
	Name string
	// Functions sets the functions of the Options that --options holds, since a
	// file cannot hold them. It may be nil. Run does not call it if Open is set.
	Functions func(*factor.Options) error
	// Open returns the Service that the commands work on. If it is nil, flags such
	// as --dsn, --key-file and --options describe the Service; otherwise these
	// flags do not exist. Run calls Open at most once.
	Open func(ctx context.Context) (*Service, error)
}

// A Service holds what the commands work on.
type Service struct {
	Store  factor.Store
	Sealer factor.Sealer
	// Options must be those of the host's own process: with other limits the
	// commands would show and store wrong locks.
	Options *factor.Options
	// SQL is the table behind Store. If it is nil, schema and migrate refuse, and
	// doctor leaves out its checks of the database.
	SQL *SQL
	// Close, if not nil, is called at the end.
	Close func() error
}

// Main runs the program with the arguments and streams of the process, and exits.
// At an interrupt or a SIGTERM it ends in good order, and at a second one at once.
func (p Program) Main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	code := p.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(int(code))
}

// Run runs one command and returns its exit code. It treats the end of the context
// as an interrupt.
func (p Program) Run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) ExitCode {
	a := p.app(in, out, errs)
	root := a.root()
	root.SetArgs(longFlags(root, args))
	err := caught(func() error { return root.ExecuteContext(ctx) })
	err = a.close(err)
	if err == nil {
		return Done
	}
	code := a.codeOf(ctx, err)
	a.printError(err, code)
	return code
}

// caught returns a panic as an error, without its value, which may be a secret. The
// Go runtime would print that value and exit with 2, the code of a wrong command
// line.
func caught(do func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("panic:\n%s", debug.Stack())
		}
	}()
	return do()
}

func (p Program) app(in io.Reader, out, errs io.Writer) *app {
	if p.Name == "" {
		p.Name = "factorctl"
	}
	return &app{Program: p, in: in, out: out, errs: errs, terminal: isTerminal}
}

// An app is one run of a Program.
type app struct {
	Program
	in        io.Reader
	out, errs io.Writer
	terminal  func(stream any) bool
	flags     flags
	hidden    hidden
	service   *Service
	began     bool // a command was found, with valid flags and arguments
}

// flags holds the flags of all commands.
type flags struct {
	dsn, dsnFile, dialect, table string
	keyFiles                     []string
	options                      string
	json, yes, quiet             bool
	notice                       bool // of remove
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           a.Name,
		Short:         "Operate the records of package factor",
		Long:          a.long(),
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRun: func(*cobra.Command, []string) {
			a.began = true
		},
	}
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.errs)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage("%s", withoutValue(err.Error())) })
	a.addFlags(root)
	root.AddCommand(
		a.statusCommand(), a.usersCommand(), a.unlockCommand(), a.voidCommand(), a.removeCommand(),
		a.forgetCommand(), a.discardCommand(), a.sweepCommand(), a.resealCommand(), a.importCommand(),
		a.doctorCommand(), a.schemaCommand(), a.migrateCommand(),
	)
	return root
}

func (a *app) addFlags(root *cobra.Command) {
	f := root.PersistentFlags()
	f.BoolVar(&a.flags.json, "json", false, "print JSON")
	f.BoolVar(&a.flags.yes, "yes", false, "do not ask for confirmation")
	f.BoolVar(&a.flags.quiet, "quiet", false, "show no progress")
	if a.Open != nil {
		return
	}
	f.StringVar(&a.flags.dsn, "dsn", "", "data source `name` of the database (FACTOR_DSN); ps shows it to others")
	f.StringVar(&a.flags.dsnFile, "dsn-file", "", "`file` that holds the data source name (FACTOR_DSN_FILE)")
	f.StringVar(&a.flags.dialect, "dialect", "", "`name` of the dialect (FACTOR_DIALECT), sqlite, postgres or mysql, if the data source name does not tell")
	f.StringVar(&a.flags.table, "table", "", "`name` of the table (FACTOR_TABLE; default factor_records)")
	f.StringArrayVar(&a.flags.keyFiles, "key-file", nil, "`file` that holds keys (FACTOR_KEY_FILE); the first key seals, all open; may be repeated")
	f.StringVar(&a.flags.options, "options", "", "JSON `file` that holds the service's factor.Options (FACTOR_OPTIONS)")
}

// long returns the program's help.
func (a *app) long() string {
	text := "Operate the records of package factor: look at users, unlock them, remove what they\n" +
		"hold, move users in, change the key, sweep, and check the settings.\n\n"
	if a.Open == nil {
		text += `The database is --dsn, --dsn-file, FACTOR_DSN or FACTOR_DSN_FILE:

  factor.db, file:/var/lib/app/factor.db                  SQLite
  postgres://app:secret@db.example.com/app                PostgreSQL
  app:secret@tcp(db.example.com:3306)/app                 MySQL, MariaDB

The keys are --key-file, FACTOR_KEY_FILE or FACTOR_KEY: 32 bytes each, in base64 or hex,
the one that seals first and old ones after it, separated by white space or commas. A
file may also hold one key of 32 raw bytes.

The options are --options or FACTOR_OPTIONS, a JSON file with the fields of your
service's factor.Options. Give the service's own: with other limits a locked user would
show as free. An empty object, {}, means the defaults:

  {"pin": {"length": 6, "limit": {"tries": 3, "delay": "5m"}}, "totp": {"issuer": "Shop"}}

`
	}
	return text + `Exit codes:

  0  done
  1  a fault of the database, the key, a file or the network
  2  the command line, the environment, or the options file is wrong; nothing was done
  3  refused, or not found; nothing was changed
  4  done in part: some users, rows or checks failed, and the output says which
  5  interrupted; what was done stays, and the same command resumes

A flag may have one dash or two. Put -- before a user whose id begins with a dash.`
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	text := info.Main.Version
	for _, dep := range info.Deps {
		if dep.Path == "github.com/knowhave/factor" {
			text += fmt.Sprintf(" (factor %s)", dep.Version)
		}
	}
	return text
}
