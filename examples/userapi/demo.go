package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

const (
	demoUser     = "demo"
	demoPassword = "superSecret12345!"
	demoPIN      = "8299"
	demoCard     = "Visa 4242"
	demoDevice   = "738e379f-fe30-45ab-819c-ba88804b6368"

	newcomer = "newcomer" // has just registered, and holds nothing
	unlinked = "unlinked" // has no linked identity
)

// A demo holds what the program prints at its start.
type demo struct {
	base, metrics, dir, mailFile string
	token, newcomer, unlinked    string // of the three users
	resetToken                   string
}

// addDemoUsers adds those of the three users who do not exist yet, and gives each a
// new token.
func (s *service) addDemoUsers(ctx context.Context) (*demo, error) {
	d, now, users := &demo{resetToken: s.resetToken}, time.Now(), s.api.users
	for id, token := range map[string]*string{demoUser: &d.token, newcomer: &d.newcomer, unlinked: &d.unlinked} {
		created, err := users.create(ctx, id, id+"@example.com", demoPassword, now)
		if err == nil && created && id == demoUser {
			err = errors.Join(s.api.payments.add(ctx, id, demoCard, now), s.api.admin.SetPIN(ctx, id, demoPIN))
		}
		if err == nil && id != unlinked {
			err = users.link(ctx, id, "sub-"+id)
		}
		if err == nil {
			*token, err = users.newToken(ctx, id)
		}
		if err != nil {
			return nil, err
		}
	}
	return d, nil
}

// print prints a curl command for each operation. Each command works alone. The
// line above it ends with the status of the first answer.
func (d *demo) print(w io.Writer) error {
	var out strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&out, format+"\n", args...) }
	line("The user API is served on %s, its metrics on %s/metrics.", d.base, d.metrics)
	line("The database, the key and the mails are in %s.", d.dir)
	line("")
	line("user        %s", demoUser)
	line("password    %s", demoPassword)
	line("PIN         %s", demoPIN)
	line("token       %s", d.token)
	line("newcomer    %s (the token of a user who holds nothing yet)", d.newcomer)
	line("unlinked    %s (the token of a user without a linked identity)", d.unlinked)
	line("reset token %s (the identity provider's, no user's)", d.resetToken)
	line("")
	d.printDescribed(line)
	line("")
	line("This example's own, to make the demo whole:")
	line("")
	d.printOurs(line)
	line("")
	line("Or instead of all these, every documented request and its answer; it deletes the demo user's data:")
	line("")
	line("go run ./examples/userapi/replay -base %s -token %s -newcomer %s -unlinked %s -reset %s",
		d.base, d.token, d.newcomer, d.unlinked, d.resetToken)
	line("")
	line("Stop it with Ctrl-C.")
	_, err := io.WriteString(w, out.String())
	return err
}

func (d *demo) printDescribed(line func(string, ...any)) {
	line("# Is a PIN set? Waits up to 5 seconds for one: 200")
	line("curl -i %s '%s/user/pin?timeout=5'", d.user(), d.base)
	line("# Issue a code, for the PIN: 201")
	line("curl -i %s", d.issue())
	line("# Verify a code, here a new one: 204")
	line("curl -i %s %s %s/user/otp/verify", d.user(), sent(jsonType, `{"otp":"`+d.code()+`","types":["device-totp","account"]}`), d.base)
	line("# Enrol a device: 201")
	line("curl -i %s %s %s/user/devices/totp", d.user(), sent(jsonAPI,
		`{"data":{"type":"deviceTOTP","id":"`+demoDevice+`","attributes":{"pin":"`+demoPIN+`","password":"`+demoPassword+`"}}}`), d.base)
	line("# Prove the PIN before a password reset, as the identity provider: 204")
	line("curl -i %s %s %s/callbacks/password-reset", d.provider(), sent(jsonAPI, `{"pin":"`+demoPIN+`"}`), d.base)
	line("# A wrong proof, which skip does not excuse; the fourth in a row deletes the payment data: 422")
	line("curl -i %s %s %s/callbacks/password-reset", d.provider(), sent(jsonAPI, `{"pin":"5621","skip":true}`), d.base)
	line("# A user without a linked identity: 401")
	line("curl -i -H 'Authorization: Bearer %s' %s/user/pin", d.unlinked, d.base)
}

func (d *demo) printOurs(line func(string, ...any)) {
	line("# What a wipe deletes: 200")
	line("curl -i %s %s/user/payment-methods", d.user(), d.base)
	line("# Mail a code; it is in %s: 204", d.mailFile)
	line("curl -i -X POST %s %s/user/otp/sendmail", d.user(), d.base)
	line("# Set a PIN, with a code: 204")
	line("curl -i -X PUT %s %s %s/user/pin", d.user(), sent(jsonType, `{"otp":"`+d.code()+`","pin":"8299"}`), d.base)
}

// user and provider return the caller's headers for curl.
func (d *demo) user() string { return "-H 'Authorization: Bearer " + d.token + "'" }

func (d *demo) provider() string {
	return "-H 'Authorization: Bearer " + d.resetToken + "' -H 'User-Id: " + demoUser + "'"
}

// sent returns a body for curl.
func sent(contentType, text string) string {
	return "-H 'Content-Type: " + contentType + "' -d '" + text + "'"
}

// issue returns a command that issues a code, and code one that puts it into a
// body.
func (d *demo) issue() string {
	return d.user() + " " + sent(jsonType, `{"pin":"`+demoPIN+`"}`) + " " + d.base + "/user/otp"
}

func (d *demo) code() string { return `'"$(curl -s ` + d.issue() + ` | cut -d'"' -f4)"'` }
