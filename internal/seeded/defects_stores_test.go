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
}
