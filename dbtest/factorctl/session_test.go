package factorctl_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/cmd/factorctl/commands"
	"github.com/knowhave/factor/sqlstore"
)

const bcryptOf1234 = "$2a$04$wUd1Ye2dPnZrLtuWr2rOKeE/ib0xoaB5YKchRFnJvaJ1Q1A2b7tGW"

func TestASessionOnEachDatabase(t *testing.T) {
	onEach(t, func(t *testing.T, k *kit) {
		k.says(k.must(commands.Partly, "doctor"), "FAIL", "igrate") // the file of SQLite or the table is missing
		k.must(commands.Done, "migrate")
		k.must(commands.Done, "migrate")
		k.write("users.csv", "user,pin.hash,pin.setAt,authenticator.secret,device.id,device.secret\n"+
			"alice,"+bcryptOf1234+",2024-01-31T12:00:00Z,"+secret(1)+","+device(1)+","+secret(2)+"\n"+
			"alice,,,,"+device(2)+","+secret(3)+"\n"+
			"bob,"+bcryptOf1234+",,,,\n"+
			"carol,,,,,\n")
		k.must(commands.Done, "import", "users.csv")
		if got := k.must(commands.Done, "users"); got != "alice\nbob\n" {
			t.Fatalf("users prints %q", got)
		}
		if got := k.run("users", "--json", "--after", "alice"); got.out != "\"bob\"\n" {
			t.Fatalf("users prints %q", got.out)
		}
		k.lockPIN("bob")
		k.says(k.must(commands.Done, "status", "bob"), "pin: 2, LOCKED until")
		if got := k.must(commands.Done, "users", "--locked"); got != "bob\n" {
			t.Fatalf("users --locked prints %q", got)
		}
		k.must(commands.Done, "unlock", "bob", "--kind", "totp")
		k.says(k.must(commands.Done, "status", "bob"), "LOCKED")
		k.must(commands.Done, "unlock", "bob")
		k.says(k.must(commands.Done, "status", "bob"), "none counted, nothing locked")

		k.says(k.must(commands.Done, "status", "alice"), "PIN             set", "authenticator   confirmed", "devices         2", device(2))
		k.must(commands.Done, "remove", "device", "alice", device(1), "--yes")
		k.must(commands.Refused, "remove", "device", "alice", device(1), "--yes")
		k.must(commands.Done, "remove", "device", "alice", "--all", "--yes")
		k.must(commands.Done, "remove", "authenticator", "alice", "--yes")
		k.must(commands.Done, "remove", "pin", "alice", "--yes")
		k.must(commands.Refused, "remove", "pin", "alice", "--yes")
		k.printRecoveryCodes("alice")
		k.says(k.must(commands.Done, "status", "alice"), "recovery codes  10")
		k.must(commands.Done, "remove", "recovery", "alice", "--yes", "--notice")
		k.says(k.must(commands.Done, "status", "alice"), "1 WAIT to be sent")
		k.must(commands.Refused, "remove", "recovery", "alice", "--yes")
		k.must(commands.Done, "void", "alice", "--yes")
		k.must(commands.Done, "forget", "alice", "--yes")
		k.must(commands.Done, "sweep")
		k.says(k.must(commands.Done, "doctor"), "opened 2 of 2 records, 2 in all", "2 of format 3", "factor_")
		k.must(commands.Done, "reseal")
	})
}

// printRecoveryCodes has recovery codes made, for a mailed code.
func (k *kit) printRecoveryCodes(user string) {
	k.t.Helper()
	_, v := k.service()
	code, err := factor.NewOTPIssuer(v).IssueUnproven(k.t.Context(), user, factor.KindAccount)
	if err != nil {
		k.t.Fatal(err)
	}
	if _, err := factor.NewRecoveryCodes(v).Generate(k.t.Context(), user, factor.Credentials{OTP: code.Code}); err != nil {
		k.t.Fatal(err)
	}
}

// lockPIN gives wrong PINs until the PIN is locked.
func (k *kit) lockPIN(user string) {
	k.t.Helper()
	_, v := k.service()
	for range k.options.PIN.Limit.Tries {
		if err := v.VerifyPIN(k.t.Context(), user, "8642"); !errors.Is(err, factor.ErrMismatch) {
			k.t.Fatal(err)
		}
	}
}

