package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"math/big"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/knowhave/factor"
)

// A wallet keeps the payments, and the cards, which are the critical data that the
// reset guard protects.
type wallet struct {
	db  *sql.DB
	now func() time.Time
}

// A payment waits for its code or is paid. Nothing else about it changes.
type payment struct {
	ID, Payee, Amount string
	Paid              bool
}

// purpose returns the purpose of the payment's code. Its parts are those that the
// mail and the page show to the user.
func (p payment) purpose() []string { return []string{"pay", p.Payee, p.Amount} }

func (w *wallet) addCard(ctx context.Context, id, label string) error {
	if label = strings.TrimSpace(label); !shows(label, 60) {
		return inputError("Give the card a name of 1 to 60 characters.")
	}
	_, err := w.db.ExecContext(ctx, `INSERT INTO cards (user_id, label, added_at) VALUES (?, ?, ?)`, id, label, w.now().UnixMilli())
	return err
}

func (w *wallet) cards(ctx context.Context, id string) ([]string, error) {
	return stringsOf(w.db.QueryContext(ctx, `SELECT label FROM cards WHERE user_id = ? ORDER BY id`, id))
}

// stringsOf reads the rows of a one-column query.
func stringsOf(rows *sql.Rows, err error) (all []string, _ error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, rows.Err()
}

// wipe is factor.Options.Wipe. It deletes what existed when the wipe was marked,
// and nothing saved since. It is one statement, and idempotent.
func (w *wallet) wipe(ctx context.Context, wipe factor.Wipe) error {
	_, err := w.db.ExecContext(ctx, `DELETE FROM cards WHERE user_id = ? AND added_at <= ?`, wipe.User, wipe.At.UnixMilli())
	return err
}

// newPayment checks the input and normalizes it: a code for 12.5 is for 12.50.
func newPayment(payee, amount string) (payment, error) {
	payee = strings.Join(strings.Fields(payee), " ")
	if !shows(payee, 60) {
		return payment{}, inputError("Give a payee of 1 to 60 characters.")
	}
	value, ok := new(big.Rat).SetString(strings.TrimSpace(amount))
	if len(amount) > 12 || strings.Trim(strings.TrimSpace(amount), "0123456789.") != "" || !ok || value.Sign() <= 0 {
		return payment{}, inputError("Give an amount such as 12.50.")
	}
	if cents := new(big.Rat).Mul(value, big.NewRat(100, 1)); !cents.IsInt() {
		return payment{}, inputError("An amount has two digits behind the point at most.")
	}
	return payment{ID: rand.Text(), Payee: payee, Amount: value.FloatString(2)}, nil
}

// shows reports whether a text has 1 to most characters, all visible: none reverses
// the others or hides among them. So the user reads what is meant.
func shows(text string, most int) bool {
	hidden := func(r rune) bool { return !unicode.IsPrint(r) }
	n := utf8.RuneCountInString(text)
	return 0 < n && n <= most && utf8.ValidString(text) && !strings.ContainsFunc(text, hidden)
}

func (w *wallet) add(ctx context.Context, id string, p payment) error {
	_, err := w.db.ExecContext(ctx, `INSERT INTO payments (id, user_id, payee, amount, paid) VALUES (?, ?, ?, ?, 0)`,
		p.ID, id, p.Payee, p.Amount)
	return err
}

// payment returns one of the user's payments, or errNoPage.
func (w *wallet) payment(ctx context.Context, id, number string) (p payment, err error) {
	err = w.db.QueryRowContext(ctx, `SELECT id, payee, amount, paid FROM payments WHERE id = ? AND user_id = ?`, number, id).
		Scan(&p.ID, &p.Payee, &p.Amount, &p.Paid)
	if errors.Is(err, sql.ErrNoRows) {
		err = errNoPage
	}
	return p, err
}

// pay pays once, however many requests come at the same time.
func (w *wallet) pay(ctx context.Context, p payment) error {
	done, err := w.db.ExecContext(ctx, `UPDATE payments SET paid = 1 WHERE id = ? AND paid = 0`, p.ID)
	return changedOne(done, err, "This is paid already.")
}

// changedOne returns otherwise if a statement changed no row.
func changedOne(done sql.Result, err error, otherwise inputError) error {
	if err != nil {
		return err
	}
	n, err := done.RowsAffected()
	if err == nil && n == 0 {
		err = otherwise
	}
	return err
}
