package account

import "github.com/knowhave/factor/internal/totp"

// issued writes the kinds of which there are codes.
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
	if w.bool(c.Live != nil) {
		w.code(c.Live)
	}
	w.uvarint(int64(len(c.Stale)))
	for i := range c.Stale {
		w.code(&c.Stale[i])
	}
	w.time(c.NotBefore)
}

func (r *reader) codes(c *Codes) {
	if r.bool() {
		c.Live = &Code{}
		r.code(c.Live)
	}
	if n := r.uvarint(staleKept); n > 0 {
		c.Stale = make([]Code, n)
	}
	for i := range c.Stale {
		r.code(&c.Stale[i])
	}
	c.NotBefore = r.time()
}

func (w *writer) code(c *Code) {
	w.uvarint(int64(len(c.Digits)))
	w.buf = append(w.buf, c.Digits...)
	w.time(c.ExpiresAt)
}

func (r *reader) code(c *Code) {
	c.Digits, c.ExpiresAt = string(r.bytes()), r.time()
	if len(c.Digits) < totp.MinDigits || len(c.Digits) > totp.MaxDigits {
		r.fail()
	}
}

// budgets writes those that are not zero.
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

// kinds reads a list whose elements begin with a kind, in the order of Kinds. One that
// is not known is a newer release's.
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
