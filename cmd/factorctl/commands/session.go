package commands

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/cmd/factorctl/optionsjson"
)

// A need is what a command requires.
type need int

const (
	needStore   need = iota // the database
	needTable               // the database; its file may not exist yet
	needKey                 // the keys too
	needOptions             // the options too, for commands that write, or show locks
)

// A session is an opened Service with its Admin.
type session struct {
	*Service
	admin *factor.Admin
}

// open opens what a command needs.
func (a *app) open(ctx context.Context, n need) (*session, error) {
	s, err := a.openService(ctx, n)
	if err != nil {
		return nil, err
	}
	a.service = s
	if s == nil || s.Store == nil || (n >= needKey && s.Sealer == nil) {
		return nil, errors.New("Program.Open returned a Service without a Store or a Sealer")
	}
	sealer := s.Sealer
	if n < needKey {
		sealer = noKey{}
	}
	v, err := factor.NewVerifier(s.Store, sealer, a.keepNotices(s.Options))
	if err != nil {
		return nil, usage("%w", err)
	}
	return &session{s, factor.NewAdmin(v)}, nil
}

// keepNotices returns options that keep notices for the service if --notice is set.
func (a *app) keepNotices(o *factor.Options) *factor.Options {
	if !a.flags.notice || o == nil || o.Notify != nil {
		return o
	}
	keeping := *o
	keeping.Notify = func(context.Context, factor.Notice) error { return errLeftToTheService }
	return &keeping
}

var errLeftToTheService = errors.New("the service tells it")

func (a *app) openService(ctx context.Context, n need) (*Service, error) {
	if a.Open != nil {
		return a.Open(ctx)
	}
	var opts *factor.Options
	var ring *factor.Keyring
	var err error
	if n >= needKey {
		if opts, err = a.options(n == needOptions); err != nil {
			return nil, err
		}
		if ring, err = a.keyring(); err != nil {
			return nil, err
		}
	}
	s, err := a.openSQL(ctx, n == needTable)
	if err != nil {
		return nil, err
	}
	s.Options = opts
	if ring != nil {
		s.Sealer = ring
	}
	return s, nil
}

// options reads the options file and calls Functions. Without a file it returns the
// defaults, or an error if must is set.
func (a *app) options(must bool) (*factor.Options, error) {
	file := a.optionsFile()
	if file == "" && must {
		return nil, usage("no options: give --options or FACTOR_OPTIONS, a JSON file with the service's factor.Options ({} for the defaults): with other limits this command would show and store wrong locks")
	}
	opts := &factor.Options{}
	if file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, usage("file of options: %w", err)
		}
		if opts, err = optionsjson.Unmarshal(text); err != nil {
			return nil, usage("%s: %w", file, err)
		}
	}
	if a.Functions == nil {
		return opts, nil
	}
	if err := a.Functions(opts); err != nil {
		return nil, fmt.Errorf("Program.Functions: %w", err)
	}
	return opts, nil
}

func (a *app) optionsFile() string { return first(a.flags.options, os.Getenv("FACTOR_OPTIONS")) }

// close closes the service.
func (a *app) close(err error) error {
	if a.service == nil || a.service.Close == nil {
		return err
	}
	closing := a.service.Close()
	if err != nil || closing == nil {
		return err
	}
	return fmt.Errorf("closing: %w", closing)
}

var errNoUser = errors.New("the user must be 1 to 255 bytes of UTF-8 without NUL")

// isUser reports whether a text can be the ID of a user.
func isUser(text string) bool {
	return text != "" && len(text) <= 255 && utf8.ValidString(text) && !strings.ContainsRune(text, 0)
}

// exists returns an error if the user has no record: a mistyped name must not look
// like a user without locks.
func (s *session) exists(ctx context.Context, user string) error {
	if !isUser(user) {
		return usage("%w", errNoUser)
	}
	r, err := s.Store.Load(ctx, user)
	if err != nil {
		return err
	}
	if r.IsZero() {
		return refused("there is no record of user %s", show(user))
	}
	return nil
}

// noKey is the Sealer of commands that open and write no record.
type noKey struct{}

var errNoKey = errors.New("this command has no key")

func (noKey) Encrypt([]byte, []byte) ([]byte, error) { return nil, errNoKey }
func (noKey) Decrypt([]byte, []byte) ([]byte, error) { return nil, errNoKey }
