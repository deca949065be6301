package linear

import (
	"iter"
	"math/bits"

	"github.com/knowhave/factor"
)

// each yields the places of the bits that are set.
func each(set uint64) iter.Seq[uint8] {
	return func(yield func(uint8) bool) {
		for ; set != 0; set &= set - 1 {
			if !yield(uint8(bits.TrailingZeros64(set))) {
				return
			}
		}
	}
}

// A turn is one step's change of a state.
type turn struct {
	State
	*Step
	h      *History
	limit  limit
	now    int32
	writes bool // something was judged wrong, or changed
	erases bool // and the record is to be gone
}

func (t *turn) budget(k factor.Kind) *budget { return &t.budgets[indexOf(k)] }

// tally is what a call has to say if nothing it was given is right.
type tally struct {
	judged          factor.Kind
	charged         bool
	left, spentLeft int // the least, of charged kinds and of others
	locked          Answer
}

func (t *turn) skip(k factor.Kind, all *tally) bool {
	b := t.budget(k)
	if !b.locked(t.limit, t.now) {
		return false
	}
	end, known := b.end(t.limit), all.locked.Class == classLocked
	if !known || end != 0 && (all.locked.until == 0 || end < all.locked.until) {
		all.locked = Answer{Class: classLocked, kind: k, until: end}
	}
	return true
}

func (t *turn) charge(k factor.Kind, all *tally) {
	b := t.budget(k)
	*b = b.charged(t.limit, t.now)
	left := b.left(t.limit, t.now)
	if !all.charged || left < all.left {
		all.left = left
	}
	all.judged, all.charged, t.writes = k, true, true
}

// spare notes a kind that was judged and, the code being a spent one, not
// charged.
func (t *turn) spare(k factor.Kind, all *tally) {
	left := t.budget(k).left(t.limit, t.now)
	if all.judged == "" || left < all.spentLeft {
		all.spentLeft = left
	}
	all.judged = k
}

func (all *tally) answer() Answer {
	switch {
	case all.judged == "":
		return all.locked
	case all.charged:
		return Answer{Class: classMismatch, kind: all.judged, left: all.left}
	}
	return Answer{Class: classMismatch, kind: all.judged, left: all.spentLeft}
}

func (t *turn) accept(k factor.Kind, device uint8) Answer {
	*t.budget(k) = budget{}
	t.writes = true
	return Answer{kind: k, device: device}
}

// judge judges what the call was given: the code, the password, the PIN.
func (t *turn) judge(otpKinds []factor.Kind) Answer {
	var all tally
	if t.OTP != "" {
		if a, ok := t.judgeOTP(otpKinds, &all); ok {
			return a
		}
	}
	if t.password != noPassword && !t.skip(factor.KindPassword, &all) {
		switch {
		case t.cut:
			return Answer{Class: classFault}
		case t.password == chokingPassword:
			return Answer{Class: classHost}
		case t.password == rightPassword:
			return t.accept(factor.KindPassword, 0)
		}
		t.charge(factor.KindPassword, &all)
	}
	if t.Args.pin != 0 && !t.skip(factor.KindPIN, &all) {
		if t.Args.pin == int(t.State.pin) {
			return t.accept(factor.KindPIN, 0)
		}
		t.charge(factor.KindPIN, &all)
	}
	return all.answer()
}

func (t *turn) judgeOTP(otpKinds []factor.Kind, all *tally) (Answer, bool) {
	var wrong []factor.Kind
	spent := false
	for _, k := range otpKinds {
		if t.skip(k, all) {
			continue
		}
		device, v := t.spend(k)
		if v == right {
			return t.accept(k, device), true
		}
		wrong, spent = append(wrong, k), spent || v == used
	}
	for _, k := range wrong {
		if spent {
			t.spare(k, all)
		} else {
			t.charge(k, all)
		}
	}
	return Answer{}, false
}

// A verdict on a code.
type verdict uint8

const (
	wrong verdict = iota
	used
	right
)

// spend judges the call's code, and takes it out of use if it is right.
func (t *turn) spend(k factor.Kind) (device uint8, v verdict) {
	switch k {
	case factor.KindTOTP:
		return 0, t.spendStep(&t.authenticator)
	case factor.KindDeviceTOTP:
		for i := range t.devices {
			d := &t.devices[i]
			switch t.spendStep(&d.secret) {
			case right:
				d.usedAt = t.now
				return d.id, right
			case used:
				v = used
			}
		}
		return 0, v
	}
	return 0, t.spendCode(codeIndex(k))
}

func (t *turn) spendCode(kind int) verdict {
	c := &t.codes[kind]
	v := wrong
	for _, m := range t.means {
		if m.step != 0 || t.h.expiry(kind, m.made) <= t.now {
			continue
		}
		if m.made == c.live {
			c.spent |= 1 << m.made
			c.live = 0
			return right
		}
		if c.spent&(1<<m.made) != 0 {
			v = used
		}
	}
	return v
}

// spendStep judges the call's code as one of a secret's, within the window.
func (t *turn) spendStep(s *secret) verdict {
	if s.made == 0 {
		return wrong
	}
	current, latest := stepAt(t.now), int32(0)
	for _, m := range t.means {
		if m.made == s.made && m.step >= current-skew && m.step <= current+skew {
			latest = max(latest, m.step)
		}
	}
	switch {
	case latest == 0:
		return wrong
	case latest <= s.step:
		return used
	}
	s.step = latest
	return right
}
