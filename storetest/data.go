package storetest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"github.com/knowhave/factor"
)

// sizes of Data: around those of paddings, pages and small buffers.
var sizes = []int{1, 2, 15, 16, 17, 63, 64, 65, 127, 128, 255, 256, 257, 1000, 1024, 4095, 4096, 4097, 16 << 10}

// sealed returns size bytes that look as random as a ciphertext, the same ones
// for the same seed.
func sealed(size int, seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, uint64(size)))
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(random.Uint32())
	}
	return data
}

func dataComesBackAsStored(s *subject) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	samples := [][]byte{
		every, {0}, {0, 0, 0}, {0xff}, []byte("x\x00"), []byte("x\x00y"), []byte("x "), []byte(" x"), []byte("x\n"), []byte("\r\n"),
		[]byte(`'"\%_`), []byte(`\x41`), []byte("0x41"), []byte("null"), []byte("{}"), []byte("\xef\xbb\xbfx"), []byte("\xc3\x28"), []byte("e\u0301"),
	}
	for _, size := range sizes {
		samples = append(samples, sealed(size, 1))
	}
	const rule = "Data is bytes, and comes back as it was stored"
	var stored factor.Record
	for i, data := range samples {
		next := factor.Record{Data: data, Version: s.version()}
		user := fmt.Sprintf("user%d", i)
		s.swap(user, 0, next)
		s.holds(user, next, rule)
		s.swap("alice", stored.Version, next)
		s.holds("alice", next, rule)
		stored = next
	}
	same := factor.Record{Data: bytes.Clone(stored.Data), Version: s.version()}
	s.swap("alice", stored.Version, same)
	s.holds("alice", same, "a new version is stored even where Data is the same")
}

func dataIsNeverWrittenTo(s *subject) {
	for _, size := range sizes {
		user := fmt.Sprintf("user%d", size)
		given := sealed(size+64, 2)
		want := bytes.Clone(given)
		// The spare capacity behind Data is not the store's either.
		next := factor.Record{Data: given[:size], Version: s.version()}
		s.swap(user, 0, next)
		s.conflict(user, 0, next)
		loaded := s.load(user).Data
		second := s.record()
		s.swap(user, next.Version, second)
		s.swap(user, second.Version, factor.Record{})
		if !bytes.Equal(given, want) {
			s.t.Fatalf("the Data given to CompareAndSwap was changed (%d bytes): Data is immutable once handed over", size)
		}
		if !bytes.Equal(loaded, want[:size]) {
			s.t.Fatalf("the Data that Load returned changed when the record was replaced and removed (%d bytes): Data is immutable once handed over", size)
		}
	}
}

func buffersDoNotShowThrough(s *subject) {
	type user struct {
		name   string
		record factor.Record
	}
	var users []user
	for _, size := range sizes {
		for i := range 3 {
			r := factor.Record{Data: sealed(size, uint64(100+i)), Version: s.version()}
			users = append(users, user{fmt.Sprintf("user%d-%d", size, i), r})
		}
	}
	for _, u := range users {
		s.swap(u.name, 0, u.record)
	}
	var kept [][]byte
	loadAll := func() {
		for _, u := range users {
			kept = append(kept, s.load(u.name).Data)
		}
	}
	const rule = "Data stays as it was loaded, whatever the store does next with its buffers"
	compare := func(after string) {
		s.t.Helper()
		for i, data := range kept {
			if u := users[i%len(users)]; !bytes.Equal(data, u.record.Data) {
				s.t.Fatalf("Data of %d bytes changed after %s: %s", len(u.record.Data), after, rule)
			}
		}
	}
	loadAll()
	loadAll()
	compare("further loads")
	if err := loadInParallel(s, len(users), func(i int) (string, []byte) { return users[i].name, users[i].record.Data }); err != nil {
		s.t.Fatalf("%v: %s", err, rule)
	}
	compare("parallel loads")
	s.list("", time.Time{}, 1000)
	for _, u := range users {
		s.swap(u.name, u.record.Version, factor.Record{Data: bytes.Repeat([]byte{0xaa}, len(u.record.Data)), Version: s.version()})
		s.load(u.name)
	}
	runtime.GC()
	compare("the records were replaced")
}

// loadInParallel loads n users from several goroutines at once, each of which
// compares what it has kept when all are done.
func loadInParallel(s *subject, n int, user func(i int) (string, []byte)) error {
	const goroutines = 8
	failures := make(chan error, goroutines)
	var done sync.WaitGroup
	done.Add(goroutines)
	for g := range goroutines {
		go func() {
			kept, err := loadFrom(s, n, g, user)
			done.Done()
			done.Wait()
			for i := 0; i < n && err == nil; i++ {
				if _, want := user(i); !bytes.Equal(kept[i], want) {
					err = fmt.Errorf("parallel loads returned other Data than was stored (%d bytes)", len(want))
				}
			}
			failures <- err
		}()
	}
	var first error
	for range goroutines {
		if err := <-failures; first == nil {
			first = err
		}
	}
	return first
}

// loadFrom loads n users in turn, beginning with the given one.
func loadFrom(s *subject, n, start int, user func(i int) (string, []byte)) ([][]byte, error) {
	kept := make([][]byte, n)
	for i := range n {
		at := (start + i) % n
		name, _ := user(at)
		r, err := s.store.Load(s.ctx, name)
		if err != nil {
			return nil, fmt.Errorf("a Load among others: %w", err)
		}
		kept[at] = r.Data
	}
	return kept, nil
}
