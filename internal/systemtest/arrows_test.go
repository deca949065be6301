package systemtest

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// lower maps the packages below package factor to those of this module that they
// may import.
var lower = map[string][]string{
	"internal/account": {"internal/totp"},
	"internal/commit":  {"internal/keylock"},
	"internal/host":    nil,
	"internal/keylock": nil,
	"internal/pinhash": nil,
	"internal/poll":    nil,
	"internal/totp":    nil,
}

// A lower package knows nothing of those above it or beside it.
func TestArrowsPointDown(t *testing.T) {
	const module = "github.com/knowhave/factor"
	args := []string{"list", "-json=ImportPath,Imports", module}
	for name := range lower {
		args = append(args, module+"/"+name)
	}
	list := exec.CommandContext(t.Context(), "go", args...)
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; seen++ {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		var below []string
		for _, path := range p.Imports {
			if name, ours := strings.CutPrefix(path, module); ours {
				below = append(below, strings.TrimPrefix(name, "/"))
			}
		}
		slices.Sort(below)
		may := lower[strings.TrimPrefix(p.ImportPath, module+"/")]
		if p.ImportPath == module {
			may = []string{"internal/account", "internal/commit", "internal/host", "internal/keylock", "internal/pinhash", "internal/poll", "internal/totp"}
		}
		if !slices.Equal(below, may) {
			t.Errorf("%s imports %v of this module, and may import %v", p.ImportPath, below, may)
		}
	}
	if seen != len(lower)+1 {
		t.Errorf("%d packages were listed, want %d", seen, len(lower)+1)
	}
}

// The rules reach no store, clock or random generator of their own.
func TestRulesImportNothingThatActs(t *testing.T) {
	for _, name := range []string{"internal/account", "internal/totp"} {
		list := exec.CommandContext(t.Context(), "go", "list", "-f", `{{join .Imports "\n"}}`, "./"+name)
		list.Dir = root
		out, err := list.Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range strings.Fields(string(out)) {
			if slices.Contains([]string{"context", "crypto/rand", "io", "math/rand/v2", "net", "os", "sync", "sync/atomic"}, path) {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
}
