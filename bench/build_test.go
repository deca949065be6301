package bench

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// An importer is a service that is built with one choice of libraries.
type importer struct {
	name    string
	uses    string            // statements of main
	imports []string          // of these
	modules map[string]string // with versions
	quick   bool              // also built where little time is to be spent
}

// importers come with what they are compared with. The first has nothing but
// what a service has anyway.
var importers = []importer{
	{name: "the service itself", quick: true},
	{
		name: "pquerna/otp alone", quick: true,
		imports: []string{"github.com/pquerna/otp/totp"},
		modules: map[string]string{"github.com/pquerna/otp": "v1.5.0"},
		uses: `	key, err := totp.Generate(totp.GenerateOpts{Issuer: "bench", AccountName: "alice"})
	println(totp.Validate("000000", key.Secret()), err)
`,
	},
	{
		name: "factor with sqlstore", quick: true,
		imports: []string{"context", "github.com/knowhave/factor", "github.com/knowhave/factor/sqlstore"},
		modules: map[string]string{"github.com/knowhave/factor": "v0.0.0"},
		uses: `	store, err := sqlstore.New(db, sqlstore.Postgres, nil)
	keys, err := factor.NewKeyring(make([]byte, 32))
	v, err := factor.NewVerifier(store, keys, nil)
	_, err = v.VerifyOTP(context.Background(), "alice", "000000")
	_, err = factor.NewOTPIssuer(v).Issue(context.Background(), "alice", factor.Credentials{PIN: "2580"})
	_, err = factor.NewDeviceTOTPEnroller(v).Enroll(context.Background(), "alice", [16]byte{1}, factor.Credentials{})
	_, err = factor.NewAuthenticatorEnroller(v).Begin(context.Background(), "alice", factor.Credentials{PIN: "2580"})
	_, err = factor.NewPINs(v).IsSet(context.Background(), "alice")
	_, err = factor.NewAdmin(v).Status(context.Background(), "alice")
	println(err)
`,
	},
	{
		name:    "pquerna/otp, argon2id and a limiter on Redis",
		imports: []string{"context", "github.com/alexedwards/argon2id", "github.com/go-redis/redis_rate/v10", "github.com/pquerna/otp/totp", "github.com/redis/go-redis/v9"},
		modules: map[string]string{
			"github.com/alexedwards/argon2id": "v1.0.0", "github.com/go-redis/redis_rate/v10": "v10.0.1",
			"github.com/pquerna/otp": "v1.5.0", "github.com/redis/go-redis/v9": "v9.7.0",
		},
		uses: `	key, err := totp.Generate(totp.GenerateOpts{Issuer: "bench", AccountName: "alice"})
	limiter := redis_rate.NewLimiter(redis.NewClient(&redis.Options{}))
	allowed, err := limiter.Allow(context.Background(), "alice", redis_rate.PerMinute(5))
	hash, err := argon2id.CreateHash("2580", argon2id.DefaultParams)
	match, err := argon2id.ComparePasswordAndHash("2580", hash)
	println(totp.Validate("000000", key.Secret()), allowed, match, err)
`,
	},
}

// service is what each importer is apart from its libraries.
const service = `package main

import (
	"database/sql"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
%s)

func main() {
	db, err := sql.Open(os.Args[1], os.Args[2])
	slog.Info("opened", "err", err)
	prove(db)
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { _ = json.NewEncoder(w).Encode(db.Stats()) })
	slog.Error("ended", "err", http.ListenAndServe(":0", nil))
}

func prove(db *sql.DB) {
%s}
`

func TestTarget8Build(t *testing.T) {
	program, err := exec.LookPath("go")
	if err != nil {
		t.Skipf("NOT RUN: %v", err)
	}
	b := &builder{t: t, program: program, dir: t.TempDir()}
	var built []importer
	for _, i := range importers {
		if *full || i.quick {
			b.write(i)
			built = append(built, i)
		}
	}
	none := b.build(built[0], "")
	for _, i := range built[1:] {
		size := b.build(i, "") - none
		measured.add(8, "what "+i.name+" adds to a service's binary", "", fmt.Sprintf("%.2f MB", float64(size)/1e6))
		measured.add(8, "lines of go.sum with "+i.name, "", fmt.Sprint(b.sums(i)))
	}
	if *full {
		b.times(built)
	}
}

