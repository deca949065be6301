package seeded

// storeDefects are mistakes in the stores.
var storeDefects = []defect{
	{
		name:    "memstore checks, then writes",
		what:    "the version is compared under one lock and the record written under the next",
		file:    "memstore/memstore.go",
		edits:   []edit{{"\t\treturn factor.ErrConflict\n\t}\n", "\t\treturn factor.ErrConflict\n\t}\n\ts.mu.Unlock()\n\ttime.Sleep(time.Microsecond)\n\ts.mu.Lock()\n"}},
		catcher: contract,
	},
	{
		name:    "memstore inserts over a record",
		what:    "a swap that expects no record replaces the one that is there",
		file:    "memstore/memstore.go",
		edits:   []edit{{"if s.records[user].Version != old {", "if old != 0 && s.records[user].Version != old {"}},
		catcher: contract,
	},
	{
		name:    "memstore removes whatever is there",
		what:    "a removal does not look at the version",
		file:    "memstore/memstore.go",
		edits:   []edit{{"if s.records[user].Version != old {", "if s.records[user].Version != old && !next.IsZero() {"}},
		catcher: contract,
	},
	{
		name:    "sqlstore does not count the rows",
		what:    "a conditional write that changed no row is answered as if it had",
		file:    "sqlstore/store.go",
		edits:   []edit{{"if changed == 0 {", "if changed < 0 {"}},
		catcher: contractSQL,
	},
	{
		name:    "sqlstore inserts over a row",
		what:    "the insert is an upsert, so that the second of two first writes replaces the first",
		file:    "sqlstore/sqlite.go",
		edits:   []edit{{"ON CONFLICT (user_id) DO NOTHING", "ON CONFLICT (user_id) DO UPDATE SET version = excluded.version, due = excluded.due, data = excluded.data"}},
		catcher: contractSQL,
	},
	{
		name:    "sqlstore updates any version",
		what:    "the update does not ask for the version that it expects",
		file:    "sqlstore/sqlite.go",
		edits:   []edit{{"data = ? WHERE user_id = ? AND version = ?", "data = ? WHERE user_id = ? AND version <> -?"}},
		catcher: historiesSQL,
	},
	{
		name: "sqlstore commits after it has answered",
		what: "the write is made in a transaction that is committed in the background",
		file: "sqlstore/writer.go",
		edits: []edit{{
			"return exec(ctx, w.db, st)\n",
			"tx, err := w.db.BeginTx(context.WithoutCancel(ctx), nil)\n\tif err != nil {\n\t\treturn 0, err\n\t}\n" +
				"\tresult, err := tx.ExecContext(ctx, st.text, st.args...)\n\tif err != nil {\n\t\t_ = tx.Rollback()\n\t\treturn 0, err\n\t}\n" +
				"\tgo func() { _ = tx.Commit() }()\n\treturn result.RowsAffected()\n",
		}},
		catcher: torture,
	},
	{
		name:    "sqlstore takes every error for a lost swap",
		what:    "a write with an unknown outcome is answered with ErrConflict, which says that nothing was written",
		file:    "sqlstore/store.go",
		edits:   []edit{{"if err != nil && (taken || s.dialect.lost(err)) {", "if err != nil || taken {"}},
		catcher: statements,
	},
	{
		name:    "sqlstore looks users up without case",
		what:    "who asks for \"A\" is given the record of \"a\"",
		file:    "sqlstore/sqlite.go",
		edits:   []edit{{"FROM {table} WHERE user_id = ?`", "FROM {table} WHERE user_id = ? COLLATE NOCASE`"}},
		catcher: contractSQL,
	},
	{
		name:    "sqlstore gives a connection back inside a transaction",
		what:    "after a BEGIN that failed the connection goes back to the pool, even if it did begin: swaps are acknowledged on it and never committed",
		file:    "sqlstore/sqlite.go",
		edits:   []edit{{"l.unsettled = !busyOnSQLite(err) || ctx.Err() != nil", "l.unsettled = false"}},
		catcher: transactions,
	},
	{
		name:    "sqlstore gives a connection back after a panic",
		what:    "a driver that panics or ends the goroutine leaves a connection in an unknown state to the next caller",
		file:    "sqlstore/lease.go",
		edits:   []edit{{"if l.unsettled || !l.returned {", "if l.unsettled {"}},
		catcher: writers,
	},
	{
		name:    "sqlstore takes a write that was torn off for a lost one",
		what:    "those who wait for a goroutine that the driver has ended are answered as if nothing had been written",
		file:    "sqlstore/writer.go",
		edits:   []edit{{"\terr := errAbandoned\n", "\tvar err error\n"}},
		catcher: writers,
	},
	{
		name: "sqlstore puts the last in the place of one who leaves",
		what: "a hang-up in the middle of the queue lets the last write overtake those that came before it",
		file: "sqlstore/queue.go",
		edits: []edit{{
			"\tw.earlier, w.later, w.queued = nil, nil, false\n",
			"\tif last := q.last; w.earlier != nil && w.later != nil && last != w.later {\n" +
				"\t\tq.last, last.earlier.later = last.earlier, nil\n" +
				"\t\tlast.earlier, last.later, w.earlier.later, w.later.earlier = w.earlier, w.later, last, last\n\t}\n" +
				"\tw.earlier, w.later, w.queued = nil, nil, false\n",
		}},
		catcher: writers,
	},
	{
		name:    "sqlstore looks for one who leaves",
		what:    "a hang-up walks the queue, under the lock of all, until it comes to its own write",
		file:    "sqlstore/queue.go",
		edits:   []edit{{"\tif !w.queued {\n\t\treturn\n\t}\n", "\tone := q.first\n\tfor one != nil && one != w {\n\t\tone = one.later\n\t}\n\tif one == nil {\n\t\treturn\n\t}\n"}},
		catcher: writers,
	},
}
