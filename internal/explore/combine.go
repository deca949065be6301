package explore

import "iter"

// combinations yields all sets of so many operations, an operation being allowed
// several times. Which is first makes no difference: all orders are run. Left
// out are those in which several read and nobody writes, and those in which two
// wait, as neither notices the other.
func combinations(all []*operation, size int) iter.Seq[[]*operation] {
	return func(yield func([]*operation) bool) {
		var extend func(chosen []*operation, from int) bool
		extend = func(chosen []*operation, from int) bool {
			if len(chosen) == size {
				return !worth(chosen) || yield(append([]*operation(nil), chosen...))
			}
			for i := from; i < len(all); i++ {
				if !extend(append(chosen, all[i]), i) {
					return false
				}
			}
			return true
		}
		extend(nil, 0)
	}
}

func worth(ops []*operation) bool {
	waiting, reading := 0, 0
	for _, o := range ops {
		if o.waits {
			waiting++
		}
		if o.reads {
			reading++
		}
	}
	return waiting < 2 && (reading < len(ops) || len(ops) == 1)
}
