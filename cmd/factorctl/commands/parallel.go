package commands

import (
	"context"
	"hash/fnv"
	"sync"
	"time"
)

// batchSize is the number of users between two updates of the progress.
const batchSize = 200

// pace bounds the speed of a command.
type pace struct {
	workers int
	rate    int // most users a second; 0 means no bound
}

func (p pace) check() error {
	if p.workers < 1 || p.workers > connections {
		return usage("--parallel must be 1 to %d", connections)
	}
	if p.rate < 0 {
		return usage("--rate must not be negative")
	}
	return nil
}

// batch returns the number of users to work on at once: at most those of one
// second.
func (p pace) batch() int {
	if p.rate > 0 {
		return min(p.rate, batchSize)
	}
	return batchSize
}

// each calls do for every user and returns the errors in order. It runs the calls
// for one user one after the other.
func (p pace) each(users []string, do func(i int) error) []error {
	failed := make([]error, len(users))
	var working sync.WaitGroup
	for w := range p.workers {
		working.Go(func() {
			for i, user := range users {
				if worker(user, p.workers) == w {
					failed[i] = do(i)
				}
			}
		})
	}
	working.Wait()
	return failed
}

func worker(user string, workers int) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(user)) // never fails
	return int(h.Sum32() % uint32(workers))
}

// rest waits until a batch has taken as long as the rate demands.
func (p pace) rest(ctx context.Context, began time.Time, done int) error {
	if p.rate > 0 {
		wait := time.NewTimer(time.Until(began.Add(time.Duration(done) * time.Second / time.Duration(p.rate))))
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}
