package linear

import (
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/memstore"
)

func inMemory(Pace) factor.Store { return memstore.New() }

// alone is a pacer that lets one client finish before the next begins.
type alone struct{ free }

func (*alone) run(clients int, work func(client int)) {
	for c := range clients {
		work(c)
	}
}

func TestOneClientAfterTheOtherGetsTheAnswersOfTheModel(t *testing.T) {
	for seed := range uint64(2000) {
		h := run(seed, Options{Store: inMemory, Odds: Odds{Wipe: 30, Notify: 30}}, &alone{})
		var s State
		for i, p := range h.Steps {
			next, ok := Apply(s, p)
			if !ok || h.Strange != nil {
				t.Fatalf("seed %d, step %d of %d: %s\n%+v\n%v", seed, i, len(h.Steps), p.Call, s, h.Strange)
			}
			s = next
		}
	}
}
