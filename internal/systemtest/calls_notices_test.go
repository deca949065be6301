package systemtest

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
)

// distinctNotices are those of different IDs.
func distinctNotices(waiting []account.Notice) (all []account.Notice) {
	seen := map[uuid.UUID]bool{{}: true}
	for _, n := range waiting {
		if !seen[n.ID] {
			all = append(all, n)
		}
		seen[n.ID] = true
	}
	return all
}

// firstNotice is before the names of all notices, which are none of anything else.
const firstNotice spec.Name = 1 << 40

// nextNotice is the name of the notice that is read next.
func (r *recordReader) nextNotice() spec.Name {
	return firstNotice + spec.Name(len(r.NoticeNames)) + 1
}

func (r *recordReader) notices(kept *account.Notices) spec.Notices {
	s := spec.Notices{Dropped: kept.Dropped, Tries: kept.Tries, Retry: spec.At(kept.RetryAt)}
	for i, n := range kept.Waiting {
		if r.NoticeNames[n.ID] == 0 {
			r.NoticeNames[n.ID] = r.nextNotice()
		}
		s.Waiting[i] = spec.Notice{
			ID: r.NoticeNames[n.ID], At: spec.At(n.At), Action: spec.Action(n.Action), Kind: spec.KindNamed(string(n.Kind)), Device: r.Device(n.Device),
		}
	}
	return s
}

// notify fails if what is told was not kept before.
func (w *fuzzWorld) notify(_ context.Context, told factor.Notice) error {
	w.asked++
	s, err := w.reader.Read(w.stored)
	e := told.Event
	n := spec.Notice{
		ID: w.reader.NoticeNames[told.ID], At: spec.At(e.At), Action: spec.Action(e.Action), Kind: spec.KindNamed(string(e.Kind)), Device: translate.DeviceName(e.Device),
	}
	if err != nil || n.ID == 0 || !slices.Contains(s.Notices.Waiting[:], n) || e.User != w.c.user {
		w.Fatalf("told %+v, which is not kept in the record: %v", told, err)
	}
	w.told = append(w.told, n)
	if w.c.bit(44) {
		return errFuzz
	}
	return nil
}

// swept is the answer of a Sweep, and checks what its error says of the user. That a
// notice was not told is no answer of the specification.
func (w *fuzzWorld) swept(r *translate.Result, want spec.Outcome) spec.Answer {
	a := spec.Answer{Count: r.Count}
	if errors.Is(r.Err, factor.ErrWipePending) {
		a.Err = spec.WipePending
	}
	says := a.Err != spec.OK || want.Untold || want.Dropped > 0
	if errors.Is(r.Err, factor.ErrNoticesDropped) != (want.Dropped > 0) || (r.Err != nil) != says {
		w.Fatalf("%s: says %v, want that it tells not: %v, and %d dropped", spec.Sweep, r.Err, want.Untold, want.Dropped)
	}
	return a
}
