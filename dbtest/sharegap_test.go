package dbtest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

// Somebody who has locked a gap of the index on due, which no statement can pass over,
// delays only those whose Due falls into it.
func TestAGapThatIsHeldDelaysOnlyItsCaller(t *testing.T) {
	p := onServer("MariaDB").Place(t)
	store := p.migrated(t, p.open(t, p.with("innodb_lock_wait_timeout=1000")))
	users := namedUsers(64)
	for _, user := range users {
		swap(t, store, user, 0, record(1))
	}
	tx := held(t, p.Open(t), "SELECT user_id FROM "+p.Table+" WHERE due BETWEEN 2000 AND 3000 FOR UPDATE")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	const late = 13
	answers := make([]chan error, len(users))
	for i, user := range users {
		answers[i] = make(chan error, 1)
		next := factor.Record{Version: 2, Data: fmt.Append(nil, user)}
		if i == late {
			next.Due = time.UnixMilli(2500)
		}
		go func() { answers[i] <- store.CompareAndSwap(ctx, user, 1, next) }()
	}
	for i, user := range users {
		if i != late {
			if err := <-answers[i]; err != nil { // while the gap is held
				t.Errorf("the swap of %s = %v", user, err)
			}
		}
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-answers[late]; err != nil {
		t.Errorf("the swap into the gap = %v", err)
	}
}
