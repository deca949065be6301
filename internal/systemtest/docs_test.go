package systemtest

import (
	"bytes"
	"go/ast"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// TestReadmeStartsWithTheExample compares the first Go block of the README with the
// body of the package's Example, which is compiled and run.
func TestReadmeStartsWithTheExample(t *testing.T) {
	_, after, found := strings.Cut(readFile(t, "README.md"), "\n```go\n")
	block, _, closed := strings.Cut(after, "\n```\n")
	if !found || !closed {
		t.Fatal("README.md has no Go block")
	}
	if want := exampleBody(t); block != want {
		t.Fatalf("the first Go block of README.md is not the body of Example.\nREADME:\n%s\n\nExample:\n%s", block, want)
	}
}

// exampleBody returns the body of func Example without indentation.
func exampleBody(t *testing.T) string {
	t.Helper()
	source := readFile(t, "example_test.go")
	files, parsed := parseFile(t, "example_test.go")
	for _, decl := range parsed.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || f.Name.Name != "Example" {
			continue
		}
		body := source[files.Position(f.Body.Lbrace).Offset+1 : files.Position(f.Body.Rbrace).Offset]
		body = strings.ReplaceAll(body, "\n\t", "\n")
		return strings.Trim(body, "\n")
	}
	t.Fatal("example_test.go has no func Example")
	return ""
}

// TestGoInMarkdownIsCompiled requires every Go block in a Markdown file to be in a
// Go file too, with any indentation.
func TestGoInMarkdownIsCompiled(t *testing.T) {
	var sources []string
	walk(t, func(name string) {
		if strings.HasSuffix(name, ".go") {
			sources = append(sources, flat(readFile(t, name)))
		}
	})
	for _, name := range markdownFiles(t) {
		for _, block := range goBlock.FindAllStringSubmatch(readFile(t, name), -1) {
			code := flat(block[1])
			if !slices.ContainsFunc(sources, func(source string) bool { return strings.Contains(source, code) }) {
				t.Errorf("%s has a Go block that stands in no Go file:\n%s", name, block[1])
			}
		}
	}
}

// flat returns the lines of a text without indentation and empty lines.
func flat(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

var (
	goBlock         = regexp.MustCompile("(?ms)^ *```go\n(.*?)^ *```$")
	markdownLink    = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	markdownHeading = regexp.MustCompile(`(?m)^#{1,6} +(.+?) *#*$`)
	markdownFence   = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
	codeSpan        = regexp.MustCompile("`[^`\n]*`")
	apiName         = regexp.MustCompile(`^(?:Err[A-Z]\w*|[A-Z]\w*\.[A-Z]\w*)$`)
	goTestName      = regexp.MustCompile(`\b(?:Test|Fuzz|Benchmark|Example)[A-Z]\w*`)
)

// TestMarkdownLinksResolve checks every relative link, and every anchor in our own
// files. It does not follow links to other sites.
func TestMarkdownLinksResolve(t *testing.T) {
	for _, name := range markdownFiles(t) {
		text := codeSpan.ReplaceAllString(markdownFence.ReplaceAllString(readFile(t, name), ""), "")
		for _, link := range markdownLink.FindAllStringSubmatch(text, -1) {
			target := link[1]
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			file, anchor, hasAnchor := strings.Cut(target, "#")
			if file == "" {
				file = name
			} else {
				file = path.Join(path.Dir(name), file)
			}
			if _, err := fs.Stat(repository, file); err != nil {
				t.Errorf("%s links to %s, which does not exist", name, target)
				continue
			}
			if hasAnchor && !slices.Contains(anchors(readFile(t, file)), anchor) {
				t.Errorf("%s links to %s, which has no such heading", name, target)
			}
		}
	}
}

// anchors returns GitHub's anchors of a Markdown text's headings.
func anchors(text string) []string {
	var all []string
	for _, heading := range markdownHeading.FindAllStringSubmatch(markdownFence.ReplaceAllString(text, ""), -1) {
		all = append(all, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-', r == '_', unicode.IsLetter(r), unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, heading[1]))
	}
	return all
}

// TestMarkdownNamesExistingTests checks that the tests named in the docs exist.
func TestMarkdownNamesExistingTests(t *testing.T) {
	var sources bytes.Buffer
	walk(t, func(name string) {
		if strings.HasSuffix(name, ".go") {
			sources.WriteString(readFile(t, name))
		}
	})
	for _, name := range markdownFiles(t) {
		for _, test := range goTestName.FindAllString(readFile(t, name), -1) {
			if !bytes.Contains(sources.Bytes(), []byte("func "+test+"(")) {
				t.Errorf("%s names %s, which is no function", name, test)
			}
		}
	}
}

// TestMarkdownNamesWhatIsExported checks the errors, and everything written as
// Type.Method or Type.Field, against the package.
func TestMarkdownNamesWhatIsExported(t *testing.T) {
	exported := exportedNames(t)
	for _, name := range markdownFiles(t) {
		for _, span := range codeSpan.FindAllString(readFile(t, name), -1) {
			if span = strings.Trim(span, "`"); apiName.MatchString(span) && !exported[span] {
				t.Errorf("%s names %s, which is not exported", name, span)
			}
		}
	}
}

// exportedNames returns the package's own declarations, methods and fields.
func exportedNames(t *testing.T) map[string]bool {
	t.Helper()
	names := make(map[string]bool)
	for _, decl := range declarations(t) {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			name := d.Name.Name
			if of := receiver(d); of != "" {
				name = of + "." + name
			}
			names[name] = true
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				addSpec(names, spec)
			}
		}
	}
	return names
}

func addSpec(names map[string]bool, spec ast.Spec) {
	switch s := spec.(type) {
	case *ast.ValueSpec:
		for _, name := range s.Names {
			names[name.Name] = true
		}
	case *ast.TypeSpec:
		names[s.Name.Name] = true
		var fields *ast.FieldList
		switch t := s.Type.(type) {
		case *ast.StructType:
			fields = t.Fields
		case *ast.InterfaceType:
			fields = t.Methods
		default:
			return
		}
		for _, field := range fields.List {
			for _, name := range field.Names {
				names[s.Name.Name+"."+name.Name] = true
			}
		}
	}
}

func markdownFiles(t *testing.T) []string {
	t.Helper()
	var names []string
	walk(t, func(name string) {
		if strings.HasSuffix(name, ".md") {
			names = append(names, name)
		}
	})
	return names
}

// walk calls visit for each file of the repository.
func walk(t *testing.T, visit func(name string)) {
	t.Helper()
	err := fs.WalkDir(repository, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if d.Type().IsRegular() {
			visit(name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
