package factorctl_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

var (
	writeSums = flag.Bool("sums", false, "write the library's sums into go.sum of the modules that are released beside it")
	long      = flag.Bool("long", false, "build the modules that are released outside of the repository too, as .ci/run does; otherwise only tidy them")
	release   = flag.Bool("released", false, "fail where these sums are not those of this checkout")
)

// factorPath is the path of the library's module, and before that of each module of
// this repository.
const factorPath = "github.com/knowhave/factor"

// The modules released with the library are those without a replace. The test
// builds them outside the repository, with a GOPROXY that serves the checkout as
// the release they require.
func TestReleasedModulesServeOutsideTheRepository(t *testing.T) {
	o := newOutside(t)
	t.Run("go mod tidy", o.tidy)
	if !*long {
		t.Skip("the rest builds every dependency anew: give -long")
	}
	t.Run("go install", o.install)
	t.Run("a host builds its own", o.host)
	t.Run("a host uses a store", o.stores)
	t.Run("go vet", o.vet)
}

func (o *outside) install(t *testing.T) {
	dir := t.TempDir()
	o.run(t, dir, "go", "install", factorPath+"/cmd/factorctl@"+o.version)
	program := filepath.Join(o.bin, "factorctl")
	if got, want := o.run(t, dir, program, "--version"), "factorctl version "+o.version+" (factor "+o.version+")\n"; got != want {
		t.Fatalf("it says %q, want %q", got, want)
	}
	o.run(t, dir, program, "migrate", "--dsn", "factor.db")
	if got := o.run(t, dir, program, "users", "--dsn", "factor.db"); got != "" {
		t.Fatalf("a new table has the users %s", got)
	}
}

// own is a host's factorctl.
const own = `package main

import (
	"context"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/cmd/factorctl/commands"
)

func main() {
	commands.Program{
		Name: "shopctl",
		Functions: func(o *factor.Options) error {
			o.Wipe = func(context.Context, factor.Wipe) error { return nil }
			return nil
		},
	}.Main()
}
`

func (o *outside) host(t *testing.T) {
	dir := t.TempDir()
	o.run(t, dir, "go", "mod", "init", "shop.example/shopctl")
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(own), 0o644); err != nil {
		t.Fatal(err)
	}
	o.run(t, dir, "go", "get", factorPath+"/cmd/factorctl@"+o.version)
	o.run(t, dir, "go", "build", ".")
	if got := o.run(t, dir, filepath.Join(dir, "shopctl"), "sweep", "--help"); !strings.Contains(got, "shopctl sweep --options") {
		t.Fatalf("its help is\n%s", got)
	}
}

// shop is a program of a host that keeps its records in a store.
const shop = `package main

import (
	"fmt"

	"github.com/knowhave/factor"
	store %q
)

func main() {
	var s factor.Store = (*store.Store)(nil)
	fmt.Printf("%%T\n", s)
}
`

// stores builds a host of each store that is a module of its own.
func (o *outside) stores(t *testing.T) {
	built := 0
	for module := range o.nested {
		name := path.Base(module)
		if !strings.HasSuffix(name, "store") {
			continue
		}
		dir := t.TempDir()
		o.run(t, dir, "go", "mod", "init", "shop.example/shop")
		if err := os.WriteFile(filepath.Join(dir, "main.go"), fmt.Appendf(nil, shop, module), 0o644); err != nil {
			t.Fatal(err)
		}
		o.run(t, dir, "go", "get", module+"@"+o.version)
		o.run(t, dir, "go", "build", "-o", "shop", ".")
		if got, want := o.run(t, dir, filepath.Join(dir, "shop")), "*"+name+".Store\n"; got != want {
			t.Fatalf("it says %q, want %q", got, want)
		}
		built++
	}
	if built == 0 {
		t.Fatal("no store is a module of its own")
	}
}

func (o *outside) vet(t *testing.T) {
	dir := t.TempDir()
	o.run(t, dir, "go", "mod", "init", "shop.example/vet")
	for module := range o.nested {
		o.run(t, dir, "go", "get", module+"/...@"+o.version)
		o.run(t, dir, "go", "vet", module+"/...")
	}
}

