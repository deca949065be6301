package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/knowhave/factor"
)

// A mailer writes each mail to a file, where a real one would hand it to a
// queue that keeps it until it is sent.
type mailer struct {
	users *users
	log   *slog.Logger

	mu   sync.Mutex
	file io.Writer
}

// code mails a code that was issued without a proof: only the address on record
// proves whose it is.
func (m *mailer) code(ctx context.Context, user string, otp factor.OTP) error {
	return m.send(ctx, user, "Your code", fmt.Sprintf(
		"Your code is %s\nIt is good once, until %s. Nobody of us will ever ask you for it.", otp.Code, instant(otp.ExpiresAt)))
}

// observe mails what the user has to know. It is called after the decision is
// stored, and the caller waits for it.
func (m *mailer) observe(ctx context.Context, e factor.Event) {
	var err error
	switch e.Action {
	case factor.ActionResetLastChance:
		err = m.send(ctx, e.User, "Somebody is resetting your password",
			"Your password is being reset, and the PIN or the device code was wrong several times.\n"+
				"With the next wrong one we delete your payment data, to keep it from a thief.\n"+
				"If it is not you: change the password of your mailbox.")
	case factor.ActionWipeDone:
		err = m.send(ctx, e.User, "Your payment data was deleted",
			"We deleted your payment data, because your password was reset without the right PIN or device code.\n"+
				"You can add it again once you have set a new PIN.")
	}
	if err != nil {
		m.log.ErrorContext(ctx, "mail not sent", "action", string(e.Action), "err", err)
	}
}

func (m *mailer) send(ctx context.Context, user, subject, body string) error {
	address, err := m.users.address(ctx, user)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	_, err = fmt.Fprintf(m.file, "Date: %s\nTo: %s\nSubject: %s\n\n%s\n\n", time.Now().UTC().Format(time.RFC1123Z), address, subject, body)
	return err
}
