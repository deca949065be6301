package adversary

import (
	"hash/maphash"
	"iter"
	"slices"
	"strings"

	"github.com/knowhave/factor/internal/spec"
)

// A Search looks for the shortest way of an adversary to break a promise. It goes
// breadth first, through every sequence of moves of at most Depth.
type Search struct {
	Adversary *Adversary
	Promises  []Promise
	Depth     int
	// Most bounds the places, and so the memory: a search stops before the move
	// that would exceed it. 0 means a million.
	Most int
}

// counts yields the names of promises with Counts.
func counts(promises []Promise) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, p := range promises {
			if p.Counts && !yield(p.Name) {
				return
			}
		}
	}
}

// A Result is the outcome of a search.
type Result struct {
	// Broken is the broken promise, or nil.
	Broken *Promise
	// Steps are the shortest way to it.
	Steps []Step
	// Depth is the number of moves searched in full, and Places the number of
	// different places they lead to.
	Depth, Places int
	// Whole: more moves lead nowhere new.
	Whole bool
}

// A place tells how the search first reached a world: by an act, from a place, both
// by number.
type place struct{ from, act int32 }

// A mark stands for a world, which is too large to keep: two marks of 64 bits are
// as good.
type mark [2]uint64

var seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

func markOf(w *World) mark {
	return mark{maphash.Comparable(seeds[0], *w), maphash.Comparable(seeds[1], *w)}
}

// worlds holds many worlds in blocks, so that growing copies none.
type worlds struct {
	blocks [][]World
	n      int
}

const block = 1024

func (all *worlds) at(i int) *World { return &all.blocks[i/block][i%block] }

func (all *worlds) add(w *World) {
	if all.n == block*len(all.blocks) {
		all.blocks = append(all.blocks, make([]World, block))
	}
	*all.at(all.n) = *w
	all.n++
}

// Run searches. The same search has the same result each time.
func (s Search) Run() Result {
	adv, first := s.Adversary, s.Adversary.begin(s.Promises)
	if s.Most == 0 {
		s.Most = 1_000_000
	}
	if counting := slices.Collect(counts(s.Promises)); len(counting) > 1 {
		panic("adversary: these cannot be searched for together: " + strings.Join(counting, "; "))
	}
	seen := map[mark]bool{markOf(&first): true}
	places := []place{{from: -1}}
	layer, next, at := new(worlds), new(worlds), 0 // at is the number of the layer's first place
	layer.add(&first)
	var acts []Act
	var w World // the one that an act leads to
	step := Step{Adversary: adv, After: &w}
	for depth := range s.Depth {
		next.n = 0
		for i := range layer.n {
			step.Before = layer.at(i)
			acts = adv.acts(step.Before, acts[:0])
			for n := range acts {
				step.Act = &acts[n]
				if !step.take(s.Promises) {
					continue
				}
				if p := step.breaks(s.Promises); p != nil {
					way := append(wayTo(places, at+i), int32(n))
					return Result{Broken: p, Steps: adv.again(first, way, s.Promises), Depth: depth, Places: len(places)}
				}
				adv.forget(&w)
				if m := markOf(&w); !seen[m] {
					seen[m] = true
					places = append(places, place{int32(at + i), int32(n)})
					next.add(&w)
				}
			}
			if len(places) > s.Most {
				return Result{Depth: depth, Places: len(places)}
			}
		}
		at += layer.n
		layer, next = next, layer
		if layer.n == 0 {
			return Result{Depth: depth + 1, Places: len(places), Whole: true}
		}
	}
	return Result{Depth: s.Depth, Places: len(places)}
}

// take does the act in the world before, and lets the promises record it. It
// reports whether the act is possible.
func (s *Step) take(promises []Promise) (ok bool) {
	*s.After = *s.Before
	s.Out, ok = s.Adversary.act(s.After, s.Act)
	if !ok {
		return false
	}
	for i := range promises {
		if note := promises[i].Note; note != nil {
			note(&s.After.Past, s)
		}
	}
	return true
}

// breaks returns the first promise that the step breaks, or nil.
func (s *Step) breaks(promises []Promise) *Promise {
	for i := range promises {
		if promises[i].Broken(s) {
			return &promises[i]
		}
	}
	return nil
}

// wayTo returns the numbers of the acts that led to a place.
func wayTo(places []place, n int) []int32 {
	if places[n].from < 0 {
		return nil
	}
	return append(wayTo(places, int(places[n].from)), places[n].act)
}

// again repeats a way and returns its steps.
func (adv *Adversary) again(w World, way []int32, promises []Promise) (steps []Step) {
	for _, n := range way {
		before := w
		acts := adv.acts(&before, nil)
		step := Step{Adversary: adv, Act: &acts[n], Before: &before, After: new(World)}
		step.take(promises)
		steps = append(steps, step)
		w = *step.After
		adv.forget(&w)
	}
	return steps
}

// forget drops what nobody can observe from now on, so that more worlds are equal:
// when a device was last used, how old a thing is where neither an age nor a window
// matters, and locks that are over on every clock.
func (adv *Adversary) forget(w *World) {
	s := &w.State
	s.Emptied = 0
	ageless := adv.Rules.Options.Reset.MinAge == 0
	window := (adv.Knows[User] | adv.Knows[Thief]).Has(Session)
	if ageless {
		s.PIN.SetAt = 0
	}
	for i := range s.Devices {
		s.Devices[i].Used = 0
		if ageless && !window {
			s.Devices[i].EnrolledAt = 0
		}
	}
	slowest := after(w.Now, -adv.Apart)
	for k := range s.Budgets {
		if s.Budgets[k].Until <= slowest {
			s.Budgets[k].Until = 0
		}
	}
	for _, key := range []*spec.Secret{&s.Authenticator, &s.Waiting.Secret} {
		if key.Key == 0 {
			*key = spec.Secret{}
		}
	}
}
