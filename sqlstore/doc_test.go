package sqlstore_test

import (
	"os/exec"
	"strings"
	"testing"
)

func TestDocumentationPrintsNoSQL(t *testing.T) {
	for _, args := range [][]string{{"doc"}, {"doc", "-all"}} {
		text, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		for _, sql := range []string{"{table}", "CREATE TABLE", "SELECT", "WHERE", "func("} {
			if strings.Contains(string(text), sql) {
				t.Errorf("go %s prints %s", strings.Join(args, " "), sql)
			}
		}
	}
}
