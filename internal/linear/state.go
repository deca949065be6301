package linear

import (
	"time"

	"github.com/knowhave/factor"
)

const (
	kindCount  = 6
	maxDevices = 3
	strikes    = 2 // wrong proofs of a reset that are refused
	digits     = 8 // of all codes; wrong ones have 6, so that none is right by chance
	period     = 30 * time.Second
	skew       = 1

	accountTTL = 5 * 60
	loginTTL   = 10 * 60
	pendingTTL = 15 * 60
	graceTTL   = 5 * 60 // how long after the registration a device needs no proof
	emptyKept  = 24 * 60 * 60

	pendingTries   = 5
	wipeBackoff    = 60
	maxWipeBackoff = 60 * 60
)

var kinds = [kindCount]factor.Kind{
	factor.KindPassword, factor.KindPIN, factor.KindLogin, factor.KindAccount, factor.KindTOTP, factor.KindDeviceTOTP,
}

func indexOf(k factor.Kind) int {
	for i := range kinds {
		if kinds[i] == k {
			return i
		}
	}
	panic("unknown kind " + k)
}

// codeIndex is the place of a kind of issued code.
func codeIndex(k factor.Kind) int {
	if k == factor.KindLogin {
		return 0
	}
	return 1
}

var codeTTL = [2]int32{loginTTL, accountTTL}

// A State is what a single caller would have to remember of the user. States are
// values, equal if ==, and the zero State is that of a user without a record.
// What a call made, a code or a secret, is named by the call's ID, so that it has
// a name even if nobody was told.
type State struct {
	present                bool // there is a record
	pin                    uint8
	devices                [maxDevices]device // in the order of first enrolment
	authenticator, pending secret
	pendingWrong           uint8
	codes                  [2]codes
	budgets                [kindCount]budget
	strikes                uint8
	wipe                   wipe
	emptied                int32 // last write of an empty record
}

// secret is a TOTP secret and the last step that was accepted from it.
type secret struct {
	made uint8 // 0: none
	step int32 // 0: none
}

type device struct {
	id uint8 // 0: none
	secret
	usedAt int32
}

type codes struct {
	live  uint8
	spent uint64 // a bit for each call that made one
}

type budget struct {
	wrong uint8
	until int32
}

type wipe struct {
	stage   wipeStage
	id      uint8 // 0: nobody has seen it yet
	reason  uint8 // place in reasons
	at      int32
	tries   uint8
	retryAt int32
}

type wipeStage uint8

const (
	notWiped wipeStage = iota
	wipePending
	wipeDone
)

var reasons = [...]factor.WipeReason{"", factor.ReasonStrikes, factor.ReasonForfeited}

// limit is a bound on wrong answers.
type limit struct {
	tries, final    uint8
	delay, maxDelay int32
}

// limits are the bounds that a history may have, for all kinds alike.
var limits = [...]limit{
	{tries: 5, final: 8, delay: 60, maxDelay: 3600},
	{tries: 3, final: 4, delay: 60, maxDelay: 60},
	{tries: 2, final: 4, delay: 60, maxDelay: 90},
}

func (l limit) factor() factor.Limit {
	return factor.Limit{
		Tries: int(l.tries), Final: int(l.final),
		Delay: time.Duration(l.delay) * time.Second, MaxDelay: time.Duration(l.maxDelay) * time.Second,
	}
}

func (b budget) final(l limit) bool { return b.wrong >= l.final }

func (b budget) locked(l limit, now int32) bool { return b.final(l) || b.until > now }

// end is when a lock ends, 0 if it has no end.
func (b budget) end(l limit) int32 {
	if b.final(l) {
		return 0
	}
	return b.until
}

func (b budget) charged(l limit, now int32) budget {
	b.wrong++
	if b.wrong < l.tries {
		return b
	}
	delay := l.delay
	for range b.wrong - l.tries {
		delay = min(2*delay, l.maxDelay)
	}
	b.until = now + delay
	return b
}

func (b budget) left(l limit, now int32) int {
	if b.locked(l, now) {
		return 0
	}
	return max(1, int(l.tries)-int(b.wrong))
}

// empty reports whether nothing is kept.
func (s State) empty() bool {
	s.present, s.emptied = false, 0
	return s == State{}
}

// find returns the place of a device, or -1, and how many there are.
func (s *State) find(id uint8) (at, count int) {
	at = -1
	for i, d := range s.devices {
		if d.id == 0 {
			return at, i
		}
		if d.id == id {
			at = i
		}
	}
	return at, maxDevices
}

func (s *State) removeDevice(at int) {
	copy(s.devices[at:], s.devices[at+1:])
	s.devices[maxDevices-1] = device{}
}

// expiry is when a code that was made by a call ends.
func (h *History) expiry(kind int, made uint8) int32 { return h.calls[made-1].Now + codeTTL[kind] }

// tidy drops what has ended, as every write does.
func (s *State) tidy(h *History, now int32) {
	s.present = true
	if s.pending.made != 0 && h.calls[s.pending.made-1].Now+pendingTTL <= now {
		s.pending, s.pendingWrong = secret{}, 0
	}
	for k := range s.codes {
		c := &s.codes[k]
		if c.live != 0 && h.expiry(k, c.live) <= now {
			c.live = 0
		}
		for id := range each(c.spent) {
			if h.expiry(k, id) <= now {
				c.spent &^= 1 << id
			}
		}
	}
	s.emptied = 0
	if s.empty() {
		s.emptied = now
	}
}

// due is when the first thing that is kept ends, 0 if nothing does.
func (s *State) due(h *History) int32 {
	var due int32
	ends := func(at int32) {
		if due == 0 || at < due {
			due = at
		}
	}
	if s.pending.made != 0 {
		ends(h.calls[s.pending.made-1].Now + pendingTTL)
	}
	for k, c := range s.codes {
		if c.live != 0 {
			ends(h.expiry(k, c.live))
		}
		for id := range each(c.spent) {
			ends(h.expiry(k, id))
		}
	}
	if s.wipe.stage == wipePending {
		ends(s.wipe.retryAt)
	}
	if s.emptied != 0 {
		ends(s.emptied + emptyKept)
	}
	return due
}
