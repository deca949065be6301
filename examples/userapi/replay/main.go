// Command replay sends each documented request of the five operations to a running
// userapi, and checks the status, the media type and the members of each answer.
// requests.go holds the requests.
//
//	go run ./examples/userapi/replay -base http://127.0.0.1:8080 -token … -newcomer … -unlinked … -reset …
//
// userapi prints this line with its tokens when it starts. Use a service that has
// just started on new files: the requests delete the demo user's data.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"
)

func main() {
	err := run(os.Args[1:], os.Stdout, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "replay:", err)
		os.Exit(1)
	}
}

// run prints a line for each exchange. It returns an error if an answer was not the
// documented one.
func run(args []string, stdout, stderr io.Writer) error {
	c := &client{values: map[string]string{}}
	flags := flag.NewFlagSet("replay", flag.ContinueOnError)
	flags.SetOutput(stderr)
	base := flags.String("base", "http://127.0.0.1:8080", "`URL` that the service is at")
	forbidSkip := flags.Bool("forbid-skip", false, "replay what differs for a service that was started with -forbid-skip")
	for name, usage := range map[string]string{
		"token":    "the demo user's `token`",
		"newcomer": "the `token` of the user who holds nothing yet",
		"unlinked": "the `token` of the user without a linked identity",
		"reset":    "the `token` of the identity provider",
	} {
		flags.Func(name, usage, func(token string) error { c.values[name] = token; return nil })
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	if len(c.values) < 4 || flags.NArg() > 0 {
		return errors.New("give -token, -newcomer, -unlinked and -reset, as userapi prints them, and nothing else")
	}
	c.base = *base
	exchanges := documented()
	if *forbidSkip {
		exchanges = withoutSkip
	}
	wrong := 0
	for _, e := range exchanges {
		verdict := "ok  "
		err := c.replay(e)
		if err != nil {
			verdict = "FAIL"
			wrong++
		}
		fmt.Fprintf(stdout, "%s %-3d %s: %s\n", verdict, e.want.status, e.request, e.about)
		if err != nil {
			fmt.Fprintf(stdout, "     %v\n", err)
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d answers are not as documented", wrong, len(exchanges))
	}
	fmt.Fprintf(stdout, "%d answers are as documented\n", len(exchanges))
	return nil
}

// A client sends requests and keeps values for later ones.
type client struct {
	base   string
	values map[string]string // tokens by the names of their flags, and members of answers by theirs
}

// replay sends a request and checks the answer.
func (c *client) replay(e exchange) error {
	method, path, _ := strings.Cut(e.request, " ")
	r, err := http.NewRequest(method, c.base+path, strings.NewReader(os.Expand(e.body, c.value)))
	if err != nil {
		return err
	}
	if e.token != "" {
		r.Header.Set("Authorization", "Bearer "+os.Expand(e.token, c.value))
	}
	for name, value := range map[string]string{"Content-Type": e.media, "Accept": e.accept, "User-Id": e.user} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	patient := http.Client{Timeout: 2 * time.Minute}
	response, err := patient.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	members, err := e.want.compare(response, body)
	if err != nil {
		return fmt.Errorf("%w\n     sent %s\n     answered %d %s", err, e.body, response.StatusCode, body)
	}
	for name, value := range members {
		c.values[name[strings.LastIndex(name, ".")+1:]] = value
	}
	return nil
}

// value returns the value of a name in a body: a token, a member of an answer, or
// one of two computed codes.
func (c *client) value(name string) string {
	switch name {
	case "deviceCode": // the present one of the device that was enrolled last
		code, err := totp.GenerateCode(c.values["secret"], time.Now())
		if err != nil {
			return err.Error()
		}
		c.values["usedCode"] = code
		return code
	case "wrongCode": // another than the one that was issued last
		otp := c.values["otp"]
		if otp == "" {
			return otp
		}
		last := len(otp) - 1
		return otp[:last] + string('0'+(otp[last]-'0'+1)%10)
	}
	return c.values[name]
}
