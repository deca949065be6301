package factorctl_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/cmd/factorctl/commands"
)

// A rate of 10 a second leaves half a minute to kill a run of 300 users in.
const (
	killedUsers = 300
	slow        = "--rate=10"
)

// resealed is what reseal prints.
type resealed struct{ Users, Resealed, Failed, Before int }

func (k *kit) state() (s struct {
	After string
	Done  int
}) {
	k.t.Helper()
	text, err := os.ReadFile(k.path("state"))
	if err != nil {
		return s
	}
	if err := json.Unmarshal(text, &s); err != nil {
		k.t.Fatalf("the file of the state holds %q: %v", text, err)
	}
	return s
}

func TestAKilledResealGoesOnWhereItWas(t *testing.T) {
	onEach(t, func(t *testing.T, k *kit) {
		k.must(commands.Done, "migrate")
		k.enrol(killedUsers)
		old := k.keys[0]
		k.keys = [][]byte{newKey(), old}
		k.writeKeys()

		reseal := []string{"reseal", "--state", k.path("state")}
		k.killWhen("some users are done", func() bool { return k.state().Done > 0 }, append(reseal, slow)...)
		done := k.state().Done
		k.keys = k.keys[:1]
		k.writeKeys()
		if opened := k.openedOf(commands.Partly); opened < done || opened >= killedUsers {
			t.Fatalf("the new key opens %d of %d records, of which %d are done", opened, killedUsers, done)
		}

		k.keys = append(k.keys, old)
		k.writeKeys()
		var got resealed
		k.mustJSON(commands.Done, &got, reseal...)
		if want := (resealed{Users: killedUsers, Resealed: killedUsers, Before: done}); got != want {
			t.Fatalf("reseal went on with %+v, want %+v", got, want)
		}
		if _, err := os.Stat(k.path("state")); !os.IsNotExist(err) {
			t.Fatalf("the file of the state is still there: %v", err)
		}
		k.keys = k.keys[:1]
		k.writeKeys()
		if opened := k.openedOf(commands.Done); opened != killedUsers {
			t.Fatalf("the new key opens %d of %d records", opened, killedUsers)
		}
	})
}

// openedOf returns how many of all records doctor opens.
func (k *kit) openedOf(code commands.ExitCode) int {
	k.t.Helper()
	var report struct {
		Opened, Users int
		Formats       map[string]int
	}
	k.mustJSON(code, &report, "doctor", "--sample", "0")
	if report.Users != killedUsers || report.Formats["3"] != report.Opened {
		k.t.Fatalf("doctor counts %+v", report)
	}
	return report.Opened
}

func TestAStateOfAnotherKeySkipsNobody(t *testing.T) {
	k := newKit(t, sqlite)
	k.must(commands.Done, "migrate")
	k.enrol(30)
	reseal := []string{"reseal", "--state", k.path("state"), "--rate=1"}
	k.killWhen("some users are done", func() bool { return k.state().Done > 0 }, reseal...)
	before, err := os.ReadFile(k.path("state"))
	if err != nil {
		t.Fatal(err)
	}
	k.keys = [][]byte{newKey(), k.keys[0]}
	k.writeKeys()
	k.says(k.must(commands.Usage, reseal...), "another database, table or key", "remove it to start over")
	if after, _ := os.ReadFile(k.path("state")); string(after) != string(before) {
		t.Errorf("the state was changed to %s", after)
	}
	k.write("state", string(before[:len(before)/2]))
	k.says(k.must(commands.Usage, reseal...), "cut off")
}

func TestAnInterruptedResealSaysWhereToGoOn(t *testing.T) {
	for with, says := range map[string]string{
		"--state=state": "run the same command to resume",
		"--quiet":       `resume with --after "user-`,
	} {
		t.Run(with, func(t *testing.T) {
			k := newKit(t, sqlite)
			k.must(commands.Done, "migrate")
			k.enrol(killedUsers)
			store, _ := k.service()
			version := func() int64 { return k.version(store, user(10)) }
			before := version()

			c := k.command("reseal", slow, with)
			var output strings.Builder
			c.Stderr = &output
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			until(t, "the second batch has begun", func() bool { return version() != before })
			if err := c.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			_ = c.Wait() // the code tells
			if code := commands.ExitCode(c.ProcessState.ExitCode()); code != commands.Interrupted {
				t.Fatalf("it ended with %d: %s", code, output.String())
			}
			k.says(output.String(), says)
		})
	}
}

func (k *kit) version(store factor.Store, user string) int64 {
	k.t.Helper()
	r, err := store.Load(k.t.Context(), user)
	if err != nil {
		k.t.Fatal(err)
	}
	return r.Version
}

// imported is what import prints.
type imported struct {
	Rows, Imported, Unchanged, Empty, Refused int
	DryRun                                    bool
}

