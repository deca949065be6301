package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/knowhave/factor"
)

// A mailer writes each mail to a file. A real one would hand it to a queue that
// keeps it until it is sent.
type mailer struct {
	users *users

	mu   sync.Mutex
	file io.Writer
}

// code mails a code that was issued without a proof: only the address on record
// proves whose it is.
func (m *mailer) code(ctx context.Context, user string, otp factor.OTP) error {
	return m.send(ctx, user, "Your code", fmt.Sprintf(
		"Your code is %s\nIt is good once, until %s. Nobody of us will ever ask you for it.", otp.Code, instant(otp.ExpiresAt)))
}

// notify mails a notice to the user. factor calls it until it returns nil.
func (m *mailer) notify(ctx context.Context, n factor.Notice) error {
	user := n.Event.User
	switch n.Event.Action {
	case factor.ActionResetLastChance:
		return m.send(ctx, user, "Somebody is resetting your password",
			"Your password is being reset, and the PIN or the device code was wrong several times.\n"+
				"With the next wrong one we delete your payment data, to keep it from a thief.\n"+
				"If it is not you: change the password of your mailbox.")
	case factor.ActionWipeDone:
		return m.send(ctx, user, "Your payment data was deleted",
			"We deleted your payment data, because your password was reset without the right PIN or device code.\n"+
				"You can add it again once you have set a new PIN.")
	case factor.ActionWipeMarked:
		return nil // the user gets a mail once it is done
	}
	return m.send(ctx, user, "Your account has changed", fmt.Sprintf(
		"%s: %s.\nIf it is not you: change your password and the one of your mailbox.", instant(n.Event.At), changes[n.Event.Action]))
}

// changes maps actions to texts for the user.
var changes = map[factor.Action]string{
	factor.ActionPINSet: "your PIN was set", factor.ActionPINRemoved: "your PIN was removed",
	factor.ActionEnrolled: "a device was added", factor.ActionRevoked: "a device was removed",
	factor.ActionAuthenticatorConfirmed: "an authenticator was added", factor.ActionAuthenticatorRemoved: "your authenticator was removed",
	factor.ActionRecoveryGenerated: "recovery codes were made", factor.ActionRecoveryRemoved: "your recovery codes were removed",
	factor.ActionVerified: "a recovery code was used", factor.ActionLockedOut: "too many wrong answers were given, and none is accepted any more until we unlock it",
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
