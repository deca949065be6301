package commands

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/sqlstore"
)

func TestOneDashServesAsTwo(t *testing.T) {
	root := (&app{}).root()
	for given, want := range map[string]string{
		"status alice -json":                    "status alice --json",
		"-dsn x -key-file=y --table z":          "--dsn x --key-file=y --table z",
		"users -after -bob -limit 3":            "users --after -bob --limit 3",
		"users -after -- -limit 3":              "users --after -- --limit 3",
		"unlock -- -json":                       "unlock -- -json",
		"import - -format csv":                  "import - --format csv",
		"-h":                                    "-h",
		"-nosuch=postgres://a:secret@b/c users": "--nosuch=postgres://a:secret@b/c users",
	} {
		if got := strings.Join(longFlags(root, strings.Fields(given)), " "); got != want {
			t.Errorf("%s is read as %s, want %s", given, got, want)
		}
	}
}

func TestKeysAreReadInEveryForm(t *testing.T) {
	first, second := bytes.Repeat([]byte{0xfb}, keySize), bytes.Repeat([]byte{7}, keySize)
	std, url, raw := base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding
	for _, text := range []string{
		std.EncodeToString(first) + "\n" + std.EncodeToString(second) + "\n",
		url.EncodeToString(first) + "," + raw.EncodeToString(second),
		hex.EncodeToString(first) + " , " + strings.ToUpper(hex.EncodeToString(second)),
	} {
		keys, err := parseKeys("here", text)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.EqualFunc(keys, [][]byte{first, second}, bytes.Equal) {
			t.Errorf("%q: got %x", text, keys)
		}
	}
	t.Setenv("FACTOR_KEY_FILE", "")
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, first, 0o600); err != nil {
		t.Fatal(err)
	}
	a := app{flags: flags{keyFiles: []string{file}}}
	if keys, err := a.keys(); err != nil || len(keys) != 1 || !bytes.Equal(keys[0], first) {
		t.Errorf("a file of 32 raw bytes: %x, %v", keys, err)
	}
}

