package model

import (
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
)

// What the rules fix and no option changes.
const (
	pendingLife  = 15 * time.Minute // of an authenticator that waits for its first code
	pendingTries = 5                // wrong codes that drop it
	codeLeeway   = time.Minute      // how much longer than its lifetime a code may claim to live
	spentKept    = 8                // used codes of a kind that are remembered
	emptyLinger  = 24 * time.Hour   // how long an empty record stays
	maxBackoff   = time.Hour        // of a wipe that fails in Sweep
)

// kinds lists every kind in a fixed order, because a map's is random and would
// make a failing run impossible to repeat.
var kinds = []factor.Kind{
	factor.KindPassword, factor.KindPIN,
	factor.KindLogin, factor.KindAccount, factor.KindTOTP, factor.KindDeviceTOTP,
}

// A code is a one-time code, live or spent.
type code struct {
	text string
	kind factor.Kind
	ends time.Time
}

// A budget is the count of one kind.
type budget struct {
	wrong int
	until time.Time // zero: no lock that ends
}

// A device is one enrolled device.
type device struct {
	id             uuid.UUID
	enrolled, used time.Time
	secret         *secret
}

// A pending is an authenticator that waits for its first code.
type pending struct {
	secret *secret
	wrong  int
	ends   time.Time
}

// A wipe is a marked wipe, until a PIN or a device is bound.
type wipe struct {
	factor.Wipe
	pending bool
	fails   int // in Sweep
	retry   time.Time
}

// A wrongProof is what ForgiveRepeats remembers.
type wrongProof struct {
	otp, pin string
	steps    string // of the devices a code was judged against
}

// A user is what the model believes about one user.
type user struct {
	name       string
	pin        string
	pinSince   time.Time
	devices    []*device
	auth       *secret
	pending    *pending
	live       map[factor.Kind]*code
	spent      map[factor.Kind][]code
	budgets    map[factor.Kind]*budget
	issueEnds  map[factor.Kind]time.Time
	strikes    int
	guardEnds  time.Time
	lastWrong  *wrongProof
	wipe       *wipe
	imported   map[string]bool // what was taken over from another system
	record     record
	oldCodes   []code    // every code ever issued, for drawing
	oldSecrets []*secret // every secret ever enrolled, for drawing
}

// A record is what the model knows about how a user is stored.
type record struct {
	present, empty bool
	written, due   time.Time
	key            int // the generation of the key that sealed it
}

func newUser(name string) *user {
	u := &user{name: name}
	u.erase()
	return u
}

// erase drops all that is kept about u. What the model remembers to draw from
// stays, so that old codes and secrets are tried again.
func (u *user) erase() {
	*u = user{
		name:      u.name,
		live:      map[factor.Kind]*code{},
		spent:     map[factor.Kind][]code{},
		budgets:   map[factor.Kind]*budget{},
		issueEnds: map[factor.Kind]time.Time{},
		record:    u.record, oldCodes: u.oldCodes, oldSecrets: u.oldSecrets,
	}
	for _, k := range kinds {
		u.budgets[k] = &budget{}
	}
}

func (u *user) device(id uuid.UUID) *device {
	for _, d := range u.devices {
		if d.id == id {
			return d
		}
	}
	return nil
}

func (u *user) dropDevice(id uuid.UUID) {
	var kept []*device
	for _, d := range u.devices {
		if d.id != id {
			kept = append(kept, d)
		}
	}
	u.devices = kept
}

// wiped says whether the guard has nothing left to protect.
func (u *user) wiped() bool { return u.wipe != nil }

// inForce says whether something that ends at a given instant holds now. What
// claims to last longer than it can is void: a clock once jumped ahead.
func inForce(ends, now time.Time, most time.Duration) bool {
	return ends.After(now) && !ends.After(now.Add(most))
}

// liveCode returns the live code of a kind, or nil.
func (m *machine) liveCode(u *user, k factor.Kind) *code {
	c := u.live[k]
	if c == nil || !inForce(c.ends, m.now, m.cfg.life[k]+codeLeeway) {
		return nil
	}
	return c
}

// livePending returns the pending authenticator, or nil.
func (m *machine) livePending(u *user) *pending {
	if u.pending == nil || !inForce(u.pending.ends, m.now, pendingLife) {
		return nil
	}
	return u.pending
}

// tidy drops what is over, as every swap does. What is void stays, as it says
// nothing unless the clock comes back to it, and so do budgets, whose locks say
// nothing once they are over.
func (m *machine) tidy(u *user) {
	over := func(ends time.Time) bool { return !ends.After(m.now) }
	for _, k := range kinds {
		if c := u.live[k]; c != nil && over(c.ends) {
			delete(u.live, k)
		}
		if over(u.issueEnds[k]) {
			delete(u.issueEnds, k)
		}
		u.spent[k] = m.keptSpent(u, k)
	}
	if u.pending != nil && over(u.pending.ends) {
		u.pending = nil
	}
	if over(u.guardEnds) {
		u.guardEnds = noTime
	}
	if u.wipe != nil && u.wipe.retry.After(m.now.Add(maxBackoff)) {
		u.wipe.retry = m.now
	}
}

// firstEnd is when Sweep has the first thing to do for a tidied user, apart from
// an empty record; zero if it has none.
func (u *user) firstEnd() time.Time {
	var first time.Time
	add := func(ends time.Time) {
		if first.IsZero() || ends.Before(first) {
			first = ends
		}
	}
	for _, c := range u.live {
		add(c.ends)
	}
	if u.pending != nil {
		add(u.pending.ends)
	}
	if u.wipe != nil && u.wipe.pending {
		add(u.wipe.retry)
	}
	return first
}

// isEmpty says whether nothing is kept about a tidied user.
func (u *user) isEmpty() bool {
	for _, k := range kinds {
		if u.budgets[k].wrong > 0 || u.live[k] != nil || len(u.spent[k]) > 0 || !u.issueEnds[k].IsZero() {
			return false
		}
	}
	return u.pin == "" && len(u.devices) == 0 && u.auth == nil && u.pending == nil &&
		u.strikes == 0 && u.guardEnds.IsZero() && u.wipe == nil && len(u.imported) == 0
}
