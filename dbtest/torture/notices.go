package torture

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
)

// told is one line of the host's journal of notices.
type told struct {
	Seq    int           `json:"seq"`
	ID     uuid.UUID     `json:"id"`
	User   string        `json:"user"`
	Action factor.Action `json:"action"`
	Device uuid.UUID     `json:"device,omitzero"`
	Sent   bool          `json:"sent,omitempty"` // nil follows
}

// A subject is what a notice is about.
type subject struct {
	action factor.Action
	device uuid.UUID
}

func (t told) subject() subject { return subject{t.Action, t.Device} }

func toldFile(dir string, life int) string {
	return filepath.Join(dir, fmt.Sprintf("told.%d", life))
}

// silent reports whether the child of a life has no Notify, and so keeps waiting
// notices.
func silent(life int) bool { return life%4 == 3 }

// tellerAhead is the lead of the clock by which an audit tells what waits.
const tellerAhead = 2 * time.Minute

// mailing is how long the host takes to send a notice: so long that some children
// die in the middle.
const mailing = time.Millisecond

// notify is the host's Notify.
func (j *journal) notify(_ context.Context, n factor.Notice) error {
	if err := j.tell(n, false); err != nil {
		return err
	}
	<-time.After(mailing)
	return j.tell(n, true)
}

func (j *journal) tell(n factor.Notice, sent bool) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.append(j.told, told{j.seq, n.ID, n.Event.User, n.Event.Action, n.Event.Device, sent})
}

// notify is the host's Notify in an audit.
func (a *auditor) notify(_ context.Context, n factor.Notice) error {
	a.toldNow = append(a.toldNow, told{ID: n.ID, User: n.Event.User, Action: n.Event.Action, Device: n.Event.Device, Sent: true})
	return nil
}

// tellsOf returns what a call tells if accepted.
func (c *call) tellsOf() (subject, bool) {
	switch c.Op {
	case opEnroll:
		return subject{factor.ActionEnrolled, c.Device}, true
	case opRevoke, opAdminRevoke:
		return subject{factor.ActionRevoked, c.Device}, true
	case opSetPIN, opAdminSetPIN:
		return subject{factor.ActionPINSet, uuid.Nil}, true
	case opRemovePIN:
		return subject{factor.ActionPINRemoved, uuid.Nil}, true
	}
	return subject{}, false
}

// auditTold runs a Sweep that tells what the life has left, by a clock two minutes
// ahead, and compares what the user heard in the life and since with what happened:
// each accepted call once, each that was cut off at most once, and each wipe.
func (a *auditor) auditTold(ctx context.Context, death int64) (violations []string, err error) {
	lines, err := readLines[told](toldFile(a.Dir, a.Life))
	if err != nil {
		return nil, err
	}
	if _, err := a.teller.admin.Sweep(ctx); err != nil {
		return nil, fmt.Errorf("sweep that tells: %w", err)
	}
	calls, err := readCalls(a.Dir, a.Life, death)
	if err != nil {
		return nil, err
	}
	lines = append(lines, a.toldNow...)
	for _, u := range a.inOrder() {
		st, err := a.look(ctx, u)
		if err != nil {
			return nil, err
		}
		if st.Notices > 0 {
			violations = append(violations, fmt.Sprintf("%s: %d notices wait after all were told", u.name, st.Notices))
		}
		for _, wrong := range a.heard(u, lines, calls) {
			violations = append(violations, u.name+": "+wrong)
		}
		u.expireSoon(time.Now().Add(tellerAhead).UnixMilli())
	}
	return violations, nil
}

// toldOf returns the IDs under which a user was told of each thing.
func (a *auditor) toldOf(u *user, lines []told) (ids map[subject]map[uuid.UUID]bool, wrong []string) {
	ids = map[subject]map[uuid.UUID]bool{}
	of := map[uuid.UUID]subject{}
	for _, l := range lines {
		if l.User != u.name {
			continue
		}
		s := l.subject()
		if other, ok := of[l.ID]; ok && other != s || a.toldBefore[l.ID] {
			wrong = append(wrong, fmt.Sprintf("notice %s says %v, and said %v before, or in an earlier life", l.ID, s, other))
		}
		if ids[s] == nil {
			ids[s] = map[uuid.UUID]bool{}
		}
		of[l.ID], ids[s][l.ID] = s, true
	}
	return ids, wrong
}

// heard returns the differences between what a user heard of a life and what
// happened.
func (a *auditor) heard(u *user, lines []told, calls []*call) (wrong []string) {
	ids, wrong := a.toldOf(u, lines)
	least, most, forgotten := happened(u, calls)
	if !silent(a.Life) {
		marked := subject{factor.ActionWipeMarked, uuid.Nil}
		most[marked] = a.marked[u.name]
		if !forgotten {
			least[marked] = a.marked[u.name]
		}
	}
	for s := range ids {
		most[s] += 0 // what did not happen must not be told
	}
	for s, n := range most {
		counted := slices.Contains([]factor.Action{factor.ActionEnrolled, factor.ActionRevoked, factor.ActionPINSet, factor.ActionPINRemoved, factor.ActionWipeMarked}, s.action)
		if got := len(ids[s]); counted && !silent(a.Life) && (got < least[s] || got > n) {
			wrong = append(wrong, fmt.Sprintf("%v was told under %d IDs, want %d to %d", s, got, least[s], n))
		}
	}
	for _, told := range ids {
		for id := range told {
			a.toldBefore[id] = true
		}
	}
	return wrong
}

// happened returns how often each thing happened to a user: at least, and at most.
func happened(u *user, calls []*call) (least, most map[subject]int, forgotten bool) {
	least, most = map[subject]int{}, map[subject]int{}
	for _, c := range calls {
		if c.User != u.name {
			continue
		}
		forgotten = forgotten || c.Op == opForget && (c.open() || c.Class == classOK)
		s, tells := c.tellsOf()
		if !tells || !c.open() && c.Class != classOK {
			continue
		}
		most[s]++
		if !c.open() {
			least[s]++
		}
	}
	return least, most, forgotten
}

// expireSoon records that a code that ends before until may no longer be live.
func (u *user) expireSoon(until int64) {
	for k, names := range u.live {
		for _, name := range names {
			if c := u.codes[name]; c != nil && c.first < until && !slices.Contains(u.live[k], "") {
				u.live[k] = append(u.live[k], "")
			}
		}
	}
}
