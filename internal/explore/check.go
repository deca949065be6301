package explore

import (
	"fmt"
	"slices"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
)

// CheckCatalogue returns the differences between the catalogue and the
// specification's list of operations.
func CheckCatalogue() []string {
	var wrong []string
	say := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	explored := map[string]bool{}
	for _, o := range operations() {
		explored[o.method] = true
		op, ok := spec.OpNamed(o.method)
		say(ok, "%q is of %s, which the specification does not know", o.name, o.method)
		row := op.Row()
		say(!ok || o.reads == row.Reads, "%q reads: %t, says the catalogue, and the specification %t", o.name, o.reads, row.Reads)
		say(!ok || !o.binds || row.Binds, "%q binds, says the catalogue alone", o.name)
		say(!ok || o.guards == (row.Proof == spec.ResetProof), "%q is a proof of a reset: %t, says the catalogue", o.name, o.guards)
		may := translate.Kinds(row.Judges(spec.CodeKinds))
		say(!ok || allOf(o.judges, may) && (row.Budgeted || len(o.judges) == 0), "%q may charge %q, says the catalogue, and the specification %q", o.name, o.judges, may)
	}
	for _, op := range spec.Operations {
		say(explored[op.Name], "no operation of %s is explored", op.Name)
	}
	return wrong
}

func allOf(some, all []factor.Kind) bool {
	return !slices.ContainsFunc(some, func(k factor.Kind) bool { return !slices.Contains(all, k) })
}
