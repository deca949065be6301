package spec

import "slices"

// A verdict is the judgement of a credential.
type verdict uint8

const (
	wrong verdict = iota
	stale         // was right once and no longer is
	right
	tooYoung // right or stale for something too young to count: see the guard
)

// A match is the judgement of a code, and how to spend a right one.
type match struct {
	verdict verdict
	kind    Kind
	device  Name
	spend   func()
}

// A tally is the answer of a call without a right credential: the last kind judged,
// and the least number of tries left among the charged kinds, or else among the
// judged ones. If none was judged, it is the lock that ends first.
type tally struct {
	judged  Kind
	charged bool
	stale   bool // the code is
	left    int
	locked  Answer
}

func (all *tally) answer() Answer {
	if all.judged == NoKind {
		return all.locked
	}
	return Answer{Err: Mismatch, Kind: all.judged, Left: all.left, Stale: all.stale && !all.charged}
}

func (all *tally) add(k Kind, left int, charged bool) {
	first := all.judged == NoKind || charged && !all.charged
	if first || charged == all.charged && left < all.left {
		all.left = left
	}
	all.judged, all.charged = k, all.charged || charged
}

func (t *turn) verifyOTP() Answer { return t.verify(t.call.asked()) }

// asked returns the kinds of VerifyOTP, each once. On a view none means the one
// whose codes have the purpose, so that nothing else confirms the act.
func (c *Call) asked() []Kind {
	if c.OnView {
		return distinct(c.Kinds, KindAccount)
	}
	return distinct(c.Kinds, KindDeviceTOTP, KindAccount)
}

// verifyAlone judges one credential. Its kind is known, and not part of the answer.
func (t *turn) verifyAlone() Answer {
	a := t.verify(nil)
	if a.Err == OK {
		a.Kind = NoKind
	}
	return a
}

// verifyProof judges a proof. A code in it is judged against ProofKinds.
func (t *turn) verifyProof() Answer { return t.verify(t.o.ProofKinds) }

// verify judges the given credentials in the order code, password, PIN. The first
// right one wins, and the rest is ignored. Each wrong one is charged to its own
// kind. One of a locked kind is not judged. A fault ends the judging; charges
// before it stay.
func (t *turn) verify(codeKinds []Kind) Answer {
	var all tally
	if t.proof.otp != "" {
		if a, ok := t.verifyCode(codeKinds, &all); ok {
			return a
		}
	}
	if t.proof.password != "" && !t.skip(KindPassword, &all) {
		t.out.AskedPassword = true
		switch t.call.Host.Password {
		case Fails:
			return refuse(HostFault)
		case Yes:
			return t.accept(KindPassword, 0)
		}
		t.charge(KindPassword, &all)
	}
	if t.proof.pin != "" && !t.skip(KindPIN, &all) {
		if t.proof.pin == t.PIN.Digits {
			return t.accept(KindPIN, 0)
		}
		t.charge(KindPIN, &all)
	}
	return all.answer()
}

// verifyCode judges a code against each kind in turn. If it is right for some, it
// is spent for the first of them and charged to none. If it is stale for any, it is
// right for none and charged to none: otherwise it would be a free guess at the
// others. Any other code is charged once to each kind judged. A kind that the user
// does not hold is judged like any other. Locked kinds, and kinds whose codes have
// another form, are skipped.
func (t *turn) verifyCode(codeKinds []Kind, all *tally) (Answer, bool) {
	var judged []Kind
	var first match
	for _, k := range codeKinds {
		if !fits(t.proof.otp, k) || t.skip(k, all) {
			continue
		}
		judged = append(judged, k)
		m := t.judge(k)
		all.stale = all.stale || m.verdict == stale
		if m.verdict == right && first.verdict != right {
			first = m
		}
	}
	if first.verdict == right && !all.stale {
		first.spend()
		return t.accept(first.kind, first.device), true
	}
	for _, k := range judged {
		if all.stale {
			t.spare(k, all)
		} else {
			t.charge(k, all)
		}
	}
	return Answer{}, false
}

// judge judges the code against one kind.
func (t *turn) judge(k Kind) match {
	switch k {
	case KindTOTP:
		return t.judgeSecrets(t.authenticator())
	case KindDeviceTOTP:
		return t.judgeSecrets(t.devices())
	case KindRecovery:
		return t.judgeRecovery()
	}
	return t.judgeIssued(k)
}

// accept sets the kind's count back.
func (t *turn) accept(k Kind, device Name) Answer {
	t.Budgets[k] = Budget{}
	t.writes = true
	t.event(Event{Action: verified, Kind: k, Device: device})
	return Answer{Kind: k, Device: device}
}

// charge counts a wrong answer. The answer that locks the kind is still a mismatch.
// The one that locks it for good has its own event.
func (t *turn) charge(k Kind, all *tally) {
	t.Budgets[k] = t.Budgets[k].charged(t.o.limit(k), t.now)
	t.writes = true
	t.tell(k, all, true)
	if t.Budgets[k].final(t.o.limit(k)) {
		t.event(Event{Action: lockedOut, Kind: k})
	}
}

// spare notes a kind that was judged and not charged, because the code is stale.
func (t *turn) spare(k Kind, all *tally) { t.tell(k, all, false) }

func (t *turn) tell(k Kind, all *tally, charged bool) {
	l := t.o.limit(k)
	left := t.Budgets[k].left(l, t.now)
	_, until := t.Budgets[k].locked(l, t.now)
	all.add(k, left, charged)
	t.event(Event{Action: refused, Kind: k, Left: left, Until: until})
}

// skip reports, and notes, that the kind is locked.
func (t *turn) skip(k Kind, all *tally) bool {
	is, until := t.Budgets[k].locked(t.o.limit(k), t.now)
	if !is {
		return false
	}
	t.event(Event{Action: locked, Kind: k, Until: until})
	a := &all.locked
	if a.Err == OK || until != 0 && (a.Until == 0 || until < a.Until) {
		*a = Answer{Err: Locked, Kind: k, Until: until}
	}
	return true
}

// distinct returns the kinds in order of first occurrence, or the default for none.
func distinct(kinds []Kind, byDefault ...Kind) []Kind {
	if len(kinds) == 0 {
		return byDefault
	}
	for i, k := range kinds {
		if slices.Contains(kinds[:i], k) {
			return distinct(slices.Delete(slices.Clone(kinds), i, i+1))
		}
	}
	return kinds
}
