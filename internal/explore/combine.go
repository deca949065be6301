package explore

import "iter"

// combinations yields all multisets of size operations. Their order makes no
// difference, since all orders run. It leaves out those in which several read and
// nobody writes, and those in which two wait, since neither notices the other.
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
