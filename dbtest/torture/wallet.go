package torture

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
)

// wallet is what the users were told and so can present: in the child as it goes
// along, and from one life to the next as the audit knows it.
type wallet struct {
	mu    sync.Mutex
	users map[string]*holdings
}

// holdings is the wallet of one user. With several calls at once it may be
// behind; what is presented from it is then rightly refused.
type holdings struct {
	Codes   map[factor.Kind]string // the newest
	Devices map[uuid.UUID]*device
	Used    []proof // that were accepted, the newest last
	PIN     string
}

// device is a device and the secret it was given.
type device struct {
	Key    string // name of the enrolment
	Secret string
	Next   int64 // no fresh step is before it
}

// usedKept is how many used codes a user presents again.
const usedKept = 8

func newHoldings() *holdings {
	return &holdings{Codes: make(map[factor.Kind]string), Devices: make(map[uuid.UUID]*device)}
}

// loadWallet reads what store wrote.
func loadWallet(file string) (*wallet, error) {
	w := &wallet{users: make(map[string]*holdings)}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return w, json.Unmarshal(text, &w.users)
}

func (w *wallet) store(file string) error {
	text, err := json.Marshal(w.users)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}

// open gives the holdings of a user, until they are given back.
func (w *wallet) open(user string) (h *holdings, giveBack func()) {
	w.mu.Lock()
	if w.users[user] == nil {
		w.users[user] = newHoldings()
	}
	return w.users[user], w.mu.Unlock
}

// freshCode returns a code that a device has not shown yet, if there is one in
// the window, and takes it out of use.
func (h *holdings) freshCode(id uuid.UUID, now time.Time) (proof, bool) {
	d := h.Devices[id]
	if d == nil {
		return proof{}, false
	}
	var all []string
	for _, d := range h.Devices {
		all = append(all, d.Secret)
	}
	first, last := window(now)
	for step := max(first, d.Next); step <= last; step++ {
		d.Next = step + 1
		if !ambiguous(d.Secret, step, all) {
			return proof{OTP: totp(d.Secret, step), Kind: factor.KindDeviceTOTP, Key: d.Key, Step: step}, true
		}
	}
	return proof{}, false
}

// deviceIDs returns the devices that the user has a secret for, in order.
func (h *holdings) deviceIDs() []uuid.UUID {
	return slices.SortedFunc(maps.Keys(h.Devices), func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
}

// use notes that a code was accepted.
func (h *holdings) use(p proof) {
	if p.Kind == "" {
		return
	}
	h.Used = append(h.Used, proof{OTP: p.OTP, Kind: p.Kind, Key: p.Key, Step: p.Step})
	h.Used = h.Used[max(0, len(h.Used)-usedKept):]
	if h.Codes[p.Kind] == p.OTP {
		delete(h.Codes, p.Kind)
	}
}

// learn notes what a user is told by an answer.
func (w *wallet) learn(number string, it intent, a answer) {
	h, giveBack := w.open(it.User)
	defer giveBack()
	if a.Class == classWiped || (a.Class == classOK && (it.Op == opForfeit || it.Op == opForget)) {
		used := h.Used
		*h = *newHoldings()
		h.Used = used
	}
	if a.Class != classOK {
		return
	}
	h.use(it.Proof)
	switch it.Op {
	case opIssue, opIssueUnproven:
		h.Codes[a.Kind] = a.Code
	case opEnroll:
		h.Devices[it.Device] = &device{Key: number, Secret: a.Secret}
	case opRevoke, opAdminRevoke:
		delete(h.Devices, it.Device)
	case opSetPIN, opAdminSetPIN:
		h.PIN = it.NewPIN
	case opRemovePIN:
		h.PIN = ""
	}
}

// callName is how a call is named: by its life and its number in it.
func callName(life, number int) string { return fmt.Sprintf("%d.%d", life, number) }
