package commands

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/memstore"
)

// imports runs import on a file that holds a text, and returns what is stored, what is
// printed and what is refused.
func imports(t *testing.T, name, text string) (users []string, printed, refused string, code ExitCode) {
	t.Helper()
	ring, err := factor.NewKeyring(bytes.Repeat([]byte{1}, keySize))
	if err != nil {
		t.Fatal(err)
	}
	store := memstore.New()
	p := Program{Open: func(context.Context) (*Service, error) {
		return &Service{Store: store, Sealer: ring, Options: &factor.Options{}}, nil
	}}
	dir := t.TempDir()
	file, rest := filepath.Join(dir, name), filepath.Join(dir, "refused"+filepath.Ext(name))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	code = p.Run(t.Context(), []string{"import", file, "--refused", rest}, nil, &out, &out)
	left, _ := os.ReadFile(rest) // there is none after a fault
	v, err := factor.NewVerifier(store, ring, nil)
	if err != nil {
		t.Fatal(err)
	}
	for user, err := range factor.NewAdmin(v).Users(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		users = append(users, user)
	}
	return users, out.String(), string(left), code
}

const totpJSON = `"authenticator":{"secret":"JBSWY3DPEHPK3PXPJBSWY3DPAAAA"}`

func TestARowWithAnAmbiguousUserIsRefused(t *testing.T) {
	for row, reason := range map[string]string{
		"{\"user\":\"a\xff\"," + totpJSON + "}":          "is not UTF-8",
		`{"user":"b\ud800",` + totpJSON + `}`:            "user contains U+FFFD",
		`{"user":"c","USER":"d",` + totpJSON + `}`:       `\"USER\" appears twice`,
		`{"user":"c",` + totpJSON + `,` + totpJSON + `}`: `\"authenticator\" appears twice`,
		`{"user":"c","devices":[{"id":"x","Id":"y"}]}`:   `\"Id\" appears twice`,
		`{"user":"",` + totpJSON + `}`:                   "the user must be",
		`{"user":""}`:                                    "the user must be",
		`{}`:                                             "the user must be",
		`null`:                                           "the user must be",
		`[1]`:                                            "the line must be an object",
		`"5ecret"`:                                       "the line must be an object",
		`5ecret`:                                         "is not JSON, from byte 3 on",
		`{"user":"c"} {"user":"d"}`:                      "is not JSON, from byte 14 on",
		strings.Repeat("[", 1<<19):                       "is not JSON",
	} {
		users, printed, refused, code := imports(t, "users.jsonl", row+"\n")
		if len(users) > 0 || code != Partly || !strings.Contains(refused, reason) || strings.Contains(printed+refused, "'e'") {
			t.Errorf("%.80q ends with %d and stores %q; refused: %s", row, code, users, refused)
		}
	}
	users, _, refused, code := imports(t, "users.csv", "user,pin.hash\n,\n,x\nhas nothing,\n")
	if len(users) > 0 || code != Partly || strings.Count(refused, "the user must be") != 2 {
		t.Errorf("CSV ends with %d and stores %q; refused: %s", code, users, refused)
	}
}

func TestALineThatIsTooLongIsSaidToBe(t *testing.T) {
	_, printed, _, code := imports(t, "users.jsonl", "{}\n"+strings.Repeat(" ", 1<<20)+"{}\n")
	if code != Usage || !strings.Contains(printed, "line 2 is longer than 1 MiB") {
		t.Errorf("it ends with %d and prints %s", code, printed)
	}
}
