package bench

import (
	"context"
	"fmt"
	"runtime"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

func TestTarget5Waiting(t *testing.T) {
	dsn := sqlite.dsn(t)
	db := sqlite.open(t, dsn)
	t.Cleanup(func() { db.Close() })
	records := sqlite.records(t, db)
	waiting := scale(10_000, 200)
	elsewhere, here := scale(300, 4), scale(100, 4)
	users := records.fill(t, newTemplate(t, false, 1), waiting)
	other := startSetter(t, dsn, records.table)

	c := newWaitCrowd(t, records, users)
	c.start()
	c.memory()
	c.calls()
	c.setElsewhere(other, 0, elsewhere)
	c.setHere(elsewhere, elsewhere+here)
	c.leave()
}

// waitCrowd is a goroutine in PINs.Wait for each user.
type waitCrowd struct {
	t        *testing.T
	ctx      context.Context
	cancel   context.CancelFunc
	store    *counted
	v        *factor.Verifier
	pins     *factor.PINs
	interval time.Duration

	users    []string
	indexes  map[string]int
	stored   []atomic.Int64  // when the PIN was stored in this process, in ns
	returned []time.Time     // when Wait returned true
	seen     []chan struct{} // closed then
	all      sync.WaitGroup

	bytes      uint64 // in use before anybody waited
	goroutines int
}

func newWaitCrowd(t *testing.T, r *records, users []string) *waitCrowd {
	c := &waitCrowd{
		t: t, users: users, indexes: make(map[string]int), interval: time.Duration(scale(500, 100)) * time.Millisecond,
		stored: make([]atomic.Int64, len(users)), returned: make([]time.Time, len(users)), seen: make([]chan struct{}, len(users)),
	}
	c.ctx, c.cancel = context.WithCancel(t.Context())
	t.Cleanup(c.cancel)
	for i, user := range users {
		c.indexes[user], c.seen[i] = i, make(chan struct{})
	}
	counted, store := count(r.store(t))
	c.store = counted
	c.v = newVerifier(t, store, &factor.Options{
		PIN: factor.PINOptions{Poll: c.interval},
		Observe: func(_ context.Context, e factor.Event) {
			if e.Action == factor.ActionPINSet {
				c.stored[c.indexes[e.User]].Store(time.Now().UnixNano())
			}
		},
	})
	c.pins = factor.NewPINs(c.v)
	return c
}

// start returns once everybody waits and only versions are asked for.
func (c *waitCrowd) start() {
	c.bytes, c.goroutines = inUse(), runtime.NumGoroutine()
	for i := range c.users {
		c.all.Go(func() { c.wait(i) })
	}
	c.until(func() bool { return c.store.loads.Load() >= int64(len(c.users)) })
	for loads := int64(-1); loads != c.store.loads.Load(); {
		loads = c.store.loads.Load()
		c.looks(2)
	}
}

// looks returns when everybody has been looked at so many times.
func (c *waitCrowd) looks(times int) {
	enough := c.store.asked.Load() + int64(times*len(c.users))
	c.until(func() bool { return c.store.asked.Load() >= enough })
}

func (c *waitCrowd) wait(i int) {
	const longest = time.Minute
	for {
		set, err := c.pins.Wait(c.ctx, c.users[i], longest)
		if set {
			c.returned[i] = time.Now()
			close(c.seen[i])
			return
		}
		if c.ctx.Err() != nil {
			return
		}
		must(err)
	}
}

// until waits until something has come about.
func (c *waitCrowd) until(done func() bool) {
	for !done() {
		time.Sleep(time.Millisecond)
	}
}

// inUse is the memory of objects and stacks after a collection.
func inUse() (bytes uint64) {
	runtime.GC()
	runtime.GC() // which frees what the first has shrunk or let go of
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64() + samples[1].Value.Uint64()
}

func (c *waitCrowd) memory() {
	each := (float64(inUse()) - float64(c.bytes)) / float64(len(c.users)) / 1024
	measured.add(5, fmt.Sprintf("memory of each of %d goroutines in `Wait`, after a collection, their stacks included", len(c.users)), "< 8 KiB", fmt.Sprintf("%.1f KiB", each))
}

// calls counts what the store is asked while nothing happens.
func (c *waitCrowd) calls() {
	calls, asked, began := c.store.calls.Load(), c.store.asked.Load(), time.Now()
	c.looks(6)
	took := time.Since(began)
	asked, calls = c.store.asked.Load()-asked, c.store.calls.Load()-calls
	measured.add(5, "calls of the store for each 1,000 who wait, each time they are looked at", "≤ 1", fmt.Sprintf("%.2f", float64(calls)*1000/float64(asked)))
	measured.add(5, "time from one look to the next, on average, in intervals", "", fmt.Sprintf("%.2f", took.Seconds()*float64(len(c.users))/float64(asked)/c.interval.Seconds()))
}

// setElsewhere has the other process set the PINs of some users.
func (c *waitCrowd) setElsewhere(other *setter, from, to int) {
	var late []time.Duration
	at := make([]time.Time, to-from)
	for i := range at {
		at[i] = other.set(c.users[from+i])
	}
	for i := range at {
		<-c.seen[from+i]
		late = append(late, c.returned[from+i].Sub(at[i]))
	}
	measured.add(5, "99th percentile of the time until a PIN that another process has set is seen, in intervals", "≤ 1",
		fmt.Sprintf("%.2f (median %.2f)", percentile(late, 0.99).Seconds()/c.interval.Seconds(), percentile(late, 0.5).Seconds()/c.interval.Seconds()))
}

// setHere sets the PINs of some users in this process.
func (c *waitCrowd) setHere(from, to int) {
	var late []time.Duration
	for i := from; i < to; i++ {
		must(factor.NewAdmin(c.v).SetPIN(c.ctx, c.users[i], templatePIN))
		<-c.seen[i]
		late = append(late, c.returned[i].Sub(time.Unix(0, c.stored[i].Load())))
	}
	measured.add(5, "median of the time until a PIN that the same process has set wakes who waits", "≤ 1 ms", fmt.Sprintf("%.3f ms", percentile(late, 0.5).Seconds()*1000))
	measured.add(5, "99th percentile of the same", "", fmt.Sprintf("%.3f ms", percentile(late, 0.99).Seconds()*1000))
}

// leave sends everybody away.
func (c *waitCrowd) leave() {
	c.cancel()
	c.all.Wait()
	left := func() int { return max(0, runtime.NumGoroutine()-c.goroutines) }
	deadline := time.Now().Add(10 * time.Second)
	c.until(func() bool { return left() == 0 || time.Now().After(deadline) })
	measured.add(5, "goroutines left when the last one has gone", "0", fmt.Sprint(left()))
}
