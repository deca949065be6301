package seeded

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is the directory of the repository.
const root = "../.."

// A defect is one mistake.
type defect struct {
	name  string // as in a heading
	what  string // a sentence about what goes wrong
	file  string // in the repository
	edits []edit
	// catcher is the cheapest check that catches it, with further flags.
	catcher *check
	flags   []string
}

// An edit replaces text that occurs once.
type edit struct{ old, new string }

// none is the defect that changes nothing.
var none = defect{name: "none"}

// plant returns the file with the defect in it.
func (d defect) plant() (string, error) {
	data, err := os.ReadFile(filepath.Join(root, d.file))
	if err != nil {
		return "", err
	}
	text := string(data)
	for _, e := range d.edits {
		if n := strings.Count(text, e.old); n != 1 {
			return "", fmt.Errorf("%s holds this text %d times instead of once: fit the edit in internal/seeded to the file\n%s", d.file, n, e.old)
		}
		text = strings.Replace(text, e.old, e.new, 1)
	}
	return text, nil
}

// overlay writes the changed file and the description for the go command, and
// returns the latter's name. It removes the files that are left out.
func (d defect) overlay(t *testing.T, leftOut []string) string {
	t.Helper()
	var o struct{ Replace map[string]string }
	o.Replace = make(map[string]string)
	dir := t.TempDir()
	for _, name := range leftOut {
		o.Replace[name] = ""
	}
	if d.file != "" {
		text, err := d.plant()
		if err != nil {
			t.Fatal(err)
		}
		original, err := filepath.Abs(filepath.Join(root, d.file))
		if err != nil {
			t.Fatal(err)
		}
		changed := filepath.Join(dir, filepath.Base(d.file))
		if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		o.Replace[original] = changed
	}
	description, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(name, description, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// build makes the test program of a check with the defect in it.
func (d defect) build(t *testing.T, c *check) (program string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), "check.test")
	args := []string{"test", "-c", "-vet=off", "-ldflags=-w", "-overlay=" + d.overlay(t, c.leftOut(t)), "-o=" + program}
	if *times == 1 {
		// The checks run only briefly: compile them quickly.
		args = append(args, "-gcflags=github.com/knowhave/factor/...=-N -l")
	}
	cmd := exec.CommandContext(t.Context(), "go", append(args, c.in.path)...)
	cmd.Dir, cmd.Env = filepath.Join(root, c.in.module), environment(0)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s does not build: %v\n%s", d.name, err, out)
	}
	return program
}

// environment is this process's, without what would change how the checks are built
// and run.
func environment(cpus int) []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return name == "GOFLAGS" || name == "GOMAXPROCS" || name == "GOGC" || strings.HasPrefix(name, "FACTOR_")
	})
	if cpus > 0 {
		env = append(env, "GOMAXPROCS="+strconv.Itoa(cpus))
	}
	return env
}

// looksAtSources tells the go command that a test depends on every source file,
// which only its child processes read. Otherwise the cache could return an outdated
// result.
func looksAtSources(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != root && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		if ext := filepath.Ext(name); ext == ".go" || ext == ".mod" || ext == ".sum" {
			_, err = os.Stat(name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
