package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"regexp"
	"strconv"

	"github.com/knowhave/factor"
)

// sharing is what requests of different users share, where they come at the same
// time. What is nil each makes on its own.
type sharing struct {
	load, insert, update together
	// serial is whether a Store makes one write at a time. All writes then are one
	// kind, that of update.
	serial bool
}

// batchers are those of a Store, nil where nothing is shared.
type batchers struct{ load, insert, update, remove *batcher }

// batchers returns those that share.
func (d *Dialect) batchers(db *sql.DB, s sharing, unshared bool) batchers {
	batching := func(t together) *batcher {
		if t == nil || unshared && !s.serial {
			return nil
		}
		b := &batcher{db: db, dialect: d, together: t, size: batchSize, serial: s.serial}
		if unshared {
			b.size = 1 // Writes still take turns.
		}
		return b
	}
	b := batchers{load: batching(s.load), insert: batching(s.insert), update: batching(s.update)}
	if s.serial {
		b.insert, b.remove = b.update, b.update
	}
	return b
}

// of returns the batcher of a swap.
func (b *batchers) of(old int64, next factor.Record) *batcher {
	switch {
	case next.IsZero():
		return b.remove
	case old == 0:
		return b.insert
	default:
		return b.update
	}
}

// version is that of a server: its major, minor and patch number.
type version [3]int

// parseVersion returns what a pattern with up to three groups finds in a text.
func parseVersion(pattern *regexp.Regexp, text string) (v version, ok bool) {
	found := pattern.FindStringSubmatch(text)
	if found == nil {
		return version{}, false
	}
	for i, digits := range found[1:] {
		v[i], _ = strconv.Atoi(digits) // An absent group is 0.
	}
	return v, true
}

// atLeast reports whether v is w or later.
func (v version) atLeast(w version) bool {
	for i := range v {
		if v[i] != w[i] {
			return v[i] > w[i]
		}
	}
	return true
}

// serverVersion returns what the server says of itself, or nothing.
func serverVersion(ctx context.Context, l *lease) (text string, err error) {
	err = l.rows(ctx, statement{text: `SELECT version()`}, func(rows *sql.Rows) error { return rows.Scan(&text) })
	return text, err
}

// byUser returns the requests by their users, the first of each.
func byUser(requests []*request) map[string]*request {
	of := make(map[string]*request, len(requests))
	for _, r := range requests {
		if of[r.user] == nil {
			of[r.user] = r
		}
	}
	return of
}

// loadTogether makes loads by one query, whose rows are a user, a version and data
// each. A load changes nothing, so that whoever meets an error may ask again.
func loadTogether(ctx context.Context, l *lease, batch []*request, text string, args ...any) error {
	of := byUser(batch)
	err := l.rows(ctx, statement{text, args}, func(rows *sql.Rows) error {
		var user string
		var record factor.Record
		err := rows.Scan(&user, &record.Version, &record.Data)
		if r := of[user]; r != nil {
			r.found = record
		}
		return err
	})
	if err != nil {
		return undone{err}
	}
	for _, r := range batch {
		if first := of[r.user]; r != first {
			r.found = first.found
			r.found.Data = bytes.Clone(first.found.Data)
		}
		r.settled = true
	}
	return nil
}

// swapTogether makes swaps by one statement that is its own transaction and returns
// the user and the version of each row that it has written, and more. The rows may come before
// the commit: only their end without an error says that there was one. A swap that is
// not among them may have met a lock, and its caller makes it again.
func swapTogether(ctx context.Context, l *lease, batch []*request, refused func(error) bool, st statement, more ...any) error {
	of := byUser(batch)
	err := l.rows(ctx, st, func(rows *sql.Rows) error {
		var user string
		var version int64
		err := rows.Scan(append([]any{&user, &version}, more...)...)
		if r := of[user]; r != nil && r.next.Version == version {
			r.settled, r.changed = true, 1
		}
		return err
	})
	if err != nil && refused(err) {
		return undone{err}
	}
	return err
}
