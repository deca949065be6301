package threats

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/knowhave/factor"
)

// Threat16HashFlood guesses the PINs of many users at once: no more than Parallel
// hashes run, and memory stays within theirs and 64 MiB. No password is cut
// before the host sees it.
func Threat16HashFlood(t *testing.T, env Env) {
	guesses := 40 // All of them at once would take 760 MiB.
	if env.Cheap {
		guesses = 1000
	}
	floodWithGuesses(t, env, guesses)
	t.Run("long passwords", func(t *testing.T) { tellLongPasswordsApart(t, env) })
}

// floodWithGuesses makes so many guesses at once, each at another user's PIN.
func floodWithGuesses(t *testing.T, env Env, guesses int) {
	t.Helper()
	const parallel = 2
	const bound = parallel*19<<20 + 64<<20
	w := newWorld(t, env, func(o *factor.Options) { o.PIN.Hash.Parallel = parallel })
	people := make([]*person, guesses)
	for i := range people {
		people[i] = w.stranger()
	}
	// Memory that is free and not yet collected is the collector's to bound.
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(bound / 2))
	stop, peak := make(chan struct{}), make(chan load)
	go func() { peak <- watchLoad(stop) }()
	answers := atOnce(guesses, func(i int) error { return w.V.VerifyPIN(ctx, people[i].id, people[i].pin) })
	close(stop)
	most := <-peak
	if most.heap > bound {
		t.Fatalf("the heap grew to %d MiB, want at most %d", most.heap>>20, bound>>20)
	}
	if most.hashes > parallel {
		t.Fatalf("%d hashes ran at once, want at most %d", most.hashes, parallel)
	}
	if n := count(answers, factor.ErrMismatch); n != guesses {
		t.Fatalf("%d of %d judged", n, guesses)
	}
}

// A load is what hashing takes: bytes of heap objects, and goroutines that
// compute Argon2.
type load struct {
	heap   uint64
	hashes int
}

// watchLoad returns the most that was taken until stop is closed.
func watchLoad(stop <-chan struct{}) load {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	stacks := make([]byte, 4<<20)
	var most load
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		metrics.Read(sample)
		most.heap = max(most.heap, sample[0].Value.Uint64())
		running := stacks[:runtime.Stack(stacks, true)]
		most.hashes = max(most.hashes, bytes.Count(running, []byte("x/crypto/argon2.IDKey(")))
		select {
		case <-stop:
			return most
		case <-tick.C:
		}
	}
}

// tellLongPasswordsApart uses a password that differs from another one in its
// last byte only.
func tellLongPasswordsApart(t *testing.T, env Env) {
	w := newWorld(t, env, nil)
	for _, n := range []int{72, 73, 1024} {
		p := w.stranger()
		p.password = strings.Repeat("p", n-1) + "1"
		w.host.register(p.id, p.password, w.clock.Now())
		must(t, w.V.VerifyPassword(ctx, p.id, p.password))
		mustBe(t, w.V.VerifyPassword(ctx, p.id, p.password[:n-1]+"2"), factor.ErrMismatch)
		mustBe(t, w.V.VerifyPassword(ctx, p.id, p.password[:n-1]), factor.ErrMismatch)
	}
}

// Threat17ClientAddress looks for an address in the API, and guesses from many
// places: the limit is the user's alone.
func Threat17ClientAddress(t *testing.T, env Env) {
	w := newWorld(t, env, nil)
	for name, m := range w.methods(t) {
		for i := range m.Type.NumIn() {
			checkNoAddress(t, name, m.Type.In(i), map[reflect.Type]bool{})
		}
		for i := range m.Type.NumOut() {
			checkNoAddress(t, name, m.Type.Out(i), map[reflect.Type]bool{})
		}
	}
	checkNoAddress(t, "Options", reflect.TypeFor[factor.Options](), map[reflect.Type]bool{})
	checkNoAddress(t, "Event", reflect.TypeFor[factor.Event](), map[reflect.Type]bool{})

	p := w.stranger()
	type key string
	judged := 0
	for i := range 20 {
		from := context.WithValue(ctx, key("remote_addr"), i)
		if err := w.V.VerifyPassword(from, p.id, p.wrong(factor.KindPassword).Password); errors.Is(err, factor.ErrMismatch) {
			judged++
		}
	}
	if judged != 5 {
		t.Fatalf("%d guesses judged from 20 places, want 5", judged)
	}
}

// checkNoAddress fails if a type, or what its exported fields and functions are
// made of, comes from package net or is named like an address.
func checkNoAddress(t *testing.T, where string, typ reflect.Type, seen map[reflect.Type]bool) {
	t.Helper()
	if seen[typ] {
		return
	}
	seen[typ] = true
	if pkg := typ.PkgPath(); pkg == "net" || strings.HasPrefix(pkg, "net/") {
		t.Errorf("%s reaches %s", where, typ)
	}
	if IsAddress(typ.Name()) {
		t.Errorf("%s reaches %s", where, typ)
	}
	switch typ.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Chan, reflect.Map:
		checkNoAddress(t, where, typ.Elem(), seen)
	case reflect.Func:
		for i := range typ.NumIn() {
			checkNoAddress(t, where, typ.In(i), seen)
		}
		for i := range typ.NumOut() {
			checkNoAddress(t, where, typ.Out(i), seen)
		}
	case reflect.Struct:
		for f := range typ.Fields() {
			if !f.IsExported() {
				continue
			}
			if IsAddress(f.Name) {
				t.Errorf("%s reaches %s.%s", where, typ, f.Name)
			}
			checkNoAddress(t, where, f.Type, seen)
		}
	}
}

// IsAddress reports whether a word of a Go name says where a client is.
func IsAddress(name string) bool {
	var words []string
	start := 0
	runes := []rune(name)
	for i := 1; i <= len(runes); i++ {
		if i == len(runes) || unicode.IsUpper(runes[i]) && !unicode.IsUpper(runes[i-1]) {
			words = append(words, strings.ToLower(string(runes[start:i])))
			start = i
		}
	}
	return slices.ContainsFunc(words, func(w string) bool {
		return slices.Contains([]string{"ip", "ips", "addr", "address", "remote", "client", "agent", "forwarded", "host"}, w)
	})
}
