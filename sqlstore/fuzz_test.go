package sqlstore

import (
	"strings"
	"testing"
)

// FuzzTable gives any text as the name of the table. It is refused with one and
// the same remedy, or it is one or two plain names, which are quoted as they are.
func FuzzTable(f *testing.F) {
	for _, seed := range []string{
		"", "t", "factor_records", "auth.factors", "a.b.c", ".a", "a.", `a"b`, "a`b", "a;b", "a\n", "é", "1a", "a--", "ａ", "K", "a\x00",
		strings.Repeat("a", 59), strings.Repeat("a", 60), strings.Repeat("s", 59) + "." + strings.Repeat("a", 59),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		given, err := resolve(SQLite, &Options{Table: name})
		parts := strings.Split(name, ".")
		plain := len(parts) <= 2
		for _, part := range parts {
			plain = plain && len(part) >= 1 && len(part) <= 59 && !('0' <= part[0] && part[0] <= '9')
			for i := range len(part) {
				c := part[i]
				plain = plain && (c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z')
			}
		}
		switch {
		case name == "":
			if err != nil || given.String() != "factor_records" {
				t.Fatalf("no name gives %q, %v", given, err)
			}
		case !plain:
			if err == nil {
				t.Fatalf("%q is taken for %q", name, given)
			}
		case err != nil:
			t.Fatalf("%q is refused: %v", name, err)
		default:
			quoted := `"` + strings.Join(parts, `"."`) + `"`
			if schema := Schema(SQLite, &Options{Table: name}); given.String() != name || !strings.Contains(schema, "CREATE TABLE IF NOT EXISTS "+quoted+" (") {
				t.Fatalf("%q is %q in\n%s", name, given, schema)
			}
		}
	})
}
