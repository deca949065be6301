package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pquerna/otp/totp"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/factortest"
)

const users = 600

// A world is an old database and the engine that its users move to.
type world struct {
	*factortest.Engine
	old   *sql.DB
	mover *mover
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Engine: factortest.New(t, nil)}
	var err error
	if w.old, err = openOld(t.Context(), printer{&bytes.Buffer{}}, filepath.Join(t.TempDir(), "old.db"), 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.old.Close() })
	if _, err := w.old.ExecContext(t.Context(), `DROP TABLE users; DROP TABLE phones`); err != nil {
		t.Fatal(err)
	}
	if err := makeLegacy(t.Context(), w.old, users, w.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	w.mover = &mover{old: w.old, admin: w.Admin, workers: 4}
	return w
}

func (w *world) run(t *testing.T, most int) int {
	t.Helper()
	moved, err := w.mover.run(t.Context(), most)
	if err != nil {
		t.Fatal(err)
	}
	return moved
}

func (w *world) refused(t *testing.T) map[string]string {
	t.Helper()
	rows, err := w.old.QueryContext(t.Context(), `SELECT user_id || ' ' || field, reason FROM move_refused`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	all := map[string]string{}
	for rows.Next() {
		var what, reason string
		if err := rows.Scan(&what, &reason); err != nil {
			t.Fatal(err)
		}
		all[what] = reason
	}
	return all
}

// Users who were fine in the old tables are fine in the new one: their PINs,
// authenticator codes and phone codes are accepted.
func TestMovedUsersProveWhatTheyHeld(t *testing.T) {
	w := newWorld(t)
	if moved := w.run(t, users*2); moved != users {
		t.Fatalf("moved %d users", moved)
	}
	refused := w.refused(t)
	all, err := w.mover.page(t.Context(), "", users)
	if err != nil || len(all) != users {
		t.Fatal(len(all), err)
	}
	w.Clock.Turn(10 * time.Minute) // past the last codes of the old system
	hashed, pins, apps, phones := 0, 0, 0, 0
	for _, u := range all {
		status, err := w.Admin.Status(t.Context(), u.id)
		if err != nil {
			t.Fatal(err)
		}
		has := func(field string) bool { return refused[u.id+" Import."+field] == "" }
		if want := u.pinHash.Valid && has("PIN.Hash"); status.PIN != want {
			t.Fatalf("%s: holds a PIN: %v, want %v", u.id, status.PIN, want)
		}
		if want := u.secret.Valid && has("Authenticator.Secret"); status.Authenticator != want {
			t.Fatalf("%s: holds an authenticator: %v, want %v", u.id, status.Authenticator, want)
		}
		if status.PIN {
			if pins++; hashed < 3 { // bcrypt takes its time
				hashed++
				if err := w.Verifier.VerifyPIN(t.Context(), u.id, legacyPIN); err != nil {
					t.Fatalf("%s: %v", u.id, err)
				}
			}
		}
		if status.Authenticator {
			apps++
			code, err := totp.GenerateCode(u.secret.String, w.Clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Verifier.VerifyOTP(t.Context(), u.id, code, factor.KindTOTP); err != nil {
				t.Fatalf("%s: %v", u.id, err)
			}
		}
		for _, d := range status.Devices {
			phones++
			i := slices.IndexFunc(u.phones, func(p legacyPhone) bool { return p.id == d.ID })
			_, secret, _ := strings.Cut(u.phones[i].url, "secret=")
			code, err := totp.GenerateCode(secret, w.Clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			if m, err := w.Verifier.VerifyOTP(t.Context(), u.id, code, factor.KindDeviceTOTP); err != nil || m.Device != d.ID {
				t.Fatalf("%s: %+v, %v", u.id, m, err)
			}
		}
	}
	if pins < users/2 || apps < users/4 || phones < users/10 || len(refused) < 5 {
		t.Fatalf("%d PINs, %d authenticators, %d phones, %d refused: the test shows little", pins, apps, phones, len(refused))
	}
}

// A move that was cut off resumes, and one that starts over changes nothing, even
// for users who were active meanwhile.
func TestMoveGoesOnAndStartsOver(t *testing.T) {
	w := newWorld(t)
	if moved := w.run(t, 250); moved != 250 {
		t.Fatalf("moved %d users", moved)
	}
	w.Store.Fail(factortest.Load, factortest.Failure{})
	if _, err := w.mover.run(t.Context(), users); !errors.Is(err, factortest.ErrStore) {
		t.Fatalf("with a store that fails: %v", err)
	}
	if moved := w.run(t, users); moved != users-250 {
		t.Fatalf("went on with %d users", moved)
	}
	refused := w.refused(t)

	all, err := w.mover.page(t.Context(), "", users)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(u legacyUser) bool { return len(u.phones) > 0 })
	active := all[i]
	if err := w.Admin.RevokeDevice(t.Context(), active.id, active.phones[0].id); err != nil {
		t.Fatal(err)
	}
	before, err := w.Admin.Status(t.Context(), active.id)
	if err != nil {
		t.Fatal(err)
	}
	events := len(w.Events())
	if _, err := w.old.ExecContext(t.Context(), `DELETE FROM move_progress`); err != nil {
		t.Fatal(err)
	}
	if moved := w.run(t, users); moved != users {
		t.Fatalf("started over with %d users", moved)
	}
	after, err := w.Admin.Status(t.Context(), active.id)
	if err != nil || fmt.Sprint(after) != fmt.Sprint(before) {
		t.Fatalf("from %+v to %+v, %v", before, after, err)
	}
	if got := w.Events()[events:]; len(got) > 0 {
		t.Fatalf("observed %+v", got[0])
	}
	if again := w.refused(t); fmt.Sprint(again) != fmt.Sprint(refused) {
		t.Fatalf("refused %v, then %v", refused, again)
	}
}

// A user who already has a PIN here keeps it, and the move notes that.
func TestMoveKeepsWhatIsNewer(t *testing.T) {
	w := newWorld(t)
	all, err := w.mover.page(t.Context(), "", 1)
	if err != nil {
		t.Fatal(err)
	}
	user := all[0].id
	if !all[0].pinHash.Valid {
		t.Fatal("the first user has no PIN")
	}
	if err := w.Admin.SetPIN(t.Context(), user, "4711"); err != nil {
		t.Fatal(err)
	}
	w.run(t, users)
	if err := w.Verifier.VerifyPIN(t.Context(), user, "4711"); err != nil {
		t.Fatal(err)
	}
	if reason := w.refused(t)[user+" Import"]; reason != "the user holds another: pin" {
		t.Fatalf("noted %q", reason)
	}
}

func TestAFieldTellsWhichPartToLeaveOut(t *testing.T) {
	held := func() factor.Import {
		return factor.Import{PIN: &factor.ImportedPIN{}, Authenticator: &factor.ImportedTOTP{}, Devices: make([]factor.ImportedDevice, 3)}
	}
	for field, want := range map[string]string{
		"Import.PIN.Hash": "false true 3", "Import.Authenticator.URL": "true false 3", "Import.Devices[1].TOTP.URL": "true true 2",
		"user": "true true 3", "Import": "true true 3",
	} {
		h := held()
		h.Devices[1].ID = uuid.New()
		known := leaveOut(&h, field)
		if got := fmt.Sprint(h.PIN != nil, h.Authenticator != nil, len(h.Devices)); got != want || known != strings.Contains(field, ".") {
			t.Errorf("%s: %s, want %s", field, got, want)
		}
		if len(h.Devices) == 2 && (h.Devices[0].ID != uuid.Nil || h.Devices[1].ID != uuid.Nil) {
			t.Errorf("%s: left another device out", field)
		}
	}
}

// The whole program, twice: it stops, resumes, and prints what it did.
func TestProgramPrintsWhatItMoved(t *testing.T) {
	dir := t.TempDir()
	for _, want := range []string{"moved 40 users", "moved 20 users", "moved 0 users"} {
		var out bytes.Buffer
		if err := run(context.Background(), &out, dir, 60, 40); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), want) || !strings.Contains(out.String(), "refused") {
			t.Fatalf("said %s, want %s", &out, want)
		}
	}
}
