package bench

import (
	"context"
	"crypto/rand"
	"database/sql"
	"strings"
	"sync"
	"time"
)

// byHand is what sqlstore is compared with: the two statements that a guarded
// check cannot do without, a SELECT and a conditional UPDATE, on the same table
// through the same pool, and nothing around them.
type byHand struct {
	db           *sql.DB
	engine       engine
	load, update string
	create       string
	data         [2][]byte // as long as a record; written in turn, because an engine may skip what does not change
	due          bool      // whether an update moves the due time, as issuing a code does
	turns        bool      // whether updates take turns, for SQLite
	writing      sync.Mutex
}

func (r *records) byHand(size int, due bool) *byHand {
	h := &byHand{
		db: r.db, engine: r.engine, due: due, turns: r.engine.driver == "sqlite",
		load:   "SELECT version, data FROM " + r.table + " WHERE user_id = ?",
		create: "INSERT INTO " + r.table + " (user_id, version, due, data) VALUES (?, ?, ?, ?)",
		update: "UPDATE " + r.table + " SET version = ?, due = ?, data = ? WHERE user_id = ? AND version = ?",
	}
	if r.engine.driver == "pgx" {
		h.load = strings.Replace(h.load, "?", "$1", 1)
		for _, placeholder := range []string{"$1", "$2", "$3", "$4", "$5"} {
			h.update = strings.Replace(h.update, "?", placeholder, 1)
			h.create = strings.Replace(h.create, "?", placeholder, 1)
		}
	}
	for i := range h.data {
		h.data[i] = make([]byte, size)
		_, _ = rand.Read(h.data[i])
	}
	return h
}

// check is a SELECT and an UPDATE. It reports whether the update won.
func (h *byHand) check(ctx context.Context, user string) bool {
	version := h.read(ctx, user)
	return h.swap(ctx, user, version, version+1)
}

// read is the SELECT alone. It returns the version.
func (h *byHand) read(ctx context.Context, user string) (version int64) {
	var data []byte
	must(h.db.QueryRowContext(ctx, h.load, user).Scan(&version, &data))
	return version
}

// swap is the UPDATE alone. On SQLite updates take turns unless they are not to:
// without, those who wait for the lock sleep, and starve each other.
func (h *byHand) swap(ctx context.Context, user string, old, next int64) bool {
	if h.turns {
		h.writing.Lock()
		defer h.writing.Unlock()
	}
	due := sql.NullInt64{Int64: time.Now().Add(5 * time.Minute).UnixMilli(), Valid: h.due}
	result, err := h.db.ExecContext(ctx, h.update, next, due, h.data[next&1], user, old)
	must(err)
	changed, err := result.RowsAffected()
	must(err)
	return changed == 1
}

// checkUntilWon goes on until its update wins.
func (h *byHand) checkUntilWon(ctx context.Context, user string) {
	for !h.check(ctx, user) {
	}
}

// insert is a SELECT that finds nobody, and an INSERT.
func (h *byHand) insert(ctx context.Context, user string) {
	var version int64
	var data []byte
	if err := h.db.QueryRowContext(ctx, h.load, user).Scan(&version, &data); err != sql.ErrNoRows {
		panic(err)
	}
	due := sql.NullInt64{Int64: time.Now().Add(5 * time.Minute).UnixMilli(), Valid: h.due}
	_, err := h.db.ExecContext(ctx, h.create, user, 1, due, h.data[0])
	must(err)
}