func TestARecordThatDoesNotOpenIsOnlyDiscarded(t *testing.T) {
	onEach(t, func(t *testing.T, k *kit) {
		k.must(commands.Done, "migrate")
		k.enrol(3)
		k.must(commands.Refused, "discard", user(0), "--yes")
		right := k.keys[0]
		k.keys = [][]byte{newKey()}
		k.writeKeys()
		k.must(commands.Fault, "status", user(0))
		k.must(commands.Fault, "forget", user(0), "--yes")
		k.says(k.must(commands.Partly, "reseal"), user(2), "no key opens the data", "keep the old keys")
		k.must(commands.Partly, "users", "--locked")
		k.says(k.must(commands.Partly, "doctor"), "FAIL", "opened 0 of 3 records", user(1), "no record of the sample was opened")
		k.must(commands.Usage, "discard", user(0)) // the input is no terminal
		k.says(k.must(commands.Done, "discard", user(0), "--yes"), "no key opens the data", "discarded")
		k.says(k.must(commands.Done, "status", user(0)), "devices         0")

		k.keys = [][]byte{newKey(), right}
		k.writeKeys()
		k.says(k.must(commands.Partly, "doctor"), "opened 2 of 3 records")
	})
}

func TestADryRunWritesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, k *kit) {
		k.must(commands.Done, "migrate")
		k.enrol(2)
		store, _ := k.service()
		before := []int64{k.version(store, user(0)), k.version(store, user(1))}
		k.write("users.jsonl", strings.Join([]string{
			fmt.Sprintf(`{"user": %q, "authenticator": {"secret": %q}}`, user(0), secret(100)),
			fmt.Sprintf(`{"user": %q, "devices": [{"id": %q, "secret": %q}]}`, user(1), device(1), secret(101)),
			fmt.Sprintf(`{"user": "new", "pin": {"hash": %q}}`, bcryptOf1234),
			fmt.Sprintf(`{"user": "new", "pin": {"hash": %q}}`, strings.Replace(bcryptOf1234, "wU", "xU", 1)), // is another one
			`{"user": "bad", "pin": {"hash": "5f4dcc3b5aa765d61d8327deb882cf99"}}`,
			`{"user": "bad", "pin": {"hsah": "x"}}`,
			`{"user": "bad", "pin": {"hash": "x", "setAt": "5f4dcc3b5aa765d61d8327deb882cf99"}}`,
			`not JSON`,
		}, "\n"))
		run := []string{"import", "users.jsonl", "--refused", "refused.jsonl"}
		var dry, wet imported
		k.mustJSON(commands.Partly, &dry, append(run, "--dry-run")...)
		if want := (imported{Rows: 8, Imported: 3, Refused: 5, DryRun: true}); dry != want {
			t.Fatalf("a dry run counts %+v, want %+v", dry, want)
		}
		refused, err := os.ReadFile(k.path("refused.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		k.says(string(refused), `"reason":"pin is enrolled already"`, "malformed Import.PIN.Hash", `unknown field \"hsah\"`, "a time must look like", `"line":8`)
		if after := []int64{k.version(store, user(0)), k.version(store, user(1))}; before[0] != after[0] || before[1] != after[1] || k.users() != 2 {
			t.Fatalf("a dry run wrote: versions %v and then %v, %d users", before, after, k.users())
		}
		k.mustJSON(commands.Partly, &wet, run...)
		if dry.DryRun = false; wet != dry {
			t.Fatalf("import counts %+v, and the dry run %+v", wet, dry)
		}
		if again, _ := os.ReadFile(k.path("refused.jsonl")); string(again) != string(refused) {
			t.Fatalf("import refuses\n%s\nand the dry run\n%s", again, refused)
		}
	})
}

