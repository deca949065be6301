package factorctl_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/cmd/factorctl/commands"
	"github.com/knowhave/factor/cmd/factorctl/optionsjson"
	"github.com/knowhave/factor/dbtest"
	"github.com/knowhave/factor/sqlstore"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if programDir != "" {
		_ = os.RemoveAll(programDir)
	}
	os.Exit(code)
}

var programDir string

// program builds factorctl and returns its path.
var program = sync.OnceValues(func() (path string, err error) {
	root, err := filepath.Abs("../..")
	if err != nil {
		return "", err
	}
	if programDir, err = os.MkdirTemp("", "factorctl-"); err != nil {
		return "", err
	}
	path = filepath.Join(programDir, "factorctl")
	build := exec.Command("go", "build", "-o", path, "./cmd/factorctl")
	build.Dir = root
	build.Env = append(os.Environ(), "GOWORK="+filepath.Join(root, "go.work"))
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// sqlite is for what is the same on every database.
var sqlite = dbtest.Engines[0]

// postgres is for what only PostgreSQL has.
var postgres = dbtest.Engines[slices.IndexFunc(dbtest.Engines, func(e dbtest.Engine) bool { return e.Name == "PostgreSQL" })]

// onEach runs a test on a place of each database.
func onEach(t *testing.T, test func(t *testing.T, k *kit)) {
	for _, e := range dbtest.Engines {
		if strings.Contains(e.Name, "pgbouncer") {
			continue // is PostgreSQL to the program
		}
		t.Run(e.Name, func(t *testing.T) { test(t, newKit(t, e)) })
	}
}

// A kit is a place, and everything that factorctl needs there.
type kit struct {
	t       *testing.T
	place   dbtest.Place
	engine  dbtest.Engine
	dir     string
	options factor.Options
	keys    [][]byte // in the file of keys, the first one seals
	env     []string
}

func newKit(t *testing.T, e dbtest.Engine) *kit {
	k := &kit{t: t, engine: e, place: e.Place(t), dir: t.TempDir(), keys: [][]byte{newKey()}}
	// The cheapest allowed hash.
	k.options.PIN.Hash = factor.HashOptions{MemoryKiB: 7168, Time: 5, Parallel: 2}
	k.options.PIN.Limit = factor.Limit{Tries: 2, Delay: time.Hour, MaxDelay: 2 * time.Hour}
	text, err := optionsjson.Marshal(&k.options)
	if err != nil {
		t.Fatal(err)
	}
	k.env = []string{
		"FACTOR_DSN=" + k.place.DSN, "FACTOR_TABLE=" + k.place.Table,
		"FACTOR_KEY_FILE=" + k.path("keys"), "FACTOR_OPTIONS=" + k.write("options.json", string(text)),
	}
	k.writeKeys()
	return k
}

func newKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return key
}

func (k *kit) path(name string) string { return filepath.Join(k.dir, name) }

func (k *kit) write(name, text string) (path string) {
	k.t.Helper()
	if err := os.WriteFile(k.path(name), []byte(text), 0o600); err != nil {
		k.t.Fatal(err)
	}
	return k.path(name)
}

func (k *kit) writeKeys() {
	var lines []string
	for _, key := range k.keys {
		lines = append(lines, base64.StdEncoding.EncodeToString(key))
	}
	k.write("keys", strings.Join(lines, "\n"))
}

// A result is how a run ended.
type result struct {
	out, errs string
	code      commands.ExitCode
}

// command returns a run of the built program that has not started.
func (k *kit) command(args ...string) *exec.Cmd {
	k.t.Helper()
	path, err := program()
	if err != nil {
		k.t.Fatal(err)
	}
	c := exec.CommandContext(k.t.Context(), path, args...)
	c.Dir = k.dir
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "FACTOR_") {
			c.Env = append(c.Env, v)
		}
	}
	c.Env = append(c.Env, k.env...)
	return c
}

// run runs the built program to its end.
func (k *kit) run(args ...string) result {
	k.t.Helper()
	return k.runWith(nil, args...)
}

