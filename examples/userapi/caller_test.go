package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pquerna/otp/totp"
)

// A caller is a user of the API.
type caller struct {
	t     *testing.T
	s     *running
	id    string
	token string
}

const callerPassword = "correct horse battery"

// newCaller adds a user who registered a while ago, and links an identity.
func (s *running) newCaller(t *testing.T, registered time.Duration) *caller {
	t.Helper()
	c := s.unlinkedCaller(t, registered)
	if err := s.users.link(t.Context(), c.id, "sub-"+c.id); err != nil {
		t.Fatal(err)
	}
	return c
}

func (s *running) unlinkedCaller(t *testing.T, registered time.Duration) *caller {
	t.Helper()
	c := &caller{t: t, s: s, id: "user-" + uuid.NewString()}
	_, err := s.users.create(t.Context(), c.id, c.id+"@example.com", callerPassword, time.Now().Add(-registered))
	if err == nil {
		c.token, err = s.users.newToken(t.Context(), c.id)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// withPIN is newCaller with a PIN.
func (s *running) withPIN(t *testing.T) *caller {
	t.Helper()
	c := s.newCaller(t, time.Hour)
	c.setPIN("8299")
	return c
}

// An answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// A request is what a test sends. Its zero fields mean what a well-behaved
// client sends.
type request struct {
	method, path, token, contentType, accept, body string
	header                                         map[string]string
}

func (s *running) send(t *testing.T, q request) *answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), q.method, s.base+q.path, strings.NewReader(q.body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"Content-Type": q.contentType, "Accept": q.accept} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	if q.token != "" {
		r.Header.Set("Authorization", "Bearer "+q.token)
	}
	for name, value := range q.header {
		r.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return &answer{response.StatusCode, response.Header, body}
}

func (c *caller) get(path string) *answer {
	c.t.Helper()
	return c.s.send(c.t, request{method: "GET", path: path, token: c.token})
}

func (c *caller) json(method, path, body string) *answer {
	c.t.Helper()
	return c.s.send(c.t, request{method: method, path: path, token: c.token, contentType: jsonType, body: body})
}

// enroll sends the attributes of a device.
func (c *caller) enroll(id, attributes string) *answer {
	c.t.Helper()
	return c.s.send(c.t, request{
		method: "POST", path: "/user/devices/totp", token: c.token, contentType: jsonAPI,
		body: `{"data":{"type":"deviceTOTP","id":"` + id + `","attributes":` + attributes + `}}`,
	})
}

// reset is what the identity provider sends about the caller.
func (c *caller) reset(body string) *answer {
	c.t.Helper()
	return c.resetAs(jsonType, body)
}

func (c *caller) resetAs(contentType, body string) *answer {
	c.t.Helper()
	return c.s.send(c.t, request{
		method: "POST", path: "/callbacks/password-reset", token: c.s.resetToken, contentType: contentType, body: body,
		header: map[string]string{"User-Id": c.id},
	})
}

// code issues a code for the password.
func (c *caller) code() string {
	c.t.Helper()
	var issued issuedOTP
	c.json("POST", "/user/otp", `{"password":"`+callerPassword+`"}`).want(c.t, 201).decode(c.t, &issued)
	return issued.OTP
}

func (c *caller) setPIN(pin string) {
	c.t.Helper()
	c.json("PUT", "/user/pin", `{"otp":"`+c.code()+`","pin":"`+pin+`"}`).want(c.t, 204)
}

// device enrols a device and returns its secret.
func (c *caller) device(attributes string) (id, secret string) {
	c.t.Helper()
	var made deviceTOTP
	id = uuid.NewString()
	c.enroll(id, attributes).want(c.t, 201).decode(c.t, &made)
	return id, made.Data.Attributes.Secret
}

// deviceCode computes a code with another implementation than factor's.
func deviceCode(t *testing.T, secret string) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// mails returns the mails to the caller.
func (c *caller) mails() []string {
	c.t.Helper()
	text, err := os.ReadFile(filepath.Join(c.s.dir, "mail.txt"))
	if err != nil {
		c.t.Fatal(err)
	}
	var mine []string
	for _, mail := range strings.Split(string(text), "Date: ")[1:] {
		if strings.Contains(mail, "To: "+c.id+"@example.com\n") {
			mine = append(mine, mail)
		}
	}
	return mine
}

// want checks the status; of an error, that its object is whole.
func (a *answer) want(t *testing.T, status int) *answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("answered %d %s, want %d", a.status, a.body, status)
	}
	if a.header.Get("Cache-Control") != "no-store" || uuid.Validate(a.header.Get("Request-Id")) != nil {
		t.Fatalf("the header lacks no-store or a Request-Id: %v", a.header)
	}
	if status >= 400 && len(a.body) > 0 {
		a.problem(t)
	}
	return a
}

var code = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)

// problem returns the one error object of an answer.
func (a *answer) problem(t *testing.T) problem {
	t.Helper()
	var body struct{ Errors []problem }
	a.decode(t, &body)
	if len(body.Errors) != 1 || a.header.Get("Content-Type") != jsonAPI {
		t.Fatalf("want one error object as %s: %v %s", jsonAPI, a.header, a.body)
	}
	p := body.Errors[0]
	if p.ID != a.header.Get("Request-Id") || p.Status != fmt.Sprint(a.status) || !code.MatchString(p.Code) ||
		p.Title == "" || p.Title != titles[p.Code] || p.Detail == "" || p.Links.About != documentation+p.Code || p.Meta.At == "" {
		t.Fatalf("the error object is not whole: %s", a.body)
	}
	return p
}

// is checks the code of an error object, and its source: a pointer, a parameter
// as ?name, the name of a header, or nothing.
func (a *answer) is(t *testing.T, code, from string) *answer {
	t.Helper()
	p := a.problem(t)
	given := ""
	if p.Source != nil {
		given = p.Source.Header
		if p.Source.Pointer != nil {
			given = *p.Source.Pointer
		}
		if p.Source.Parameter != "" {
			given = "?" + p.Source.Parameter
		}
	}
	if p.Code != code || given != from {
		t.Fatalf("want code %q and source %q: %s", code, from, a.body)
	}
	return a
}

func (a *answer) decode(t *testing.T, into any) {
	t.Helper()
	if err := json.Unmarshal(a.body, into); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
}
