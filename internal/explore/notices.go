package explore

import (
	"bytes"
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
)

// A separate rule judges waiting notices, and the oracle gets records without them:
// it cannot tell which of its notices a call has told that a fault cut short
// between several updates. Their IDs are in the sealed data, which a glass shows.

// told is called for each notice.
func (s *schedule) told(n factor.Notice) {
	kept := false
	for _, data := range s.landed {
		kept = kept || holds(data, n.ID)
	}
	if !kept {
		s.broken = append(s.broken, breach{"the user is told only of what is kept in the store", string(n.Event.Action)})
	}
	s.mailed = append(s.mailed, n.ID)
	s.note("  the user is told: %s %s", n.Event.Action, n.Event.Kind)
}

// opened returns the account in sealed data, or nil if there is none or it does not
// open.
func opened(data []byte) *account.Account {
	at := bytes.Index(data, []byte(user))
	if at < 0 {
		return nil
	}
	a, err := accounttest.Decode(data[at+len(user):])
	if err != nil {
		return nil
	}
	return a
}

// unheard looks for a notice that was kept and waits no longer, although the user
// was not told.
func (j *judged) unheard() string {
	erases := func(o *operation) bool { return o.method == "Admin.Forget" || o.method == "Admin.Discard" }
	if !j.lab.tells || slices.ContainsFunc(j.ops, erases) {
		return ""
	}
	last, _ := j.store.Load(context.Background(), user)
	for _, data := range j.landed {
		for _, n := range noticesIn(data) {
			if !slices.Contains(j.mailed, n.ID) && !holds(last.Data, n.ID) {
				return n.Action + " " + string(n.Kind)
			}
		}
	}
	return ""
}

func noticesIn(data []byte) []account.Notice {
	if a := opened(data); a != nil {
		return a.Notices.Waiting
	}
	return nil
}

// retold looks for a notice that waits although a call that ended well told it.
func (j *judged) retold() string {
	if !j.lab.tells || j.faulty >= 0 {
		return ""
	}
	last, _ := j.store.Load(context.Background(), user)
	seen := map[uuid.UUID]bool{}
	for _, id := range j.mailed {
		if holds(last.Data, id) || seen[id] {
			return id.String()
		}
		seen[id] = true
	}
	return ""
}

// withoutNotices returns a record as if no notices had been kept.
func withoutNotices(r factor.Record) factor.Record {
	a := opened(r.Data)
	if a == nil {
		return r
	}
	at := bytes.Index(r.Data, []byte(user)) + len(user)
	a.Notices = account.Notices{}
	a.Tidy(now)
	r.Data = slices.Concat(r.Data[:at], a.Encode())
	r.Due = a.Due(now)
	return r
}
