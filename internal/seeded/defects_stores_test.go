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
		file: "sqlstore/store.go",
		edits: []edit{{
			"\t\tr.changed, err = exec(ctx, s.db, st)\n\t\treturn err\n",
			"\t\ttx, err := s.db.BeginTx(context.WithoutCancel(ctx), nil)\n\t\tif err != nil {\n\t\t\treturn err\n\t\t}\n" +
				"\t\tresult, err := tx.ExecContext(ctx, st.text, st.args...)\n\t\tif err != nil {\n\t\t\t_ = tx.Rollback()\n\t\t\treturn err\n\t\t}\n" +
				"\t\tgo func() { _ = tx.Commit() }()\n\t\tr.changed, err = result.RowsAffected()\n\t\treturn err\n",
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
		edits:   []edit{{"if l.unsettled || l.running || !l.returned {", "if l.unsettled || l.running {"}},
		catcher: writers,
	},
	{
		name:    "sqlstore takes a write that was torn off for a lost one",
		what:    "those who wait for a goroutine that the driver has ended are answered as if nothing had been written",
		file:    "sqlstore/batch.go",
		edits:   []edit{{"\terr := errAbandoned\n", "\tvar err error\n"}},
		catcher: writers,
	},
	{
		name: "sqlstore puts the last in the place of one who leaves",
		what: "a hang-up in the middle of the queue lets the last write overtake those that came before it",
		file: "sqlstore/queue.go",
		edits: []edit{{
			"\tr.earlier, r.later, r.queued = nil, nil, false\n",
			"\tif last := q.last; r.earlier != nil && r.later != nil && last != r.later {\n" +
				"\t\tq.last, last.earlier.later = last.earlier, nil\n" +
				"\t\tlast.earlier, last.later, r.earlier.later, r.later.earlier = r.earlier, r.later, last, last\n\t}\n" +
				"\tr.earlier, r.later, r.queued = nil, nil, false\n",
		}},
		catcher: writers,
	},
	{
		name:    "sqlstore looks for one who leaves",
		what:    "a hang-up walks the queue, under the lock of all, until it comes to its own write",
		file:    "sqlstore/queue.go",
		edits:   []edit{{"\tif !r.queued {\n\t\treturn\n\t}\n", "\tone := q.first\n\tfor one != nil && one != r {\n\t\tone = one.later\n\t}\n\tif one == nil {\n\t\treturn\n\t}\n"}},
		catcher: writers,
	},
	{
		name: "sqlstore takes a row that is not returned for one it has",
		what: "those who share a statement are answered that they have won, also if the statement passed over their rows",
		file: "sqlstore/share.go",
		edits: []edit{{
			"\t\tif r := of[user]; r != nil && r.next.Version == version {\n\t\t\tr.settled, r.changed = true, 1\n\t\t}\n",
			"\t\tfor _, r := range of {\n\t\t\tr.settled, r.changed = true, 1\n\t\t}\n",
		}},
		catcher: writers,
	},
	{
		name:    "sqlstore believes rows before the commit",
		what:    "those who share a statement are answered as soon as its rows arrive, before it says that it was committed",
		file:    "sqlstore/share.go",
		edits:   []edit{{"\t\t\tr.settled, r.changed = true, 1\n", "\t\t\tr.settled, r.changed = true, 1\n\t\t\tr.answer(nil)\n"}},
		catcher: writers,
	},
	{
		name:    "sqlstore lets one caller end a statement",
		what:    "a shared statement has the context of one of those who share it, and ends with it for all",
		file:    "sqlstore/batcher.go",
		edits:   []edit{{"ctx := context.WithoutCancel(requests[0].ctx)", "ctx := requests[0].ctx"}},
		catcher: writers,
	},
	{
		name:    "sqlstore takes a shared write with an unknown outcome for one that was lost",
		what:    "after any error of a shared statement each caller sends its own, and is told by what the first one has written that it lost",
		file:    "sqlstore/share.go",
		edits:   []edit{{"if err != nil && refused(err) {", "if err != nil {"}},
		catcher: writers,
	},
	{
		name: "sqlstore commits on MySQL after an error",
		what: "a shared transaction is committed whatever became of its statements, and its commit counts",
		file: "sqlstore/mysqlshare.go",
		edits: []edit{{
			"\tif err != nil || !wrote {\n\t\t_ = l.finish(ctx, \"ROLLBACK AND NO CHAIN\")\n\t}\n\tif err != nil {\n\t\treturn undone{err}\n\t}\n",
			"\tif !wrote {\n\t\t_ = l.finish(ctx, \"ROLLBACK AND NO CHAIN\")\n\t}\n\tif err != nil && !wrote {\n\t\treturn undone{err}\n\t}\n",
		}},
		catcher: writers,
	},
}