// table returns a table of another system in CSV. Every hundredth row cannot be taken
// over.
func table(users int) string {
	text := "user,device.id,device.secret\n"
	for i := range users {
		s := secret(i)
		if i%100 == 99 {
			s = "short"
		}
		text += fmt.Sprintf("%s,%s,%s\n", user(i), device(i), s)
	}
	return text
}

func (k *kit) users() int {
	k.t.Helper()
	store, _ := k.service()
	users, err := store.List(k.t.Context(), "", time.Time{}, 10*killedUsers)
	if err != nil {
		k.t.Fatal(err)
	}
	return len(users)
}

func TestAKilledImportIsStartedOver(t *testing.T) {
	onEach(t, func(t *testing.T, k *kit) {
		k.must(commands.Done, "migrate")
		file := k.write("users.csv", table(killedUsers))
		run := []string{"import", file, "--refused", k.path("refused.csv")}
		store, _ := k.service()
		k.killWhen("the first user is there", func() bool { return k.version(store, user(0)) != 0 }, append(run, slow)...)

		// What the user has removed since is not taken over again.
		k.must(commands.Done, "remove", "device", user(0), "--all", "--yes")
		var got imported
		k.mustJSON(commands.Partly, &got, run...)
		// How many were there is not known: a server may still write what it was sent.
		const bad = killedUsers / 100
		if want := (imported{Rows: killedUsers, Imported: killedUsers - bad - got.Unchanged, Unchanged: got.Unchanged, Refused: bad}); got != want || got.Unchanged < 1 || got.Imported < 1 {
			t.Fatalf("started over, import counts %+v, want %+v", got, want)
		}
		if n := k.users(); n != killedUsers-bad {
			t.Fatalf("there are %d users, want %d", n, killedUsers-bad)
		}
		k.says(k.must(commands.Done, "status", user(0)), "devices         0")
		refused, err := os.ReadFile(k.path("refused.csv"))
		if err != nil {
			t.Fatal(err)
		}
		k.says(string(refused), "user,device.id,device.secret,line,reason\n", user(99)+","+device(99)+",short,101,", "TOTP.Secret")

		// The refused rows are mended and read again.
		k.write("mended.csv", strings.ReplaceAll(string(refused), ",short,", ","+secret(99)+","))
		k.mustJSON(commands.Done, &got, "import", k.path("mended.csv"))
		if want := (imported{Rows: bad, Imported: bad}); got != want {
			t.Fatalf("mended, import counts %+v, want %+v", got, want)
		}
	})
}

func TestAKilledImportOfAPipeIsStartedOver(t *testing.T) {
	k := newKit(t, sqlite)
	k.must(commands.Done, "migrate")
	line := func(i int) string {
		return fmt.Sprintf(`{"user": %q, "devices": [{"id": %q, "secret": %q}]}`+"\n", user(i), device(i), secret(i))
	}
	c := k.command("import", "-", "--format=jsonl", "--rate=1")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(in, line(0)); err != nil {
		t.Fatal(err)
	}
	until(t, "the first user is there", func() bool { return k.users() == 1 })
	if err := c.Process.Kill(); err != nil { // it waits for more
		t.Fatal(err)
	}
	_ = c.Wait() // was killed
	r := k.runWith(strings.NewReader(line(0)+line(1)), "import", "-", "--format=jsonl")
	if r.code != commands.Done {
		t.Fatalf("it ended with %d: %s", r.code, r.errs)
	}
	k.says(r.out, "2 rows: 1 imported, 1 with nothing new")
}

// Tenants with a schema of their own have a table of the same name in the same database.
func TestAStateOfAnotherSchemaSkipsNobody(t *testing.T) {
	k := newKit(t, postgres)
	k.must(commands.Done, "migrate")
	k.enrol(30)
	reseal := []string{"reseal", "--state", k.path("state")}
	k.killWhen("some users are done", func() bool { return k.state().Done > 0 }, append(reseal, "--rate=1")...)

	schema := k.place.Table + "_tenant"
	db := k.place.Open(t)
	if _, err := db.Exec("CREATE SCHEMA " + schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.Exec("DROP SCHEMA " + schema + " CASCADE"); err != nil {
			t.Error(err)
		}
	})
	other := "FACTOR_DSN=" + k.place.DSN + "&search_path=" + schema
	if !strings.Contains(k.place.DSN, "?") {
		other = "FACTOR_DSN=" + k.place.DSN + "?search_path=" + schema
	}
	same := k.env
	k.env = append(slices.Clone(same), other)
	k.must(commands.Done, "migrate")
	k.says(k.must(commands.Usage, reseal...), "another database, table or key")
	k.env = same
	k.must(commands.Done, reseal...)
}
