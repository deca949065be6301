// What mutation testing found: reads what gremlins wrote, prints the figures of
// each file and every survivor, and fails where a gate is missed. The script
// mutation calls it.
package main

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// overall is how many percent of each package's mutants have to be killed.
const overall = 90

// rules are the files that hold the rules on one user's account and what judges
// a credential. Every mutant of theirs has to be killed or explained.
var rules = []string{
	"judge.go", "otp.go", "pin.go", "reset.go", "wipe.go",
	"internal/account/account.go", "internal/account/budget.go", "internal/account/codec.go", "internal/account/codes.go",
	"internal/account/guard.go", "internal/account/import.go", "internal/account/judge.go", "internal/account/pin.go", "internal/account/rules.go",
	"internal/account/totp.go", "internal/account/wipe.go", "internal/account/wire.go",
	"internal/totp/hotp.go", "internal/totp/key.go",
}

// A mutant is one changed operator.
type mutant struct {
	Type   string `json:"type"`
	Status string `json:"status"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

type file struct {
	Name    string   `json:"file_name"`
	Mutants []mutant `json:"mutations"`
}

// figures count mutants by their status. Those that are explained are in none of
// the others, and those that do not compile in none at all.
type figures struct{ killed, lived, uncovered, timedOut, explained int }

func (f *figures) add(g figures) {
	f.killed += g.killed
	f.lived += g.lived
	f.uncovered += g.uncovered
	f.timedOut += g.timedOut
	f.explained += g.explained
}

func (f figures) missed() int { return f.lived + f.uncovered + f.timedOut }

func (f figures) percent() float64 {
	return 100 * float64(f.killed) / float64(max(1, f.killed+f.missed()))
}

func (f figures) print(name string) {
	fmt.Printf("%-24s %6d %6d %11d %9d %9d %8.1f %%\n", name, f.killed, f.lived, f.uncovered, f.timedOut, f.explained, f.percent())
}

func main() {
	log.SetFlags(0)
	tree := flag.String("tree", ".", "the tree that was mutated")
	part := flag.Bool("part", false, "only some of the mutants were tried, so there are no gates")
	flag.Parse()

	explained := readSurvivors(filepath.Join(*tree, ".ci", "mutation.survivors"))
	r := reportOn(*tree, flag.Args(), explained)
	r.print()
	if *part {
		return
	}
	failures := slices.Concat(r.missed(), obsolete(*tree, r, explained))
	fmt.Println()
	for _, failure := range failures {
		fmt.Println("FAILED: " + failure)
	}
	if len(failures) > 0 {
		os.Exit(1)
	}
}

// A report says what became of the mutants.
type report struct {
	names       []string // of the files, by package
	files       map[string]figures
	packages    map[string]*figures
	unexplained []string // neither killed nor explained
}

// reportOn counts the mutants of a tree that the results name, and takes from
// explained those that survived with a reason.
func reportOn(tree string, results []string, explained map[survivor]int) *report {
	var files []file
	for _, name := range results {
		files = append(files, readResult(name)...)
	}
	slices.SortFunc(files, func(a, b file) int {
		return cmp.Or(cmp.Compare(filepath.Dir(a.Name), filepath.Dir(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	r := &report{files: map[string]figures{}, packages: map[string]*figures{}}
	for _, f := range files {
		found := count(tree, f, explained, &r.unexplained)
		r.names, r.files[f.Name] = append(r.names, f.Name), found
		name := filepath.Dir(f.Name)
		if r.packages[name] == nil {
			r.packages[name] = &figures{}
		}
		r.packages[name].add(found)
	}
	return r
}

func (r *report) print() {
	fmt.Printf("\n%-24s %6s %6s %11s %9s %9s %10s\n", "", "killed", "lived", "not covered", "timed out", "explained", "killed")
	for _, name := range r.names {
		r.files[name].print(name)
	}
	fmt.Println()
	var total figures
	for _, name := range slices.Sorted(maps.Keys(r.packages)) {
		r.packages[name].print("package " + name)
		total.add(*r.packages[name])
	}
	total.print("all")
	if len(r.unexplained) > 0 {
		fmt.Printf("\nNot killed, and not explained in .ci/mutation.survivors:\n\n%s", strings.Join(r.unexplained, ""))
	}
}

// missed says which gates are missed.
func (r *report) missed() (failures []string) {
	for name, f := range r.packages {
		if f.percent() < overall {
			failures = append(failures, fmt.Sprintf("%.1f %% of package %s killed, want %d %%", f.percent(), name, overall))
		}
	}
	for _, name := range rules {
		f, tried := r.files[name]
		if tried && f.missed() > 0 {
			failures = append(failures, fmt.Sprintf("%d mutants of the rules in %s are neither killed nor explained", f.missed(), name))
		}
	}
	return failures
}

// obsolete says what is explained and did not survive. What was not tried may
// have.
func obsolete(tree string, r *report, explained map[survivor]int) (failures []string) {
	for s, left := range explained {
		_, tried := r.files[s.file]
		if _, err := os.Stat(filepath.Join(tree, s.file)); left > 0 && (tried || err != nil) && s.status == "LIVED" {
			failures = append(failures, fmt.Sprintf("what is explained did not survive, so take it out:\n%s", s))
		}
	}
	return failures
}

// count sorts the mutants of a file into its figures, and takes from explained
// those that survived with a reason.
func count(tree string, f file, explained map[survivor]int, unexplained *[]string) (found figures) {
	source := readSource(tree, f.Name)
	slices.SortFunc(f.Mutants, func(a, b mutant) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column, cmp.Compare(a.Type, b.Type)) })
	for _, m := range f.Mutants {
		s := survivor{m.Status, f.Name, source.function(m.Line), m.Type, source.marked(m)}
		if m.Status != "KILLED" && explained[s] > 0 {
			explained[s]--
			found.explained++
			continue
		}
		switch m.Status {
		case "KILLED":
			found.killed++
			continue
		case "NOT VIABLE": // does not compile
			continue
		case "LIVED":
			found.lived++
		case "NOT COVERED":
			found.uncovered++
		case "TIMED OUT":
			found.timedOut++
		default:
			log.Fatalf("%s:%d:%d is %q", f.Name, m.Line, m.Column, m.Status)
		}
		*unexplained = append(*unexplained, fmt.Sprintf("%s\t(line %d)\n", s, m.Line))
	}
	return found
}

func readResult(name string) []file {
	data, err := os.ReadFile(name)
	if err != nil {
		log.Fatal(err)
	}
	var result struct {
		Files []file `json:"files"`
	}
	if err := json.Unmarshal(data, &result); err != nil {
		log.Fatal(err)
	}
	if len(result.Files) == 0 {
		log.Fatalf("%s names no file", name)
	}
	return result.Files
}

// A survivor is a mutant that was not killed, named by the text of its line, so
// that a changed line is a new one.
type survivor struct{ status, file, function, kind, line string }

func (s survivor) String() string {
	return fmt.Sprintf("%s %s %s %s\n\t%s\n", s.status, s.file, s.function, s.kind, s.line)
}

// readSurvivors returns how often each survivor is explained.
func readSurvivors(name string) map[survivor]int {
	data, err := os.ReadFile(name)
	if err != nil {
		log.Fatal(err)
	}
	explained := map[survivor]int{}
	for entry := range strings.SplitSeq(strings.TrimSpace(string(data)), "\n\n") {
		lines := slices.DeleteFunc(strings.Split(entry, "\n"), func(line string) bool { return strings.HasPrefix(line, "#") })
		if len(lines) == 0 {
			continue
		}
		head := strings.Fields(strings.Replace(lines[0], "TIMED OUT", "TIMED-OUT", 1))
		if len(head) != 4 || len(lines) < 3 {
			log.Fatalf("%s: an entry is the status, file, function and kind of mutant, then its line, then the reason, not\n%s", name, entry)
		}
		explained[survivor{strings.Replace(head[0], "-", " ", 1), head[1], head[2], head[3], strings.TrimSpace(lines[1])}]++
	}
	return explained
}

// source is a file that was mutated.
type source struct {
	lines     []string
	functions []function
}

type function struct {
	name     string
	from, to int
}

func readSource(tree, name string) source {
	path := filepath.Join(tree, name)
	data, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, path, data, parser.SkipObjectResolution)
	if err != nil {
		log.Fatal(err)
	}
	s := source{lines: strings.Split(string(data), "\n")}
	for _, d := range parsed.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			s.functions = append(s.functions, function{f.Name.Name, set.Position(f.Pos()).Line, set.Position(f.End()).Line})
		}
	}
	return s
}

// function returns the name of the function around a line, or a dash.
func (s source) function(line int) string {
	for _, f := range s.functions {
		if f.from <= line && line <= f.to {
			return f.name
		}
	}
	return "-"
}

// marked returns the mutant's line with its operator in guillemets.
func (s source) marked(m mutant) string {
	line, at := s.lines[m.Line-1], m.Column-1
	end := at + max(1, len(line[at:])-len(strings.TrimLeft(line[at:], "+-*/%&|^<>=!")))
	if word := strings.IndexAny(line[at:]+" ", " \t;}"); strings.Contains(m.Type, "LOOPCTRL") || strings.Contains(m.Type, "LOOP_CTRL") {
		end = at + word
	}
	return strings.TrimSpace(line[:at] + "«" + line[at:end] + "»" + line[end:])
}
