package main

import (
	"bytes"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/knowhave/factor"
)

func (t *tour) theft() {
	t.scene("A thief reads the table", "Store, Sealer")
	t.ask("SELECT data FROM factor_records WHERE user_id = 'alice'")
	var row []byte
	err := t.db.QueryRow(`SELECT data FROM factor_records WHERE user_id = ?`, alice).Scan(&row)
	err = errors.Join(err, os.WriteFile(filepath.Join(t.dir, "stolen-row.txt"), []byte(hex.Dump(row)), 0o600))
	t.shown(len(row) > 0, err, "the row is saved in hex as stolen-row.txt")
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(t.phoneSecret)
	found := 0
	for _, what := range [][]byte{[]byte(pin), []byte("argon2"), secret, []byte(t.phoneSecret), phone[:], []byte(phone.String())} {
		found += bytes.Count(row, what)
	}
	t.shown(found == 0, err, "the PIN, a hash, the phone's secret and its ID are in it %d times", found)

	t.ask("copy the row to mallory, and verify alice's PIN as mallory's")
	_, err = t.db.Exec(`INSERT INTO factor_records (user_id, version, data) SELECT 'mallory', version, data FROM factor_records WHERE user_id = 'alice'`)
	err = errors.Join(err, t.verifier.VerifyPIN(t.ctx, "mallory", pin))
	t.refused(err, factor.ErrUnsealed)
	_, err = t.db.Exec(`DELETE FROM factor_records WHERE user_id = 'mallory'`)
	t.shown(true, err, "(the copy is deleted again)")
}

func (t *tour) reset() {
	t.scene("She resets her password", "POST /callbacks/password-reset: ResetGuard.Prove")
	t.host.turn(time.Hour)
	t.ask("prove the PIN, now that the link in her mail is followed")
	t.accepted(t.prove(pin), "the reset may go on")
	t.shown(len(t.host.cards[alice]) == 1, nil, "her payment card is kept")
}

func (t *tour) wipe() {
	t.scene("A thief has her mailbox, but not her PIN", "POST /callbacks/password-reset: ResetGuard.Prove; Admin.Sweep")
	t.host.turn(time.Hour)
	for _, guess := range []string{"1357", "2468", "3579"} {
		t.ask("prove a wrong PIN")
		t.refused(t.prove(guess), factor.ErrMismatch)
	}
	t.shown(t.host.seen(factor.ActionResetLastChance) == 1, nil, "the host is told that this was the last chance, and warns her")
	hungUp := errors.New("the card vault hung up")
	t.host.wipeFault = hungUp
	t.ask("prove a fourth wrong PIN: the host begins to wipe and is cut off")
	t.refused(t.prove("4680"), factor.ErrWipePending, hungUp)
	t.shown(len(t.host.cards[alice]) == 1, nil, "the wipe is marked, but the card is still there")

	t.host.turn(time.Minute)
	t.ask("save another card; then the host's cron calls Sweep")
	t.host.cards[alice] = append(t.host.cards[alice], t.host.clock())
	swept, err := t.admin.Sweep(t.ctx)
	t.shown(swept == 1, err, "%d user swept: the wipe is finished", swept)
	t.shown(len(t.host.cards[alice]) == 1, nil, "the old card is gone, the new one is kept")
	t.ask("prove the right PIN")
	t.refused(t.prove(pin), factor.ErrWiped)

	t.ask("set a new PIN with a mailed code, and prove it")
	mailed, err := t.issuer.IssueUnproven(t.ctx, alice, factor.KindAccount)
	err = errors.Join(err, t.pins.Set(t.ctx, alice, "4827", factor.Credentials{OTP: mailed.Code}))
	t.accepted(errors.Join(err, t.prove("4827")), "the guard starts anew")
}

func (t *tour) prove(pin string) error {
	return t.guard.Prove(t.ctx, alice, factor.Credentials{PIN: pin})
}
