package seeded

// resetDefects are mistakes in what the reset guard counts and wipes.
var resetDefects = []defect{
	{
		name:    "wipe called before it is marked",
		what:    "the host is asked to wipe while the call is still being judged, before the mark is stored",
		file:    "wipe.go",
		edits:   []edit{{"a.event(Event{Action: ActionWipeMarked})\n", "a.event(Event{Action: ActionWipeMarked})\n\t_ = a.v.askWipe(a.ctx, *a.account.reset.wipe.public(a.user))\n"}},
		catcher: explorer,
		flags:   []string{"-explore.pairs", "-explore.shard=0/50"},
	},
	{
		name:    "wipe done before it is asked for",
		what:    "the wipe is noted as done when it is marked, so that a crash or a fault of the host loses it",
		file:    "account.go",
		edits:   []edit{{"a.reset = reset{wipe: &wipe{id: id,", "a.reset = reset{wipe: &wipe{done: true, id: id,"}},
		catcher: explorer,
		flags:   []string{"-explore.pairs", "-explore.shard=0/50"},
	},
	{
		name:    "strike refunded by replay",
		what:    "a device code that was used before is no proof, but sets the strikes back",
		file:    "reset.go",
		edits:   []edit{{"if !a.wrong {\n", "if !a.wrong {\n\t\tr.strikes, a.wrong = 0, true\n"}},
		catcher: model,
	},
	{
		name:    "used code shelters a strike",
		what:    "a used device code beside a wrong PIN keeps the wrong proof from being a strike",
		file:    "reset.go",
		edits:   []edit{{"\t\ta.wrong = true\n\t}\n\tif !a.wrong {", "\t\ta.wrong = a.wrong || proof.OTP == \"\"\n\t}\n\tif !a.wrong {"}},
		catcher: threats,
		flags:   []string{"-test.run=^TestThreat25"},
	},
	{
		name:    "binding refunds strikes",
		what:    "a new PIN or device sets the strikes back although nothing was wiped, so that a mailed code buys guesses",
		file:    "reset.go",
		edits:   []edit{{"if r.wipe != nil {\n\t\t*r = reset{}", "if r.wipe == nil || r.wipe.done {\n\t\t*r = reset{}"}},
		catcher: threats,
		flags:   []string{"-test.run=^TestThreat06"},
	},
	{
		name:    "bound while a wipe is pending",
		what:    "a PIN or a device is bound without finishing the wipe first",
		file:    "wipe.go",
		edits:   []edit{{"if first = a.pendingWipe(); first != nil {", "if first = nil; first != nil {"}},
		catcher: model,
	},
	{
		name:    "one strike more than Strikes",
		what:    "the wipe is marked one wrong proof too late",
		file:    "reset.go",
		edits:   []edit{{"if r.strikes++; r.strikes > o.Strikes {", "if r.strikes++; r.strikes > o.Strikes+1 {"}},
		catcher: model,
	},
}
