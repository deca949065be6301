package seeded

// codeDefects are mistakes in what a code is for, and in recovery codes.
var codeDefects = []defect{
	{
		name:    "purpose ignored when judged",
		what:    "an issued code is right for any purpose",
		file:    "internal/account/codes.go",
		edits:   []edit{{"return same&subtle.ConstantTimeCompare(c.Seal[:], s[:]) == 1", "return same == 1"}},
		catcher: histories,
	},
	{
		name:    "purpose ignored when issued",
		what:    "a view issues codes for no purpose",
		file:    "otp.go",
		edits:   []edit{{"a.account.Issue(account.Kind(kind), a.v.purpose, digits,", "a.account.Issue(account.Kind(kind), account.Purpose{}, digits,"}},
		catcher: model,
	},
	{
		name:    "parts joined without lengths",
		what:    "a purpose is one with any other whose parts are the same when they are joined",
		file:    "internal/account/purpose.go",
		edits:   []edit{{"all = binary.BigEndian.AppendUint64(all, uint64(len(part)))", "_ = binary.BigEndian"}},
		catcher: model,
	},
	{
		name:    "purpose ignored for what is stale",
		what:    "a code that was used for one purpose is not charged when it is given for another",
		file:    "internal/account/codes.go",
		edits:   []edit{{"return stale.Matches(digits, s) &&", "return stale.Digits == digits &&"}},
		catcher: model,
	},
	{
		name:    "fifth code not pushed out",
		what:    "more codes of a kind are live than can be stored",
		file:    "internal/account/codes.go",
		edits:   []edit{{"if len(c.Live) == liveKept {", "if len(c.Live) == MaxDevices {"}},
		catcher: model,
	},
	{
		name:    "newest code pushed out",
		what:    "where too many codes of a kind are live, the last one goes instead of the oldest",
		file:    "internal/account/codes.go",
		edits:   []edit{{"c.retire(c.Live[0].is)", "c.retire(c.Live[liveKept-1].is)"}},
		catcher: model,
	},
	{
		name:    "recovery code not spent",
		what:    "a recovery code is accepted again and again",
		file:    "internal/account/judge.go",
		edits:   []edit{{"\t\ta.Recovery.use(m.index)\n", ""}},
		catcher: explorer,
	},
	{
		name:    "replaced recovery codes stay right",
		what:    "the codes that the user is shown are not kept where there are some",
		file:    "internal/account/recovery.go",
		edits:   []edit{{"a.Recovery = set", "if a.RecoveryLeft() == 0 {\n\t\ta.Recovery = set\n\t}"}},
		catcher: histories,
	},
	{
		name:    "recovery codes not counted",
		what:    "guesses at recovery codes cost nothing",
		file:    "internal/account/judge.go",
		edits:   []edit{{"if charge {", "if charge && k != KindRecovery {"}},
		catcher: model,
	},
	{
		name: "recovery code proves a reset",
		what: "the guard takes a recovery code for a proof",
		file: "reset.go",
		edits: []edit{
			{"totp.MinDigits, totp.MaxDigits); err != nil {", "totp.MinDigits, totp.MaxDigits); err != nil && !account.IsRecoveryCode(proof.OTP) {"},
			{"a.account.JudgeResetCode(proof.OTP, &a.v.rules, a.now)\n", `a.account.JudgeResetCode(proof.OTP, &a.v.rules, a.now)
		if account.IsRecoveryCode(proof.OTP) {
			found = a.account.JudgeCode(proof.OTP, account.Purpose{}, []account.Kind{account.KindRecovery}, &a.v.rules, a.now, nil)[0].Verdict
		}
`},
		},
		catcher: model,
	},
}
