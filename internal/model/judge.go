package model

import (
	"slices"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
)

// A judgement is what one call made of the credentials it was given.
type judgement struct {
	m *machine
	e *expectation
	u *user

	match   *factor.Match
	judged  []factor.Kind
	charged []factor.Kind
	skipped []factor.Kind
}

// judge judges credentials in the order OTP, password, PIN, an OTP against the
// given kinds. It returns the match, or nil after writing down the refusal.
func (m *machine) judge(e *expectation, u *user, proof factor.Credentials, otpKinds []factor.Kind) *factor.Match {
	j := &judgement{m: m, e: e, u: u}
	fault := ""
	if proof.OTP != "" {
		j.otp(proof.OTP, otpKinds)
	}
	if j.match == nil && proof.Password != "" {
		fault = j.password(proof.Password)
	}
	if j.match == nil && fault == "" && proof.PIN != "" && j.open(factor.KindPIN) {
		j.plain(factor.KindPIN, u.pin == proof.PIN)
	}
	j.answer(fault)
	return j.match
}

// open says whether a kind may be judged, and writes down which is and is not.
func (j *judgement) open(k factor.Kind) bool {
	if locked, _ := j.m.locked(j.u, k); locked {
		j.skipped = append(j.skipped, k)
		return false
	}
	j.judged = append(j.judged, k)
	return true
}

// otp judges a code against every kind that is not locked. One that is right
// for one kind is charged to none; one that is spent for one is charged to none
// either.
func (j *judgement) otp(text string, otpKinds []factor.Kind) {
	var open []factor.Kind
	isSpent := false
	for i, k := range otpKinds {
		if !slices.Contains(otpKinds[:i], k) && j.open(k) {
			open = append(open, k)
		}
	}
	for _, k := range open {
		v, h := j.m.look(j.u, k, text, nil)
		switch v {
		case right:
			h.spend()
			j.u.zero(k)
			j.right(k, h.device)
			return
		case spent:
			isSpent = true
		}
	}
	for _, k := range open {
		if isSpent {
			j.e.full(factor.ActionRefused, k, uuid.Nil, j.m.remaining(j.u, k), noTime)
		} else {
			j.charge(k)
		}
	}
}

// password asks the host. It returns the fault, if the host has one.
func (j *judgement) password(text string) string {
	if !j.open(factor.KindPassword) {
		return ""
	}
	j.e.passwords++
	switch text {
	case faultyPassword:
		return "password fault"
	case panicPassword:
		return "fault"
	}
	j.plain(factor.KindPassword, text == passwordOf(j.u.name))
	return ""
}

// plain ends the judgement of a password or PIN.
func (j *judgement) plain(k factor.Kind, ok bool) {
	if !ok {
		j.charge(k)
		return
	}
	j.u.zero(k)
	j.right(k, uuid.Nil)
}

func (j *judgement) right(k factor.Kind, device uuid.UUID) {
	j.match = &factor.Match{Kind: k, Device: device}
	j.e.full(factor.ActionVerified, k, device, 0, noTime)
}

func (j *judgement) charge(k factor.Kind) {
	j.m.charge(j.u, k)
	j.charged = append(j.charged, k)
	_, until := j.m.locked(j.u, k)
	j.e.full(factor.ActionRefused, k, uuid.Nil, j.m.remaining(j.u, k), until)
}

// answer writes down what the call must answer and store.
func (j *judgement) answer(fault string) {
	switch {
	case j.match != nil:
		j.e.stored("ok")
		return
	case fault != "":
		j.e.unchanged(fault)
	case len(j.judged) == 0:
		j.e.unchanged(j.earliest()...)
	default:
		j.e.unchanged(j.mismatch())
	}
	if len(j.charged) > 0 {
		j.e.swaps = 1
	}
}

// mismatch names the last judged kind, and the least that remains of those that
// were charged, else of those that were judged.
func (j *judgement) mismatch() string {
	of := j.charged
	if len(of) == 0 {
		of = j.judged
	}
	least := j.m.remaining(j.u, of[0])
	for _, k := range of {
		least = min(least, j.m.remaining(j.u, k))
	}
	return mismatch(j.judged[len(j.judged)-1], least)
}

// earliest names the kind whose lock ends first. Where several would do, any is
// right.
func (j *judgement) earliest() []string {
	var answers []string
	earliest := noTime
	for _, k := range j.skipped {
		_, until := j.m.locked(j.u, k)
		if until != earliest && (until.IsZero() || !earliest.IsZero() && until.After(earliest)) {
			continue
		}
		if until != earliest {
			answers, earliest = nil, until
		}
		answers = append(answers, lockedUntil(k, until))
	}
	return answers
}