// The sums of the library in a go.sum are those of the last release, until the next
// one writes its own.
func (o *outside) tidy(t *testing.T) {
	for path, from := range o.nested {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		others, is := released(t, filepath.Join(from, "go.sum"))
		if err := os.WriteFile(filepath.Join(dir, "go.sum"), []byte(others), 0o644); err != nil {
			t.Fatal(err)
		}
		o.run(t, dir, "go", "mod", "tidy")
		for _, name := range []string{"go.mod", "go.sum"} {
			is, _ := released(t, filepath.Join(from, name))
			want, _ := released(t, filepath.Join(dir, name))
			if is != want {
				t.Errorf("%s: its %s is not tidy. It is\n%s\nand go mod tidy makes\n%s", path, name, is, want)
			}
		}
		_, want := released(t, filepath.Join(dir, "go.sum"))
		switch {
		case *writeSums:
			text, err := os.ReadFile(filepath.Join(dir, "go.sum"))
			if err == nil {
				err = os.WriteFile(filepath.Join(from, "go.sum"), text, 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		case *release && is != want:
			t.Errorf("%s: go.sum has of the library\n%swant\n%s", path, is, want)
		}
	}
}

// released returns a file without the sums of the library, and these sums.
func released(t *testing.T, file string) (rest, sums string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, factorPath+" v") {
			sums += line
		} else {
			rest += line
		}
	}
	return rest, sums
}

// outside is a world without the checkout, which knows only what a GOPROXY serves.
type outside struct {
	env     []string
	bin     string
	version string            // under which the checkout is served
	nested  map[string]string // the directories of the modules that are released beside the library, by their paths
}

func newOutside(t *testing.T) *outside {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	o := &outside{bin: t.TempDir(), nested: map[string]string{}}
	proxy := goproxy{t, t.TempDir()}
	for _, dir := range workspace(t, root) {
		mod := parsed(t, filepath.Join(dir, "go.mod"))
		version := required(mod)
		if version == "" || len(mod.Replace) > 0 {
			continue
		}
		if o.version != "" && version != o.version {
			t.Fatalf("%s requires %s %s, and another module %s", mod.Module.Mod.Path, factorPath, version, o.version)
		}
		o.version = version
		o.nested[mod.Module.Mod.Path] = dir
		proxy.serve(dir, version)
	}
	proxy.serve(root, o.version)

	// The module cache is separate, so that no other build takes the checkout for a
	// release. Everything else comes from the cache that built these tests, which
	// go has checked, so it looks up no sum again.
	o.env = append(os.Environ(),
		"GOWORK=off", "GOFLAGS=-mod=mod -trimpath -modcacherw", "GOBIN="+o.bin, "GOMODCACHE="+t.TempDir(), "GOSUMDB=off",
		"GOPROXY=file://"+proxy.dir+",file://"+filepath.Join(goEnv(t, "GOMODCACHE"), "cache", "download")+","+goEnv(t, "GOPROXY"))
	return o
}

// workspace returns the directories of the modules that go.work ties together.
func workspace(t *testing.T, root string) []string {
	t.Helper()
	file := filepath.Join(root, "go.work")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	work, err := modfile.ParseWork(file, text, nil)
	if err != nil {
		t.Fatal(err)
	}
	var dirs []string
	for _, use := range work.Use {
		dirs = append(dirs, filepath.Join(root, use.Path))
	}
	return dirs
}

// required returns the version of the library that a module requires, or "".
func required(mod *modfile.File) string {
	for _, r := range mod.Require {
		if r.Mod.Path == factorPath {
			return r.Mod.Version
		}
	}
	return ""
}

// run runs a command in a directory and returns its output.
func (o *outside) run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), name, args...)
	c.Dir, c.Env = dir, o.env
	out, err := c.CombinedOutput()
	t.Logf("$ %s %s\n%s", filepath.Base(name), strings.Join(args, " "), out)
	if err != nil {
		t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return string(out)
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