func TestAKeyThatIsNoneIsNotRepeated(t *testing.T) {
	for _, text := range []string{"tooshort", strings.Repeat("ab", 31), strings.Repeat("z", 64), strings.Repeat("A", 32)} {
		_, err := parseKeys("here", strings.Repeat("ab", 32)+","+text)
		if c, ok := errors.AsType[*coded](err); !ok || c.code != Usage || !strings.Contains(err.Error(), "key 2") || strings.Contains(err.Error(), text) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if isRaw([]byte(strings.Repeat("A", keySize))) {
		t.Error("32 letters were taken for a key")
	}
}

func TestTheDataSourceNameTellsTheDatabase(t *testing.T) {
	for dsn, want := range map[string]string{
		"factor.db": "sqlite", "/var/lib/x.sqlite3": "sqlite", "file:x?mode=rw": "sqlite", "a.db?_pragma=foreign_keys(1)": "sqlite",
		"postgres://a@b/c": "postgres", "postgresql://a@b/c?x=.db": "postgres", "host=a dbname=b": "postgres",
		"a:b@tcp(c:3306)/d": "mysql", "a@unix(/run/x.sock)/d?x=1": "mysql",
		"mysql://a:b@c/d": "", "something": "",
	} {
		if got := dialectOf(dsn); got != want {
			t.Errorf("%s: %q, want %q", dsn, got, want)
		}
	}
}

func TestSQLiteGetsWhatItsNameLeavesOut(t *testing.T) {
	for _, row := range []struct {
		dsn    string
		create bool
		want   string
	}{
		{"factor.db", false, "file:factor.db?mode=rw&_pragma=synchronous(full)&_pragma=busy_timeout(5000)"},
		{"factor.db", true, "file:factor.db?_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=busy_timeout(5000)"},
		{"/srv/app (old)/factor.db", false, "file:/srv/app (old)/factor.db?mode=rw&_pragma=synchronous(full)&_pragma=busy_timeout(5000)"},
		{"a#b%.db", false, "file:a%23b%25.db?mode=rw&_pragma=synchronous(full)&_pragma=busy_timeout(5000)"},
		{"file:x?mode=rwc&_pragma=SYNCHRONOUS(extra)&_pragma=busy_timeout(9)", false, "file:x?mode=rwc&_pragma=SYNCHRONOUS(extra)&_pragma=busy_timeout(9)"},
	} {
		if isOfServer(row.dsn) {
			t.Errorf("%s is taken for the name of a server", row.dsn)
		}
		if s := sqliteSource(row.dsn, row.create); s.dsn != row.want || s.dialect != sqlstore.SQLite {
			t.Errorf("%s, create %v: %s, want %s", row.dsn, row.create, s.dsn, row.want)
		}
	}
}

func TestPasswordsAreHiddenWhereverTheyStand(t *testing.T) {
	var h hidden
	h.add("", "k3y")
	for text, want := range map[string]string{
		"dial postgres://app:s3cret@db/app: refused": "dial postgres://app:xxxxx@db/app: refused",
		"postgres://app:s@cr:t@db/app":               "postgres://app:xxxxx@db/app",
		"app:s3cret@tcp(db:3306)/app refused":        "app:xxxxx@tcp(db:3306)/app refused",
		"app:s@:cret@unix(/x)/app":                   "app:xxxxx@unix(/x)/app",
		"host=db password=s3cret user=app":           "host=db password=xxxxx user=app",
		"host=db Password = 's3 cret' user=app":      "host=db Password = xxxxx user=app",
		"it has k3y in it":                           "it has xxxxx in it",
		"nothing here":                               "nothing here",
	} {
		if got := h.in(text); got != want {
			t.Errorf("%s\nis printed as %s\nwant          %s", text, got, want)
		}
	}
}

func TestAUserIsShownSoThatATerminalShowsIt(t *testing.T) {
	for user, want := range map[string]string{
		"alice": "alice", "a@b.example": "a@b.example", "": `""`, "a b": `"a b"`, "a\x1b[2Jb": `"a\x1b[2Jb"`, "a\nb": `"a\nb"`, `a"`: `"a\""`,
	} {
		if got := show(user); got != want {
			t.Errorf("%q is shown as %s, want %s", user, got, want)
		}
	}
}

func TestAKeyInThePlaceOfItsFileIsNotRepeated(t *testing.T) {
	key := hex.EncodeToString(bytes.Repeat([]byte{0xab}, keySize))
	a := app{flags: flags{keyFiles: []string{key}}}
	if _, err := a.keys(); err == nil || strings.Contains(err.Error(), key) || !strings.Contains(err.Error(), "key file 1") {
		t.Fatal(err)
	}
}

func TestEveryCommandHasHelpAndAnExample(t *testing.T) {
	root := (Program{Name: "shopctl"}).app(nil, nil, nil).root()
	var look func(c *cobra.Command)
	look = func(c *cobra.Command) {
		if c.Short == "" || c.HasParent() && !strings.Contains(c.Example, "shopctl "+c.Name()) && !strings.Contains(c.Example, "shopctl remove "+c.Name()) {
			t.Errorf("%s: %q, with the example %q", c.CommandPath(), c.Short, c.Example)
		}
		for _, below := range c.Commands() {
			look(below)
		}
	}
	look(root)
}

func TestTheHelpOfUnlockNamesEveryKind(t *testing.T) {
	kind := Program{}.app(nil, nil, nil).unlockCommand().Flags().Lookup("kind")
	for _, k := range []factor.Kind{
		factor.KindPassword, factor.KindPIN, factor.KindLogin, factor.KindAccount, factor.KindTOTP, factor.KindDeviceTOTP, factor.KindRecovery,
	} {
		if !strings.Contains(kind.Usage, string(k)) {
			t.Errorf("it does not name %s: %s", k, kind.Usage)
		}
	}
}
