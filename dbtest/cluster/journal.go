package cluster

import (
	"sync"
	"time"

	"github.com/knowhave/factor"
)

// act is what a call does.
type act string

const (
	actPresent act = "present" // a password, a PIN or a code
	actIssue   act = "issue"   // a code
	actEnroll  act = "enroll"  // a device
	actStatus  act = "status"  // shows an administrator the counts
)

// A request is a call to make.
type request struct {
	Act  act
	User string
	Kind factor.Kind // of what is presented or issued
	// Secret is the credential, and Step, for a device's code, its time step.
	Secret string `json:",omitempty"`
	Step   int64  `json:",omitempty"`
	// Right tells that the secret is right until it is spent.
	Right bool `json:",omitempty"`
}

// A class is the kind of an answer.
type class string

const (
	accepted class = "accepted"
	mismatch class = "mismatch"
	locked   class = "locked"
	// conflict: others won every swap until the deadline, and nothing was written.
	conflict class = "conflict"
	// failed: the store's error, and the call did not try to write or its tries are
	// known to have failed.
	failed class = "failed"
	// open: the store's error, and something may be stored.
	open class = "open"
)

// answered reports whether the client learned the outcome.
func (c class) answered() bool { return c == accepted || c == mismatch || c == locked }

// An answer is the outcome of a call.
type answer struct {
	Class     class
	Remaining int                 `json:",omitempty"` // of a mismatch
	Issued    string              `json:",omitempty"` // the code
	Enrolled  string              `json:",omitempty"` // the device's secret, base32
	Wrong     map[factor.Kind]int `json:",omitempty"` // the counts that a status shows
	Text      string              `json:",omitempty"` // of the error, if nothing was answered
	// InTime tells whether the call returned before its context ended.
	InTime bool
	Effort effort
}

// A call is a request with its answer.
type call struct {
	request
	answer
	node int
	// start and end are places in one sequence over all clients: a call whose end
	// is before another's start was over when that began.
	start, end int
	took       time.Duration
}

// never is the end of a call without an answer.
const never = int(^uint(0) >> 1)

// A journal is the clients' knowledge. Each writes down a request before it makes
// it, and the answer before its next request. It is in the memory of the test,
// which no scenario kills.
type journal struct {
	mu    sync.Mutex
	seq   int
	calls []*call
}

func (j *journal) begin(node int, r request) *call {
	j.mu.Lock()
	defer j.mu.Unlock()
	c := &call{request: r, node: node, start: j.seq, end: never}
	j.seq++
	j.calls = append(j.calls, c)
	return c
}

func (j *journal) finish(c *call, a answer, took time.Duration) {
	j.mu.Lock()
	defer j.mu.Unlock()
	c.answer, c.end, c.took = a, j.seq, took
	j.seq++
}

// since returns the finished calls that began at or after a place.
func (j *journal) since(place int) []call {
	j.mu.Lock()
	defer j.mu.Unlock()
	var found []call
	for _, c := range j.calls {
		if c.end != never && c.start >= place {
			found = append(found, *c)
		}
	}
	return found
}

// now returns the place that the next entry gets.
func (j *journal) now() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.seq
}

// answers counts the calls that began at or after a place, were answered, and
// are wanted.
func (j *journal) answers(place int, wanted func(*call) bool) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := 0
	for i := len(j.calls) - 1; i >= 0 && j.calls[i].start >= place; i-- {
		if c := j.calls[i]; c.end != never && c.Class.answered() && wanted(c) {
			n++
		}
	}
	return n
}
