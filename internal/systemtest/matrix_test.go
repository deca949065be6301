package systemtest

import (
	"slices"
	"strings"
	"testing"

	"github.com/knowhave/factor/internal/spec"
)

// matrixColumns are the kinds in the order of the README's columns.
var matrixColumns = []string{"password", "pin", "login", "account", "totp", "device-totp", "recovery"}

// TestReadmeSaysWhichCredentialProvesWhat compares the README's matrix with the
// specification's operations: it has each one that takes a proof, once, and shows what
// is judged by default and what may be.
func TestReadmeSaysWhichCredentialProvesWhat(t *testing.T) {
	rows := matrixRows(t)
	for _, op := range spec.Operations {
		cells, found := rows[op.Name]
		delete(rows, op.Name)
		if takes := op.Proof != spec.NoProof; found != takes {
			t.Errorf("%s takes a proof: %v, and is in the matrix: %v", op.Name, takes, found)
		}
		if found {
			checkMatrixRow(t, op, cells)
		}
	}
	for name := range rows {
		t.Errorf("the matrix has %s, which is no operation", name)
	}
	if len(matrixColumns) != len(spec.Kinds) {
		t.Errorf("the matrix has %d kinds, and the specification %d", len(matrixColumns), len(spec.Kinds))
	}
}

func checkMatrixRow(t *testing.T, op spec.Operation, cells []string) {
	t.Helper()
	possible := op.Judges(spec.CodeKinds)
	if op.Op == spec.Prove {
		possible = append(possible, spec.KindTOTP) // ResetOptions.Authenticator
	}
	byDefault := op.Judges([]spec.Kind{spec.KindDeviceTOTP, spec.KindAccount})
	if op.Op == spec.VerifyOTP {
		byDefault = []spec.Kind{spec.KindDeviceTOTP, spec.KindAccount}
	}
	for i, name := range matrixColumns {
		kind := spec.KindNamed(name)
		want := ""
		switch {
		case slices.Contains(byDefault, kind):
			want = "yes"
		case slices.Contains(possible, kind) && op.Op == spec.VerifyOTP:
			want = "named"
		case slices.Contains(possible, kind):
			want = "option"
		}
		if said, _, _ := strings.Cut(cells[i], ":"); said != want {
			t.Errorf("%s of a %s is %q in the matrix, want %q", op.Name, name, cells[i], want)
		}
	}
}

// matrixRows returns the cells of each method. A row may be about several.
func matrixRows(t *testing.T) map[string][]string {
	t.Helper()
	_, after, found := strings.Cut(readFile(t, "README.md"), "\n## Which credential proves what\n")
	table, _, _ := strings.Cut(after, "\n\nOne right credential")
	lines := strings.Split(strings.TrimSpace(table), "\n")
	if !found || len(lines) < 3 {
		t.Fatal("README.md has no matrix")
	}
	rows := make(map[string][]string)
	for _, line := range lines[2:] {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if len(cells) != 1+len(matrixColumns) {
			t.Fatalf("%d cells: %s", len(cells), line)
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		for _, name := range codeSpan.FindAllString(cells[0], -1) {
			if name = strings.Trim(name, "`"); rows[name] != nil {
				t.Errorf("the matrix has %s twice", name)
			}
			rows[name] = cells[1:]
		}
	}
	return rows
}
