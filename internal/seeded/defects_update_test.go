package seeded

// updateDefects are mistakes in the one loop that changes records, and around it.
var updateDefects = []defect{
	{
		name: "answer before swap",
		what: "the answer leaves whatever became of the swap that counts it",
		file: "update.go",
		edits: []edit{{
			"user, base.Version, said.record)\n\t\tif err == nil {",
			"user, base.Version, said.record)\n\t\tif err == nil || true {",
		}},
		catcher: explorer,
	},
	{
		name: "no re-judge after a lost swap",
		what: "the record that lost is swapped in again, over what the winner has stored",
		file: "update.go",
		edits: []edit{{
			"for try := 0; ; try++ {\n\t\tsaid, store := apply(c, base, r)",
			"said, store := apply(c, base, r)\n\tfor try := 0; ; try++ {",
		}},
		catcher: explorer,
	},
	{
		name:    "success clears later failures",
		what:    "a right answer that lost its swap is stored without being judged again, and takes back failures that were counted meanwhile",
		file:    "update.go",
		edits:   []edit{{"\t\tbase = fresh\n", "\t\tif said.err != nil {\n\t\t\tbase = fresh\n\t\t}\n\t\tbase.Version = fresh.Version\n"}},
		catcher: explorer,
	},
	{
		name: "unknown outcome taken as lost",
		what: "after a swap whose outcome is not known the call is judged again, without looking whether the swap had landed",
		file: "update.go",
		edits: []edit{
			{"tried = append(tried, said)\n\t\tif !errors.Is(err, ErrConflict) {", "if !errors.Is(err, ErrConflict) && opens < 0 {"},
		},
		catcher: explorer,
	},
	{
		name: "own write not recognised after a conflict",
		what: "the versions that were tried are compared only after an unknown outcome, not after a conflict that a driver's second attempt made up",
		file: "update.go",
		edits: []edit{
			{"mine.record.Version != fresh.Version {", "mine.record.Version != fresh.Version || unknown == nil {"},
		},
		catcher: explorer,
	},
	{
		name:    "foreign version re-judged after an unknown outcome",
		what:    "a version that is nobody's of this call's is taken as proof that the swap was lost",
		file:    "update.go",
		edits:   []edit{{"if unknown != nil && (fresh.Version != base.Version || opens >= maxUnknown) {", "if unknown != nil && opens >= maxUnknown {"}},
		catcher: explorer,
	},
	{
		name:    "unknown outcome accepted by reading",
		what:    "a swap with an unknown outcome counts as stored as soon as it can be read, even if no standby has it yet",
		file:    "update.go",
		edits:   []edit{{"if unknown != nil && c.confirm(mine.record) != nil {", "if unknown != nil && opens < 0 {"}},
		catcher: rules,
	},
	{
		name:    "version reused after delete",
		what:    "versions are counted from 1 for each record, so that a removed record's versions come back",
		file:    "update.go",
		edits:   []edit{{"int64(binary.BigEndian.Uint64(b[:]) & maxVersion)", "int64(binary.BigEndian.Uint64(b[:])&0) + max(old, 0) + 1"}},
		catcher: rules,
	},
	{
		name:    "accepted on a read alone",
		what:    "a right answer that changes nothing is given without a swap, so that a record from before the lock will do",
		file:    "update.go",
		edits:   []edit{{"accepted := said.err == nil && !a.unchanged", "accepted := said.err == nil && !a.unchanged && (len(a.events) != 1 || a.events[0].Kind != KindPassword || base.Version == 0)"}},
		catcher: explorer,
	},
	{
		name:    "fault undoes the count",
		what:    "an attempt that ends in a fault is not stored, although it had judged a guess wrong before",
		file:    "judge.go",
		edits:   []edit{{"right, err := a.checkPassword(given.Password)\n\t\tif err != nil {", "right, err := a.checkPassword(given.Password)\n\t\tif err != nil {\n\t\t\ta.wrong = false"}},
		catcher: explorer,
	},
	{
		name:    "hang-up undoes the count",
		what:    "the swap ends with the caller's context, so that who hangs up in time guesses for nothing",
		file:    "call.go",
		edits:   []edit{{"func (c *call) settling() context.Context {\n", "func (c *call) settling() context.Context {\n\tif c.mode != blind {\n\t\treturn c.ctx\n\t}\n"}},
		catcher: explorer,
	},
	{
		name:    "event before its effect is stored",
		what:    "the host is told of what was judged before the swap, and so of what a lost swap takes back",
		file:    "update.go",
		edits:   []edit{{"said.events = a.events\n", "c.v.observe(c.ctx, a.events)\n"}},
		catcher: explorer,
	},
	{
		name:    "forgotten at once",
		what:    "Forget removes the record instead of leaving an empty one for a day, so that a write that lands late inserts what was forgotten",
		file:    "admin.go",
		edits:   []edit{{"*a.account = account{}\n\t\ta.remove = a.absent", "*a.account = account{}\n\t\ta.remove = true"}},
		catcher: threats,
		flags:   []string{"-test.run=^TestThreat23"},
	},
	{
		name:    "record not bound to its user",
		what:    "every record is sealed with the same associated data, so that a row copied to another user opens",
		file:    "record.go",
		edits:   []edit{{"front...), user...)", "front...), \"anybody\"...)"}},
		catcher: threats,
		flags:   []string{"-test.run=^TestThreat10"},
	},
}