func TestAWipeWaitsForAProcessThatCanFinishIt(t *testing.T) {
	onEach(t, func(t *testing.T, k *kit) {
		k.must(commands.Done, "migrate")
		k.options.Wipe = func(context.Context, factor.Wipe) error { return errors.New("down") }
		_, v := k.service()
		if err := factor.NewAdmin(v).SetPIN(t.Context(), "alice", "8299"); err != nil {
			t.Fatal(err)
		}
		guard, err := factor.NewResetGuard(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := guard.Forfeit(t.Context(), "alice"); !errors.Is(err, factor.ErrWipePending) {
			t.Fatal(err)
		}
		k.says(k.must(commands.Done, "status", "alice"), "PENDING")
		k.must(commands.Refused, "forget", "alice", "--yes")
		k.write("alice.csv", "user,pin.hash\nalice,"+bcryptOf1234+"\n")
		k.says(k.must(commands.Partly, "import", "alice.csv"), "alice: line 2: wipe not finished")
	})
}

func TestDoctorFindsASweepThatDoesNotRun(t *testing.T) {
	onEach(t, func(t *testing.T, k *kit) {
		k.must(commands.Done, "migrate")
		k.says(k.must(commands.Done, "doctor"), "nothing is due")
		store := k.store()
		for i, late := range []time.Duration{30 * time.Minute, 90 * time.Minute} {
			r := factor.Record{Data: []byte("x"), Version: 1, Due: time.Now().Add(-late)}
			if err := store.CompareAndSwap(t.Context(), user(i), 0, r); err != nil {
				t.Fatal(err)
			}
			k.says(k.must(commands.Partly, "doctor"), fmt.Sprintf("something has been due for %v", late.String()[:3]))
		}
	})
}

func TestExitCodes(t *testing.T) {
	k := newKit(t, sqlite)
	k.says(k.must(commands.Fault, "users"), "there is no file", "migrate")
	k.must(commands.Done, "migrate")
	k.enrol(1)
	k.write("users.csv", "user,pin.hash\nalice,"+bcryptOf1234+"\n")
	k.write("unknown.csv", "user,pin.hsah\n")
	k.write("twice.csv", "user,user\n")
	k.write("nobody.csv", "pin.hash\n")
	k.write("broken.csv", "user\n\"alice\n")
	for _, args := range []string{
		"import unknown.csv", "import twice.csv", "import nobody.csv", "import broken.csv", "import users.csv --format xml",
		"nosuch", "status", "status a b", "users extra", "users --nosuch", "remove", "remove shoe alice", "remove device alice", "remove device alice x",
		"unlock user-0000 --kind nosuch", "import", "import nosuch.csv", "import options.json", "reseal --parallel 0", "reseal --rate -1", "doctor --sample -1",
		"reseal --state a --after b", "users --dialect oracle", "schema --dialect oracle", "import users.csv --refused users.csv", "users --dsn=x --dsn-file=y", "users --dsn-file=nosuch", "users --table 1;2",
		"status user-0000 --options nosuch", "status user-0000 --key-file nosuch", "schema --dialect postgres --table 1;2",
	} {
		k.must(commands.Usage, strings.Fields(args)...)
	}
	for _, args := range []string{"status nobody", "unlock nobody", "void nobody --yes", "forget nobody --yes", "discard nobody --yes", "remove pin user-0000 --yes"} {
		k.must(commands.Refused, strings.Fields(args)...)
	}
	k.must(commands.Fault, "users", "--table", "other")
	k.must(commands.Fault, "users", "--dsn", "postgres://factor@127.0.0.1:1/factor")
	k.must(commands.Done, "--help")
	k.must(commands.Done, "--version")
	k.says(k.must(commands.Usage, "void", user(0)), "give --yes")
}

func TestWhatWritesNeedsTheOptions(t *testing.T) {
	k := newKit(t, sqlite)
	k.must(commands.Done, "migrate")
	k.enrol(1)
	k.write("users.csv", "user\n")
	k.env = append(k.env, "FACTOR_OPTIONS=")
	for _, args := range []string{
		"status user-0000", "unlock user-0000", "void user-0000 --yes", "remove pin user-0000 --yes", "forget user-0000 --yes",
		"discard user-0000 --yes", "sweep", "reseal", "import users.csv", "import users.csv --dry-run", "users --locked",
	} {
		k.says(k.must(commands.Usage, strings.Fields(args)...), "no options: give --options or FACTOR_OPTIONS")
	}
	for _, args := range []string{"users", "doctor", "migrate", "schema"} {
		k.must(commands.Done, args)
	}
	wrong := k.write("wrong.json", `{"pin": {"length": 3, "limit": {"tries": 200}}, "otp": {"digits": 9}}`)
	k.says(k.must(commands.Usage, "status", user(0), "--options", wrong), "Options.PIN.Length must be 4 to 12", "Options.PIN.Limit.Tries", "Options.OTP.Digits")
	wrong = k.write("wrong.json", `{"pin": {"lenght": 6}}`)
	k.says(k.must(commands.Usage, "doctor", "--options", wrong), "options.pin.lenght is unknown")
}

func TestSchemaIsThatOfTheDialect(t *testing.T) {
	k := newKit(t, sqlite)
	for name, d := range map[string]*sqlstore.Dialect{"sqlite": sqlstore.SQLite, "postgres": sqlstore.Postgres, "mysql": sqlstore.MySQL} {
		if got := k.run("schema", "--dialect", name, "--table", "pins").out; got != sqlstore.Schema(d, &sqlstore.Options{Table: "pins"}) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// Nothing that is printed holds the key, the password of the database, or what an
// import holds.
func TestNoSecretIsPrinted(t *testing.T) {
	onEach(t, func(t *testing.T, k *kit) {
		k.must(commands.Done, "migrate")
		key, err := os.ReadFile(k.path("keys"))
		if err != nil {
			t.Fatal(err)
		}
		secrets := []string{string(key), "hunter2hunter2", "N0TAHASH", "N0TASECRET"}
		k.write("users.csv", "user,pin.hash,pin.setAt,authenticator.secret\na,N0TAHASH,,\nb,,N0TAHASH,\nc,,,N0TASECRET\nd,N0TAHASH\n")
		k.write("users.jsonl", `{"user": "a", "pin": "N0TAHASH"}`+"\n"+`{"user": "a", "authenticator": {"digits": "N0TAHASH", "secret": "N0TASECRET"}}`+"\n")
		k.write("broken.csv", "user,pin.hash\na,\"N0TAHASH\"x\n")
		k.write("badkey", string(key)[:20])
		for _, args := range []string{
			"doctor", "import users.csv", "import users.jsonl --json", "import broken.csv", "users --key-file badkey", "status a --key-file badkey",
			"users --dsn postgres://factor:hunter2hunter2@127.0.0.1:1/factor", "users --dsn postgres://factor:hunter2hunter2@127.0.0.1:port/factor",
			"users --dsn factor:hunter2hunter2@tcp(127.0.0.1:1)/factor", "users --dsn factor:hunter2hunter2@tcp(127.0.0.1:1/factor",
			"users --dsn host=127.0.0.1\tport=1\tpassword=hunter2hunter2", "users -dns=postgres://factor:hunter2hunter2@db/factor",
			"postgres://factor:hunter2hunter2@db/factor", "users --dsn mysql://factor:hunter2hunter2@db/factor",
		} {
			r := k.run(strings.FieldsFunc(args, func(r rune) bool { return r == ' ' })...)
			for _, s := range secrets {
				if strings.Contains(r.out+r.errs, s) || strings.Contains(r.errs, string(key)[:20]) {
					t.Errorf("factorctl %s prints %q:\n%s%s", args, s, r.out, r.errs)
				}
			}
		}
	})
}

// Drivers have loggers of their own, which write what is no JSON.
func TestErrorsInJSONStandAlone(t *testing.T) {
	k := newKit(t, sqlite)
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		for {
			c, err := server.Accept()
			if err != nil {
				return
			}
			_ = c.Close() // hangs up at once
		}
	}()
	for _, dsn := range []string{"factor@tcp(" + server.Addr().String() + ")/factor", "postgres://factor@" + server.Addr().String() + "/factor"} {
		r := k.run("users", "--json", "--dsn", dsn)
		for line := range strings.Lines(r.errs) {
			if !json.Valid([]byte(line)) {
				t.Errorf("%s: this is no JSON: %s", dsn, line)
			}
		}
		if r.code != commands.Fault || r.errs == "" {
			t.Errorf("%s: it ends with %d and says %q", dsn, r.code, r.errs)
		}
	}
}

// That this runs the package too is what has the go command repeat the tests of this
// package after a change to it: of the program that they build it knows nothing.
func TestTheProgramIsThePackage(t *testing.T) {
	k := newKit(t, sqlite)
	for _, help := range []string{"--help", "import --help", "remove device --help"} {
		var out strings.Builder
		code := commands.Program{}.Run(t.Context(), strings.Fields(help), nil, &out, io.Discard)
		if got := k.must(commands.Done, strings.Fields(help)...); code != commands.Done || got != out.String() {
			t.Errorf("%s: the program prints\n%s\nand the package, with exit code %d,\n%s", help, got, code, out.String())
		}
	}
}