func (k *kit) runWith(in io.Reader, args ...string) result {
	k.t.Helper()
	c := k.command(args...)
	var out, errs bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = in, &out, &errs
	err := c.Run()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		k.t.Fatal(err)
	}
	r := result{out.String(), errs.String(), commands.ExitCode(c.ProcessState.ExitCode())}
	k.t.Logf("$ factorctl %s\n%s%s(exit code %d)", strings.Join(args, " "), r.out, r.errs, r.code)
	return r
}

// must runs the program, which must end with a code, and returns what it printed.
func (k *kit) must(code commands.ExitCode, args ...string) string {
	k.t.Helper()
	r := k.run(args...)
	if r.code != code {
		k.t.Fatalf("factorctl %s ended with %d, want %d:\n%s%s", strings.Join(args, " "), r.code, code, r.out, r.errs)
	}
	return r.out + r.errs
}

// mustJSON runs the program, which must end with a code and print one JSON text.
func (k *kit) mustJSON(code commands.ExitCode, into any, args ...string) {
	k.t.Helper()
	r := k.run(append(args, "--json")...)
	if r.code != code {
		k.t.Fatalf("factorctl %s ended with %d, want %d:\n%s%s", strings.Join(args, " "), r.code, code, r.out, r.errs)
	}
	if err := json.Unmarshal([]byte(r.out), into); err != nil {
		k.t.Fatalf("factorctl %s: %v:\n%s", strings.Join(args, " "), err, r.out)
	}
}

// says fails unless a text holds each part.
func (k *kit) says(text string, parts ...string) {
	k.t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			k.t.Errorf("it does not say %q:\n%s", part, text)
		}
	}
}

// store returns the store as a service beside factorctl has it.
func (k *kit) store() factor.Store {
	k.t.Helper()
	store, _ := k.service()
	return store
}

// service returns the store and a Verifier as a service beside factorctl has them.
func (k *kit) service() (factor.Store, *factor.Verifier) {
	k.t.Helper()
	store, err := sqlstore.New(k.place.Open(k.t), k.engine.Dialect, &sqlstore.Options{Table: k.place.Table})
	if err != nil {
		k.t.Fatal(err)
	}
	keyring, err := factor.NewKeyring(k.keys[0], k.keys[1:]...)
	if err != nil {
		k.t.Fatal(err)
	}
	v, err := factor.NewVerifier(store, keyring, &k.options)
	if err != nil {
		k.t.Fatal(err)
	}
	return store, v
}

// secret returns a different TOTP secret for each number.
func secret(i int) string { return fmt.Sprintf("JBSWY3DPEHPK3PXPJBSWY3DP%s", base32Digits(i)) }

func base32Digits(i int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	var digits [8]byte
	for at := range digits {
		digits[at] = alphabet[i&31]
		i >>= 5
	}
	return string(digits[:])
}

// device returns a different ID for each number.
func device(i int) string { return uuid.NewSHA1(uuid.Nil, []byte{byte(i >> 8), byte(i)}).String() }

func user(i int) string { return fmt.Sprintf("user-%04d", i) }

// enrol stores n users with a device each.
func (k *kit) enrol(users int) {
	k.t.Helper()
	_, v := k.service()
	admin := factor.NewAdmin(v)
	for i := range users {
		held := factor.Import{Devices: []factor.ImportedDevice{{ID: uuid.New(), TOTP: factor.ImportedTOTP{Secret: secret(i)}}}}
		if err := admin.Import(k.t.Context(), user(i), held); err != nil {
			k.t.Fatal(err)
		}
	}
}

// killWhen starts the program and kills it as soon as a condition holds, which must
// be before it has ended.
func (k *kit) killWhen(what string, holds func() bool, args ...string) {
	k.t.Helper()
	c := k.command(args...)
	var output bytes.Buffer
	c.Stdout, c.Stderr = &output, &output
	if err := c.Start(); err != nil {
		k.t.Fatal(err)
	}
	until(k.t, what, holds)
	killed := c.Process.Kill()
	err := c.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); killed != nil || !ok || exit.Exited() {
		k.t.Fatalf("factorctl %s ended before it was killed: %v, %v\n%s", strings.Join(args, " "), killed, err, output.String())
	}
	k.t.Logf("$ factorctl %s\n%s(killed)", strings.Join(args, " "), output.String())
}

// until waits for a condition.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after two minutes it is still not so that %s", what)
		}
	}
}