// builder builds importers in a temporary directory.
type builder struct {
	t            *testing.T
	program, dir string
}

func (b *builder) home(i importer) string { return filepath.Join(b.dir, strings.Map(plain, i.name)) }

func plain(r rune) rune {
	if 'a' <= r && r <= 'z' {
		return r
	}
	return '-'
}

// write makes the importer's module.
func (b *builder) write(i importer) {
	b.t.Helper()
	home := b.home(i)
	must(os.Mkdir(home, 0o755))
	var imports strings.Builder
	for _, path := range i.imports {
		fmt.Fprintf(&imports, "\t%q\n", path)
	}
	must(os.WriteFile(filepath.Join(home, "main.go"), fmt.Appendf(nil, service, imports.String(), i.uses), 0o644))
	root, err := filepath.Abs("..")
	must(err)
	mod := fmt.Sprintf("module importer\n\ngo 1.26.0\n\nreplace github.com/knowhave/factor => %s\n\n", root)
	for path, version := range i.modules {
		mod += "require " + path + " " + version + "\n"
	}
	must(os.WriteFile(filepath.Join(home, "go.mod"), []byte(mod), 0o644))
	if *full {
		b.run(i, nil, "mod", "tidy")
	}
}

// run runs the go command in the importer's module and returns what it prints.
func (b *builder) run(i importer, env []string, args ...string) string {
	b.t.Helper()
	command := exec.Command(b.program, args...)
	command.Dir = b.home(i)
	command.Env = append(append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod"), env...)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	output, err := command.Output()
	if err != nil {
		b.t.Fatalf("go %s, with %s: %v\n%s", strings.Join(args, " "), i.name, err, &stderr)
	}
	return string(output)
}

// build returns the size of the importer's binary. It works in a cache of its
// own, if one is given.
func (b *builder) build(i importer, cache string) int64 {
	b.t.Helper()
	var env []string
	if cache != "" {
		env = []string{"GOCACHE=" + cache}
	}
	binary := filepath.Join(b.home(i), "importer")
	b.run(i, env, "build", "-o", binary, ".")
	info, err := os.Stat(binary)
	must(err)
	return info.Size()
}

// sums is how many lines the importer's go.sum has.
func (b *builder) sums(i importer) int {
	text, err := os.ReadFile(filepath.Join(b.home(i), "go.sum"))
	must(err)
	return bytes.Count(text, []byte("\n"))
}

// times measures building each importer where the standard library is built
// already, against the service itself.
func (b *builder) times(built []importer) {
	warm := filepath.Join(b.dir, "warm")
	for _, i := range built {
		standard := b.run(i, nil, "list", "-deps", "-f", `{{if and .Standard (ne .ImportPath "unsafe")}}{{.ImportPath}}{{end}}`, ".")
		own := slices.DeleteFunc(strings.Fields(standard), func(path string) bool { return strings.HasPrefix(path, "vendor/") })
		b.run(i, []string{"GOCACHE=" + warm}, append([]string{"build"}, own...)...)
	}
	const rounds = 3
	took := make([][]float64, len(built))
	for range rounds {
		for j, i := range built {
			cold := filepath.Join(b.dir, "cold")
			must(os.CopyFS(cold, os.DirFS(warm)))
			began := time.Now()
			b.build(i, cold)
			took[j] = append(took[j], time.Since(began).Seconds())
			must(os.RemoveAll(cold))
		}
	}
	for j, i := range built {
		ratios := make([]float64, len(took[j]))
		for k := range ratios {
			ratios[k] = took[j][k] / took[1][k]
		}
		measured.add(8, "time to build "+i.name+", without the standard library, against pquerna/otp alone", "",
			fmt.Sprintf("%s, %.1f s", spread(ratios), spread(took[j]).Median))
	}
}
