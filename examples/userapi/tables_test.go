package main

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"

	"github.com/knowhave/factor"
)

func openTables(t *testing.T) *database {
	t.Helper()
	db, err := openDatabase(t.Context(), sqliteDSN(filepath.Join(t.TempDir(), "tables.db")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// TestWipeDeletesWhatThereWas: what was saved later stays, whoever asks and
// however often.
func TestWipeDeletesWhatThereWas(t *testing.T) {
	p := &payments{openTables(t)}
	at := time.UnixMilli(1_800_000_000_000)
	add := func(user, label string, at time.Time) {
		t.Helper()
		if err := p.add(t.Context(), user, label, at); err != nil {
			t.Fatal(err)
		}
	}
	add("alice", "before", at.Add(-time.Hour))
	add("alice", "then", at)
	add("alice", "after", at.Add(time.Millisecond))
	add("bob", "bob's", at.Add(-time.Hour))
	w := factor.Wipe{ID: uuid.New(), User: "alice", At: at, Reason: factor.ReasonStrikes}

	var calls sync.WaitGroup
	for range 8 {
		calls.Go(func() {
			if err := p.wipe(context.WithoutCancel(t.Context()), w); err != nil {
				t.Errorf("one of the calls failed: %v", err)
			}
		})
	}
	calls.Wait()
	add("alice", "an old one that is imported", at.Add(-time.Minute))
	if err := p.wipe(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	for user, want := range map[string]string{"alice": "an old one that is imported,after", "bob": "bob's"} {
		got, err := p.list(t.Context(), user)
		if err != nil || strings.Join(got, ",") != want {
			t.Errorf("%s has %v, %v; want %s", user, got, err, want)
		}
	}
}

func TestPasswordIsComparedAsAWhole(t *testing.T) {
	u := &users{openTables(t), bcrypt.MinCost}
	longest := strings.Repeat("x", 72)
	if created, err := u.create(t.Context(), "alice", "a@example.com", longest, time.Now()); !created || err != nil {
		t.Fatal(created, err)
	}
	if created, err := u.create(t.Context(), "alice", "b@example.com", "another", time.Now()); created || err != nil {
		t.Fatalf("alice was created again: %t, %v", created, err)
	}
	for password, want := range map[string]bool{longest: true, longest[1:]: false, longest + "x": false, "another": false, "": false} {
		if right, err := u.checkPassword(t.Context(), "alice", password); right != want || err != nil {
			t.Errorf("a password of %d bytes: %t, %v; want %t", len(password), right, err, want)
		}
	}
	if _, err := u.checkPassword(t.Context(), "nobody", "x"); err == nil {
		t.Error("a user who does not exist is no fault")
	}
}

func TestTokenIsTheNewestAndItsHashIsKept(t *testing.T) {
	u := &users{openTables(t), bcrypt.MinCost}
	if _, err := u.create(t.Context(), "alice", "a@example.com", "password", time.Now()); err != nil {
		t.Fatal(err)
	}
	first, err := u.newToken(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	second, err := u.newToken(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	if id, err := u.byToken(t.Context(), second); id != "alice" || err != nil {
		t.Errorf("the new token is %q's, %v", id, err)
	}
	if id, err := u.byToken(t.Context(), first); err == nil {
		t.Errorf("the old token still is %q's", id)
	}
	var kept string
	if err := u.row(t.Context(), &kept, `SELECT token_hash FROM userapi_users WHERE id = ?`, "alice"); err != nil || kept == second {
		t.Errorf("the table holds %q, %v", kept, err)
	}
}

func TestPlaceholdersAreNumberedForPostgreSQL(t *testing.T) {
	const query = `SELECT a FROM b WHERE c = ? AND d = ?`
	if got := (&database{}).bind(query); got != query {
		t.Errorf("not numbered: %s", got)
	}
	if got := (&database{numbered: true}).bind(query); got != `SELECT a FROM b WHERE c = $1 AND d = $2` {
		t.Errorf("numbered: %s", got)
	}
}
