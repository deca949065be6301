package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"log/slog"
	"os"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/knowhave/factor"
)

// A service holds the API and what it needs.
type service struct {
	api        *api
	db         *database
	mail       *os.File
	log        *slog.Logger
	resetToken string // the identity provider's
	stopPolls  context.CancelFunc
}

// newService builds the service.
func newService(ctx context.Context, c config, log *slog.Logger) (_ *service, err error) {
	s := &service{log: log}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.mail, err = os.OpenFile(c.mailFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
		return nil, err
	}
	if s.db, err = openDatabase(ctx, c.dsn); err != nil {
		return nil, err
	}
	// The token is no flag, because everybody on the machine sees flags.
	if s.resetToken = os.Getenv("USERAPI_RESET_TOKEN"); s.resetToken == "" {
		s.resetToken = rand.Text()
	}
	if len(s.resetToken) < 16 {
		return nil, errors.New("USERAPI_RESET_TOKEN must have at least 16 characters, drawn at random")
	}
	users := &users{db: s.db, cost: bcrypt.DefaultCost}
	s.api = &api{
		users:       users,
		payments:    &payments{s.db},
		mail:        &mailer{users: users, file: s.mail},
		metrics:     newMetrics(),
		log:         log,
		resetSecret: sha256.Sum256([]byte(s.resetToken)),
		forbidSkip:  c.forbidSkip,
	}
	s.api.stopping, s.stopPolls = context.WithCancel(context.Background())
	s.api.factors, err = newFactors(ctx, s.db, c.keyFile, s.api.options())
	return s, err
}

// options returns all that factor needs from a host. The rest has defaults.
func (a *api) options() *factor.Options {
	logged := factor.LogEvents(a.log)
	return &factor.Options{
		CheckPassword: a.users.checkPassword,
		RegisteredAt:  a.users.registeredAt,
		Wipe:          a.payments.wipe,
		PIN:           factor.PINOptions{Length: pinDigits},
		OTP:           factor.OTPOptions{Digits: codeDigits},
		TOTP:          factor.TOTPOptions{Digits: codeDigits},
		Observe: func(ctx context.Context, e factor.Event) {
			logged(ctx, e)
			a.metrics.observe(ctx, e)
		},
		Notify: a.mail.notify,
	}
}

// sweep calls Admin.Sweep every minute, as a cron job would, until ctx ends. It
// finishes wipes that were cut off.
func (s *service) sweep(ctx context.Context) {
	every := time.NewTicker(time.Minute)
	defer every.Stop()
	for {
		changed, err := s.api.admin.Sweep(ctx)
		if ctx.Err() != nil {
			return
		}
		s.api.metrics.sweep(err)
		if err != nil {
			s.log.ErrorContext(ctx, "sweep", "changed", changed, "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
	}
}

// close closes what newService opened.
func (s *service) close() error {
	if s.stopPolls != nil {
		s.stopPolls()
	}
	var failed []error
	if s.db != nil {
		failed = append(failed, s.db.Close())
	}
	if s.mail != nil {
		failed = append(failed, s.mail.Close())
	}
	return errors.Join(failed...)
}
