package cut

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

// sharers is how many swaps share a statement that is cut.
const sharers = 8

// Wherever the connection of a batch is cut, each caller is told the truth: what was
// acknowledged is stored, what was lost is not, and the rest is one or the other. The
// first caller's own statement keeps them waiting, by a lock, until they are together.
func TestEachIsToldTheTruthWhereverABatchIsCut(t *testing.T) {
	for _, m := range modes {
		if m.prepares && !*all {
			continue
		}
		for _, insert := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/insert=%v", m.name, insert), func(t *testing.T) {
				name := table(fmt.Sprintf("factor_cut_batch_%x", time.Now().UnixNano()))
				b := &batchLine{T: t, line: m.open(t, name), table: name, insert: insert}
				b.add("first", 1)
				found := map[string]int{}
				for _, p := range []Point{Before, Unanswered, Answered, LateFirst, LateLast, Unended} {
					for _, reset := range []bool{false, true} {
						for at := 2; b.run(Cut{At: at, Point: p, Reset: reset}, found); at++ {
						}
					}
				}
				t.Logf("%v", found)
				if found["batches cut"] == 0 {
					t.Error("no batch was cut")
				}
			})
		}
	}
}

// A batchLine is a line on which batches are cut.
type batchLine struct {
	*testing.T
	*line
	table  table
	insert bool
	runs   int
}

func (b *batchLine) add(user string, version int64) {
	b.Helper()
	if err := b.direct.CompareAndSwap(b.Context(), user, 0, factor.Record{Data: []byte("sealed"), Version: version}); err != nil {
		b.Fatal(err)
	}
}

// run has swaps share a statement and cuts the connection. It reports whether it was
// cut.
func (b *batchLine) run(c Cut, found map[string]int) bool {
	b.Helper()
	b.runs++
	users := make([]string, sharers)
	old := int64(0)
	for i := range users {
		users[i] = fmt.Sprintf("user %d in run %d", i, b.runs)
		if !b.insert {
			old = 1
			b.add(users[i], 1)
		}
	}
	b.proxy.Begin(c)
	letGo := b.hold()
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	errs := make([]error, sharers)
	var together sync.WaitGroup
	for i, user := range users {
		together.Go(func() {
			errs[i] = b.store.CompareAndSwap(ctx, user, old, factor.Record{Data: []byte("sealed"), Version: 2})
		})
	}
	together.Wait()
	letGo()
	trace, err := b.proxy.End()
	if err == nil {
		err = b.settle(trace.Reset)
	}
	if err != nil {
		b.Fatal(err)
	}
	if trace.Cut && shared(trace.Requests[c.At-1]) {
		found["batches cut"]++
	}
	wholly := trace.Cut && c.At == 2 && len(trace.Requests) == 2 // The batch is all of them.
	for i, user := range users {
		b.judge(c, user, old, errs[i], found)
		if wholly && errs[i] == nil {
			b.Errorf("%s: %s was acknowledged, and nobody has said that it was committed", describeCut(c), user)
		}
	}
	return trace.Cut
}

// hold has a swap wait for a lock, and returns what ends it.
func (b *batchLine) hold() (letGo func()) {
	b.Helper()
	tx, err := b.hand.Begin()
	if err == nil {
		_, err = tx.Exec("UPDATE " + string(b.table) + " SET due = 1 WHERE user_id = 'first'")
	}
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = b.store.CompareAndSwap(b.Context(), "first", 99, factor.Record{Data: []byte("sealed"), Version: 100})
	}()
	for b.proxy.requests() == 0 {
		time.Sleep(time.Millisecond)
	}
	return func() {
		_ = tx.Rollback()
		<-ended
	}
}

func (p *Proxy) requests() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.seen)
}

// shared reports whether a request is that of a batch.
func shared(r *Request) bool {
	return strings.HasPrefix(r.SQL, "WITH") || strings.HasPrefix(r.SQL, "SET STATEMENT") || strings.Contains(r.SQL, "WITH given")
}

func (b *batchLine) judge(c Cut, user string, old int64, err error, found map[string]int) {
	b.Helper()
	r, loadErr := b.direct.Load(b.Context(), user)
	if loadErr != nil {
		b.Fatal(loadErr)
	}
	stored := r.Version == 2
	answer := "open"
	switch {
	case err == nil:
		answer = "acknowledged"
	case errors.Is(err, factor.ErrConflict):
		answer = "lost"
	}
	found[fmt.Sprintf("%s, stored %v", answer, stored)]++
	if err == nil && !stored || answer == "lost" || !stored && r.Version != old {
		b.Errorf("%s: %s, %v, and version %d is stored", describeCut(c), answer, err, r.Version)
	}
}
