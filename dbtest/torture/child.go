package torture

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

// childEnv tells a process to be the child, and its order.
const childEnv = "FACTOR_TORTURE_CHILD"

// order is what the parent tells the child.
type order struct {
	Engine string
	Source string
	Dir    string // of the journals and the wallet
	Life   int
	Seed   uint64
	// Crashes tells that the store's server is killed while the child works.
	Crashes bool
}

func walletFile(dir string) string { return filepath.Join(dir, "wallet") }

// Main runs the tests of a package or, in a process that Run has started, works on
// one of the engines until it is killed. It is for TestMain, and does not return.
func Main(m *testing.M, engines ...Engine) {
	text, ok := os.LookupEnv(childEnv)
	if !ok {
		os.Exit(m.Run())
	}
	fmt.Fprintln(os.Stderr, work(text, engines))
	os.Exit(1)
}

// work returns only if something is wrong.
func work(text string, engines []Engine) error {
	go dieWithParent()
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	for _, e := range engines {
		if e.Name == o.Engine {
			return o.obey(e)
		}
	}
	return fmt.Errorf("no engine %q was given to Main", o.Engine)
}

// dieWithParent ends the process when its standard input closes, as the kernel does
// when the parent is gone.
func dieWithParent() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(1)
}

func (o order) obey(e Engine) error {
	store, _, err := e.Open(o.Source) // closed by death
	if err != nil {
		return err
	}
	if e.Impair != nil {
		store = e.Impair(store)
	}
	if o.Crashes {
		store = outageStore{store, &attempts{of: make(map[string]int)}}
	}
	j, err := newJournal(o.Dir, o.Life)
	if err != nil {
		return err
	}
	host := functions{wipe: j.host, notify: j.notify}
	if silent(o.Life) {
		host.notify = nil
	}
	a, err := newAPI(store, host)
	if err != nil {
		return err
	}
	wallet, err := loadWallet(walletFile(o.Dir))
	if err != nil {
		return err
	}
	failed := make(chan error)
	alive := sync.OnceFunc(func() { fmt.Println("alive") })
	for n := range workers {
		go func() {
			w := &worker{order: o, number: n, store: store, api: a, journal: j, wallet: wallet, alive: alive}
			failed <- w.run()
		}()
	}
	return <-failed
}

// deletion is how long the host takes to delete a user's data: so long that some
// children die in the middle.
const deletion = 3 * time.Millisecond

// host is the host's Wipe.
func (j *journal) host(ctx context.Context, w factor.Wipe) error {
	if err := j.wipe(w, false); err != nil {
		return err
	}
	<-time.After(deletion)
	if ctx.Value(failingWipe{}) != nil {
		return errWipeFails
	}
	return j.wipe(w, true)
}

// worker makes one call after the other, in a goroutine of its own.
type worker struct {
	order
	number  int
	store   factor.Store
	api     *api
	journal *journal
	wallet  *wallet
	alive   func()
}

func (w *worker) run() error {
	for n := 0; ; n++ {
		it := drawCall(w.Seed, w.Life, w.number, n, w.wallet)
		number := n*workers + w.number
		if err := w.journal.intend(number, it); err != nil {
			return err
		}
		said := w.do(it)
		if err := w.journal.answered(number, said); err != nil {
			return err
		}
		w.wallet.learn(callName(w.Life, number), it, said)
		w.alive()
		if s, ok := w.store.(outageStore); ok && said.down {
			s.await()
		}
	}
}

// do makes a call. One that failed while nobody tried to write for its user has
// done nothing, for certain.
func (w *worker) do(it intent) answer {
	s, ok := w.store.(outageStore)
	if !ok {
		return w.api.do(context.Background(), it)
	}
	before := s.attempts.count(it.User)
	said := w.api.do(context.Background(), it)
	if said.down && said.Class == classConflict && s.attempts.count(it.User) == before {
		said.Class = classDown
	}
	return said
}
