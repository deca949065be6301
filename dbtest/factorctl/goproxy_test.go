package factorctl_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// goproxy serves modules of the checkout from a directory, as a GOPROXY of files.
type goproxy struct {
	t   *testing.T
	dir string
}

// serve adds the module in a directory, under a version that need not be released.
func (p goproxy) serve(dir, version string) {
	p.t.Helper()
	v := module.Version{Path: parsed(p.t, filepath.Join(dir, "go.mod")).Module.Mod.Path, Version: version}
	escaped, err := module.EscapePath(v.Path)
	if err != nil {
		p.t.Fatal(err)
	}
	front := filepath.Join(p.dir, filepath.FromSlash(escaped), "@v", version)
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	err = errors.Join(err, os.MkdirAll(filepath.Dir(front), 0o755),
		os.WriteFile(filepath.Join(filepath.Dir(front), "list"), []byte(version+"\n"), 0o644),
		os.WriteFile(front+".info", fmt.Appendf(nil, `{"Version": %q}`, version), 0o644),
		os.WriteFile(front+".mod", text, 0o644))
	if err != nil {
		p.t.Fatal(err)
	}
	archive, err := os.Create(front + ".zip")
	if err != nil {
		p.t.Fatal(err)
	}
	if err := errors.Join(zip.Create(archive, v, p.files(dir)), archive.Close()); err != nil {
		p.t.Fatal(err)
	}
}

// files are those of the module in a directory. In a worktree of git, .git is a file
// too.
func (p goproxy) files(dir string) []zip.File {
	p.t.Helper()
	checked, err := zip.CheckDir(dir)
	if err != nil {
		p.t.Fatal(err)
	}
	var files []zip.File
	for _, path := range checked.Valid {
		name, err := filepath.Rel(dir, path)
		if err != nil {
			p.t.Fatal(err)
		}
		if name != ".git" {
			files = append(files, file{filepath.ToSlash(name), path})
		}
	}
	return files
}

// file is a zip.File.
type file struct{ name, path string }

func (f file) Path() string                 { return f.name }
func (f file) Lstat() (os.FileInfo, error)  { return os.Lstat(f.path) }
func (f file) Open() (io.ReadCloser, error) { return os.Open(f.path) }

// parsed returns what a go.mod says.
func parsed(t *testing.T, file string) *modfile.File {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.Parse(file, text, nil)
	if err != nil {
		t.Fatal(err)
	}
	return mod
}
