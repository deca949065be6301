package dbtest

import (
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"github.com/knowhave/factor/sqlstore"
)

// With as many idle connections as may be open, bursts leave no more file
// descriptors than these connections have: for the database, its log and their
// shared memory.
func TestBurstsLeaveNoDescriptorsWithAPoolThatKeepsItsConnections(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("counts /proc/self/fd, which is Linux's")
	}
	const kept = 4
	p := sqliteEngine.Place(t)
	db := p.Open(t)
	db.SetMaxOpenConns(kept)
	db.SetMaxIdleConns(kept)
	store := p.migrated(t, db)
	before := descriptors(t)
	for burst := range 3 {
		burstOf(t, store, 128, strconv.Itoa(burst))
	}
	if more := descriptors(t) - before; more > 3*kept {
		t.Errorf("bursts left %d descriptors behind, want at most %d", more, 3*kept)
	}
}

// burstOf makes n users swap at once.
func burstOf(t *testing.T, store *sqlstore.Store, users int, prefix string) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range users {
		wg.Go(func() {
			user := prefix + " " + strconv.Itoa(i)
			if _, err := store.Load(t.Context(), user); err != nil {
				t.Error(err)
			}
			if err := store.CompareAndSwap(t.Context(), user, 0, record(1)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func descriptors(t *testing.T) int {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(open)
}
