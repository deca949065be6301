package cluster

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/knowhave/factor"
)

const (
	// presentations is how often different clients present each code at about the
	// same time.
	presentations = 8
	// cold is the number of users, beside the hot one, to guess at.
	cold = 40
	// backlog is the most presentations that wait before another code is issued.
	backlog = 4 * presentations
)

// A board gives the clients of a scenario their requests, so that they meet on the
// same users and codes.
type board struct {
	name string // in the users' names, so that scenarios have their own

	mu      sync.Mutex
	hot     int // number of the user that most guesses are at
	limited int // number of the user with few tries
	holders int // number of users that got a code or a device
	queue   []request
}

func (b *board) user(role string, number int) string {
	return fmt.Sprintf("%s-%s-%d", b.name, role, number)
}

// draw returns the next request of a client.
func (b *board) draw() request {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch x := rand.IntN(1000); {
	case x < 450 && len(b.queue) > 0:
		next := b.queue[0]
		b.queue = b.queue[1:]
		return next
	case x < 500 && len(b.queue) < backlog:
		b.holders++
		if b.holders%2 == 0 {
			return enrolment(b.user("device", b.holders))
		}
		return issue(b.user("code", b.holders))
	case x < 750:
		return guess(b.user("hot", b.hot), factor.KindPassword)
	case x < 850:
		return guess(b.user("limited", b.limited), factor.KindLogin)
	case x < 995:
		return guess(b.user("cold", rand.IntN(cold)), factor.KindPassword)
	default:
		return guess(b.user("cold", rand.IntN(cold)), factor.KindPIN)
	}
}

// learn uses an answer for later draws.
func (b *board) learn(r request, a answer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case a.Class == locked && r.User == b.user("hot", b.hot):
		b.hot++
	case a.Class == locked && r.User == b.user("limited", b.limited):
		b.limited++
	case a.Class == accepted && r.Act == actIssue:
		b.present(redemption(r.User, a.Issued))
	case a.Class == accepted && r.Act == actEnroll:
		for _, code := range codesOf(r.User, a.Enrolled, time.Now()) {
			b.present(code)
		}
	}
}

func (b *board) present(r request) {
	for range presentations {
		b.queue = append(b.queue, r)
	}
}
