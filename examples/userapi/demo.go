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
	demoMail     = "demo@example.com"
	demoPassword = "superSecret12345!"
	demoPIN      = "8299"
	demoCard     = "Visa 4242"
	demoDevice   = "738e379f-fe30-45ab-819c-ba88804b6368"
)

// A demo is what is printed at the start.
type demo struct {
	base, metrics, dir, mailFile string
	token, resetToken            string
}

// addDemoUser adds the demo user where it does not exist yet, and gives it a new
// token.
func (s *service) addDemoUser(ctx context.Context) (*demo, error) {
	now := time.Now()
	created, err := s.api.users.create(ctx, demoUser, demoMail, demoPassword, now)
	if created {
		err = errors.Join(s.api.payments.add(ctx, demoUser, demoCard, now), s.api.admin.SetPIN(ctx, demoUser, demoPIN))
	}
	if err != nil {
		return nil, err
	}
	token, err := s.api.users.newToken(ctx, demoUser)
	return &demo{token: token, resetToken: s.resetToken}, err
}

// print prints a line of curl for each operation. Each stands for itself and can
// be pasted as it is; the line above it ends with the status that it is
// answered with the first time.
func (d *demo) print(w io.Writer) error {
	var out strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&out, format+"\n", args...) }
	user := "-H 'Authorization: Bearer " + d.token + "'"
	provider := "-H 'Authorization: Bearer " + d.resetToken + "' -H 'User-Id: " + demoUser + "'"
	body := func(contentType, text string) string {
		return "-H 'Content-Type: " + contentType + "' -d '" + text + "'"
	}
	otp := user + " " + body(jsonType, `{"pin":"`+demoPIN+`"}`) + " " + d.base + "/user/otp"
	code := `'"$(curl -s ` + otp + ` | cut -d'"' -f4)"'` // a new code, in the middle of a body

	line("The user API is served on %s, its metrics on %s/metrics.", d.base, d.metrics)
	line("The database, the key and the mails are in %s.", d.dir)
	line("")
	line("user        %s", demoUser)
	line("password    %s", demoPassword)
	line("PIN         %s", demoPIN)
	line("token       %s", d.token)
	line("reset token %s (the identity provider's, not the user's)", d.resetToken)
	line("")
	line("# Is a PIN set? Waits up to 5 seconds for one: 200")
	line("curl -i %s '%s/user/pin?timeout=5'", user, d.base)
	line("# Issue a code, for the PIN: 201")
	line("curl -i %s", otp)
	line("# Verify a code, here a new one: 204")
	line("curl -i %s %s/user/otp/verify", user+" "+body(jsonType, `{"otp":"`+code+`","types":["device-totp","account"]}`), d.base)
	line("# Enrol a device: 201")
	line("curl -i %s %s/user/devices/totp", user+" "+body(jsonAPI,
		`{"data":{"type":"deviceTOTP","id":"`+demoDevice+`","attributes":{"pin":"`+demoPIN+`","password":"`+demoPassword+`"}}}`), d.base)
	line("# Prove the PIN before a password reset, as the identity provider: 204")
	line("curl -i %s %s/callbacks/password-reset", provider+" "+body(jsonType, `{"pin":"`+demoPIN+`"}`), d.base)
	line("")
	line("This example's own, to make the demo whole:")
	line("")
	line("# What a wipe deletes: 200")
	line("curl -i %s %s/user/payment-methods", user, d.base)
	line("# Mail a code; it is in %s: 204", d.mailFile)
	line("curl -i -X POST %s %s/user/otp/sendmail", user, d.base)
	line("# Set a PIN, with a code: 204")
	line("curl -i -X PUT %s %s/user/pin", user+" "+body(jsonType, `{"otp":"`+code+`","pin":"8299"}`), d.base)
	line("# A wrong proof, which skip does not excuse; the fourth in a row deletes the payment data: 422")
	line("curl -i %s %s/callbacks/password-reset", provider+" "+body(jsonType, `{"pin":"5621","skip":true}`), d.base)
	line("")
	line("Stop it with Ctrl-C.")
	_, err := io.WriteString(w, out.String())
	return err
}
