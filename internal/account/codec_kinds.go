package account

import (
	"slices"

	"github.com/google/uuid"

	"github.com/knowhave/factor/internal/totp"
)

// issued writes the kinds that have codes.
func (w *writer) issued(a *Account) {
	count := w.room()
	for i, k := range IssuedKinds {
		if c := &a.Issued[i]; !c.empty() {
			w.buf = append(w.buf, k.stored())
			w.codes(c)
			w.buf[count]++
		}
	}
}

func (r *reader) issued(a *Account) {
	r.kinds(func(k Kind) {
		c := a.Codes(k)
		if c == nil {
			r.fail()
			return
		}
		r.codes(c)
		if c.empty() {
			r.fail()
		}
	})
}

func (w *writer) codes(c *Codes) {
	w.list(c.Live)
	w.list(c.Stale)
	w.time(c.NotBefore)
}

func (r *reader) codes(c *Codes) {
	c.Live, c.Stale = r.list(liveKept), r.list(staleKept)
	c.NotBefore = r.time()
}

func (w *writer) list(codes []Code) {
	w.uvarint(int64(len(codes)))
	for i := range codes {
		w.code(&codes[i])
	}
}

// list returns the codes, or nil.
func (r *reader) list(most int64) []Code {
	n := r.uvarint(most)
	if n == 0 {
		return nil
	}
	codes := make([]Code, n)
	for i := range codes {
		r.code(&codes[i])
	}
	return codes
}

// sealed, set in the length of a code, means that the seal of its purpose follows.
const sealed = 16

func (w *writer) code(c *Code) {
	length, purpose := int64(len(c.Digits)), c.Seal != Seal{}
	if purpose {
		length |= sealed
	}
	w.uvarint(length)
	w.buf = append(w.buf, c.Digits...)
	if purpose {
		w.buf = append(w.buf, c.Seal[:]...)
	}
	w.time(c.ExpiresAt)
}

func (r *reader) code(c *Code) {
	length := r.uvarint(sealed | totp.MaxDigits)
	c.Digits = string(r.take(int(length &^ sealed)))
	if length&sealed != 0 {
		copy(c.Seal[:], r.take(len(c.Seal)))
		r.must(c.Seal != Seal{})
	}
	c.ExpiresAt = r.time()
	r.must(len(c.Digits) >= totp.MinDigits && len(c.Digits) <= totp.MaxDigits)
}

// budgets writes the budgets that are not zero.
func (w *writer) budgets(a *Account) {
	count := w.room()
	for i, k := range Kinds {
		if b := a.Budgets[i]; b != (Budget{}) {
			w.buf = append(w.buf, k.stored())
			w.uvarint(int64(b.Wrong))
			w.time(b.Until)
			w.buf[count]++
		}
	}
}

func (r *reader) budgets(a *Account) {
	r.kinds(func(k Kind) {
		b := a.Budget(k)
		*b = Budget{int(r.uvarint(MaxFailures)), r.time()}
		if *b == (Budget{}) {
			r.fail()
		}
	})
}

// kinds reads a list whose elements start with a kind, in the order of Kinds. An
// unknown kind comes from a newer release.
func (r *reader) kinds(read func(Kind)) {
	last := 0
	for range r.byte() {
		stored := int(r.byte())
		switch {
		case r.failed:
			return
		case stored <= last:
			r.fail()
			return
		case stored > len(Kinds):
			r.newer = true
			return
		}
		read(Kinds[stored-1])
		last = stored
	}
}

func (w *writer) notices(n *Notices) {
	w.uvarint(int64(len(n.Waiting)))
	for _, notice := range n.Waiting {
		w.buf = append(w.buf, notice.ID[:]...)
		w.time(notice.At)
		w.uvarint(int64(slices.Index(NoticeActions[:], notice.Action) + 1))
		w.uvarint(int64(notice.Kind.stored()))
		if w.bool(notice.Device != uuid.Nil) {
			w.buf = append(w.buf, notice.Device[:]...)
		}
	}
	w.uvarint(int64(n.Dropped))
	w.uvarint(int64(n.Tries))
	w.time(n.RetryAt)
}

func (r *reader) notices(n *Notices) {
	waiting := r.uvarint(maxNotices)
	for range waiting {
		n.Waiting = append(n.Waiting, r.notice())
	}
	n.Dropped, n.Tries, n.RetryAt = int(r.uvarint(maxNumber)), int(r.uvarint(maxNumber)), r.time()
	r.must(!n.empty() && !n.RetryAt.IsZero())
}

// notice reads a notice. An unknown action or kind comes from a newer release.
func (r *reader) notice() (n Notice) {
	copy(n.ID[:], r.take(len(n.ID)))
	n.At = r.time()
	action, kind := r.uvarint(255), r.uvarint(255)
	switch {
	case action == 0:
		r.fail()
	case action > int64(len(NoticeActions)) || kind > int64(len(Kinds)):
		r.newer = true
	default:
		n.Action = NoticeActions[action-1]
		if kind > 0 {
			n.Kind = Kinds[kind-1]
		}
	}
	if r.bool() {
		copy(n.Device[:], r.take(len(n.Device)))
		r.must(n.Device != uuid.Nil)
	}
	return n
}
