package torture

import (
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
)

// facets is the visible state of a user, with everything that a life may have done
// to it.
type facets struct {
	budgets map[factor.Kind]*counter
	strikes *counter
	pin     *register
	live    map[factor.Kind]*register // names of codes
	devices map[uuid.UUID]*register   // names of keys
	wipe    *register                 // its ID
	codes   map[string]*code          // all, by name
}

func newFacets(u *user) facets {
	f := facets{
		budgets: make(map[factor.Kind]*counter), strikes: &counter{base: u.strikes},
		pin: &register{base: u.pin}, wipe: &register{base: []string{u.wipe}},
		live: make(map[factor.Kind]*register), devices: make(map[uuid.UUID]*register),
		codes: u.codes,
	}
	for _, k := range countedKinds {
		f.budgets[k] = &counter{base: u.counts[k]}
	}
	for k, names := range u.live {
		f.live[k] = &register{base: names}
	}
	for id, names := range u.devices {
		f.devices[id] = &register{base: names}
	}
	return f
}

// holdings returns what a wipe removes.
func (f facets) holdings() []*register {
	all := []*register{f.pin}
	for _, r := range f.live {
		all = append(all, r)
	}
	for _, r := range f.devices {
		all = append(all, r)
	}
	return all
}

// A sight is a status, and the times between which it was read.
type sight struct {
	factor.Status
	from, to int64 // Unix milliseconds
}

// differences returns the parts of a status that are impossible after the life.
func (f facets) differences(st sight) []string {
	var all []string
	differs := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	for _, k := range countedKinds {
		b := f.budgets[k]
		if n := st.wrong(k); n < b.atLeast() || n > b.atMost(over.start) {
			differs("%d wrong answers are counted for %s; want %d to %d", n, k, b.atLeast(), b.atMost(over.start))
		}
	}
	least, most := f.strikes.atLeast(), f.strikes.atMost(over.start)
	if st.Wipe != nil {
		least, most = strikes+1, strikes+1
	}
	if st.Strikes < least || st.Strikes > most {
		differs("%d strikes are counted; want %d to %d", st.Strikes, least, most)
	}
	if !f.wipe.could(st.wipe(), over) {
		differs("the wipe is %q; want one of %q", st.wipe(), f.wipe.last())
	}
	if len(f.pinAfter(st)) == 0 {
		differs("there is a PIN: %t; want one of %q", st.PIN, f.pin.last())
	}
	for id, r := range f.devices {
		if len(f.deviceAfter(st, id)) == 0 {
			differs("device %s is enrolled: %t; want one of %q", id, st.has(id), r.last())
		}
	}
	for k, r := range f.live {
		if len(f.codeAfter(st, k)) == 0 {
			differs("there is a live %s code: %t; want one of %q", k, slices.Contains(st.Live, k), r.last())
		}
	}
	return all
}

// pinAfter returns the possible PINs after the life, given the status.
func (f facets) pinAfter(st sight) []string { return f.pin.lastThatIs(st.PIN) }

// deviceAfter returns the possible keys of a device.
func (f facets) deviceAfter(st sight, id uuid.UUID) []string {
	return f.devices[id].lastThatIs(st.has(id))
}

// codeAfter returns the possible live codes of a kind, none if the code has ended.
func (f facets) codeAfter(st sight, k factor.Kind) []string {
	live := slices.Contains(st.Live, k)
	var fit []string
	for _, name := range f.live[k].last() {
		switch {
		case live && name != "" && st.from < f.codes[name].last:
			fit = append(fit, name)
		case !live && (name == "" || st.to >= f.codes[name].first):
			fit = append(fit, "")
		}
	}
	return slices.Compact(fit)
}

// wrong returns the count of a kind.
func (st sight) wrong(k factor.Kind) int {
	for _, b := range st.Budgets {
		if b.Kind == k {
			return b.Wrong
		}
	}
	return 0
}

// wipe returns the ID of the wipe, or "".
func (st sight) wipe() string {
	if st.Wipe == nil {
		return ""
	}
	return st.Wipe.ID.String()
}

// has reports whether a device is enrolled.
func (st sight) has(id uuid.UUID) bool {
	return slices.ContainsFunc(st.Devices, func(d factor.Device) bool { return d.ID == id })
}
