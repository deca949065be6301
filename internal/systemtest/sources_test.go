package systemtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"strings"
	"testing"
)

// root is the directory of the repository, and repository what is in it.
const root = "../.."

var repository = os.DirFS(root)

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := fs.ReadFile(repository, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// parseFile parses a Go file of the repository.
func parseFile(t *testing.T, name string) (*token.FileSet, *ast.File) {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, readFile(t, name), parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return set, file
}

// declarations returns those of package factor, without its tests.
func declarations(t *testing.T) []ast.Decl {
	t.Helper()
	names, err := fs.Glob(repository, "*.go")
	if err != nil {
		t.Fatal(err)
	}
	var all []ast.Decl
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		_, file := parseFile(t, name)
		all = append(all, file.Decls...)
	}
	return all
}

// receiver returns the name of the type that f is a method of.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	typ := f.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if generic, ok := typ.(*ast.IndexExpr); ok {
		typ = generic.X
	}
	return typ.(*ast.Ident).Name
}
