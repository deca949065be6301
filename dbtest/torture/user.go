package torture

import (
	"cmp"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
)

// countedKinds are the kinds that are tortured: all but the authenticator's.
var countedKinds = translate.Kinds(spec.KindsWhere(func(r spec.KindRow) bool { return r.Kind != spec.KindTOTP }))

// issuedKinds are those of the codes that are issued.
var issuedKinds = translate.Kinds(spec.IssuedKinds)

// defaultKinds are those that a code is judged as where the call names none.
var defaultKinds = translate.Kinds(spec.Options{}.Complete().ProofKinds)

// user is what the audit knows of a user between two lives. A value of which
// only the possibilities are known is a list of these; "" stands for none.
type user struct {
	name    string
	counts  map[factor.Kind]int
	strikes int
	pin     []string
	live    map[factor.Kind][]string // codes by name
	devices map[uuid.UUID][]string   // keys by name
	wipe    string                   // its ID

	codes map[string]*code // all that were issued and have not ended, by name
	keys  map[string]*key  // all that were handed out, by name
	wipes map[string]bool  // all that were marked
}

func unknownUser(name string) *user {
	u := &user{
		name: name, counts: make(map[factor.Kind]int), pin: []string{""},
		live: make(map[factor.Kind][]string), devices: make(map[uuid.UUID][]string),
		codes: make(map[string]*code), keys: make(map[string]*key), wipes: make(map[string]bool),
	}
	for _, k := range issuedKinds {
		u.live[k] = []string{""}
	}
	for n := range deviceIDs {
		u.devices[deviceID(name, n)] = []string{""}
	}
	return u
}

// code is an issued code. That of a call which was cut off is known by the
// call's name only, and its end not exactly.
type code struct {
	digits      string
	kind        factor.Kind
	first, last int64 // bounds of its end, Unix milliseconds
	accepted    []*call
}

// codeName is the name of the issued code that a proof holds.
func (p proof) codeName() string { return string(p.Kind) + " " + p.OTP }

// key is a device's secret. That of a call which was cut off is not known.
type key struct {
	device uuid.UUID
	secret string
	next   int64   // no step before it is fresh
	used   []*call // that had one of its codes accepted, or may have
}

// recount takes the counts over from a status.
func (u *user) recount(st sight) {
	for _, k := range countedKinds {
		u.counts[k] = st.wrong(k)
	}
	u.strikes = st.Strikes
	if st.Wipe != nil {
		u.strikes = 0 // those before it are gone with what they guarded
	}
}

// undelivered returns the marked wipes that the host has not done.
func (u *user) undelivered(done map[string]int) []string {
	var ids []string
	for id := range u.wipes {
		if _, ok := done[id]; !ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// forget drops what ended more than a minute ago, so that a long run does not
// grow.
func (u *user) forget(now int64) {
	const minute = 60_000
	maps.DeleteFunc(u.codes, func(name string, c *code) bool {
		return c.last+minute < now && !slices.Contains(u.live[c.kind], name)
	})
	maps.DeleteFunc(u.keys, func(name string, k *key) bool {
		recent := slices.ContainsFunc(k.used, func(c *call) bool { return c.to+minute >= now })
		return !recent && !slices.Contains(u.devices[k.device], name)
	})
}

// holdings is what the user can present in the next life.
func (u *user) holdings() *holdings {
	h := newHoldings()
	for _, k := range issuedKinds {
		for _, name := range u.live[k] {
			if c := u.codes[name]; c != nil && c.digits != "" {
				h.Codes[k] = c.digits
			}
		}
	}
	for id, names := range u.devices {
		for _, name := range names {
			if k := u.keys[name]; k != nil && k.secret != "" {
				h.Devices[id] = &device{Key: name, Secret: k.secret, Next: k.next}
			}
		}
	}
	for _, digits := range u.pin {
		if digits != "" {
			h.PIN = digits
		}
	}
	for _, c := range u.accepted() {
		h.use(c.Proof)
	}
	return h
}

// accepted returns the calls that had a code accepted, in the order of time.
func (u *user) accepted() []*call {
	var calls []*call
	for _, c := range u.codes {
		calls = append(calls, c.accepted...)
	}
	for _, k := range u.keys {
		for _, c := range k.used {
			if !c.open() {
				calls = append(calls, c)
			}
		}
	}
	slices.SortFunc(calls, func(c, d *call) int {
		return cmp.Or(cmp.Compare(c.life, d.life), cmp.Compare(c.start, d.start), cmp.Compare(c.Proof.Step, d.Proof.Step))
	})
	return calls
}
