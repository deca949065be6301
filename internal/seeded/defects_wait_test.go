package seeded

// waitDefects are mistakes in how callers wait for each other and for a PIN.
var waitDefects = []defect{
	{
		name: "hang-up looks through the queue",
		what: "a waiter who gives up is looked for among all who wait, under the lock that all users share",
		file: "internal/keylock/keylock.go",
		edits: []edit{{
			"\tif !mine.queued {\n",
			"\tw := l.keys[key].first(everybody)\n\tfor w != nil && w != mine {\n\t\tw = w.links[everybody].after\n\t}\n\tif w == nil {\n",
		}},
		catcher: locks,
	},
	{
		name: "hang-up loses the order",
		what: "the waiter who came last takes the place of the one who gives up",
		file: "internal/keylock/keylock.go",
		edits: []edit{{
			"\tl.keys[key].remove(mine)\n",
			"\tq := l.keys[key]\n\tvar rest []*Waiter[J, V]\n" +
				"\tfor w := q.first(everybody); w != nil; w = q.first(everybody) {\n\t\tq.remove(w)\n\t\trest = append(rest, w)\n\t}\n" +
				"\tfor i, w := range rest {\n\t\tif w == mine {\n\t\t\trest[i] = rest[len(rest)-1]\n\t\t}\n\t}\n" +
				"\tfor _, w := range rest[:max(0, len(rest)-1)] {\n\t\tq.add(w)\n\t}\n",
		}},
		catcher: locks,
	},
	{
		name:    "hang-up makes a record new",
		what:    "a waiter who gives up as it is handed a record hands it on as if it had just been read, and so to callers who came after it was",
		file:    "internal/keylock/keylock.go",
		edits:   []edit{{"l.Release(key, mine.cached)", "l.Release(key, Cached[V]{mine.cached.Value, l.Last()})"}},
		catcher: locks,
	},
	{
		name:    "one deadline for a round",
		what:    "all loads for those who wait for a PIN share one deadline, so that it comes before many of them are made",
		file:    "internal/poll/round.go",
		edits:   []edit{{"\t\tp.round(ctx)\n", "\t\tround, _ := context.WithTimeout(ctx, p.opts.Timeout)\n\t\tp.round(round)\n"}},
		catcher: rules,
	},
	{
		name:    "look ends with the first caller",
		what:    "the timeout or hang-up of the first who waits for a PIN fails all others who wait for it",
		file:    "internal/poll/poll.go",
		edits:   []edit{{"mine := p.join(ctx, key)", "mine := p.join(timed, key)"}, {"context.WithCancel(context.WithoutCancel(ctx))", "context.WithCancel(ctx)"}},
		catcher: rules,
	},
	{
		name:    "looks one after the other",
		what:    "one load that hangs keeps everybody else's from being made",
		file:    "internal/poll/round.go",
		edits:   []edit{{"\t\tgo func() {\n\t\t\tdefer p.slots.give()\n", "\t\tfunc() {\n\t\t\tdefer p.slots.give()\n"}},
		catcher: rules,
	},
}
